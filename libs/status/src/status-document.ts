/**
 * What `dstream status` knows at one moment, and prints with `--json`. Stable: fields are added, none changes its
 * meaning. `null` is what could not be known; nothing is guessed.
 */
export interface StatusDocument {
  readonly version: 1;
  /** When it was gathered, ISO 8601, UTC. */
  readonly at: string;
  /** Sorted by name. */
  readonly tables: readonly TableStatusRow[];
  /** Sorted by name: every announced ingester, and whoever answers at an address that was given. */
  readonly replicas: readonly ReplicaRow[];
  /** By replica, in the order of its configuration. */
  readonly outputs: readonly OutputRow[];
  /** By replica, in the order of its configuration. */
  readonly transforms: readonly TransformRow[];
  /** What concerns no table, replica or output alone; a sentence each. */
  readonly notes: readonly string[];
}

/**
 * How a table does:
 * - `running`: its owner reports it.
 * - `fault`: it is stopped, `fault` has the reason; the others continue.
 * - `free`: nobody owns it.
 * - `unseen`: it is configured, and nobody has ever owned it.
 * - `unknown`: somebody owns it who could not be asked, or who does not know it; `note` has the reason.
 */
export type TableState = 'running' | 'fault' | 'free' | 'unseen' | 'unknown';

/** One table, as its lease and its owner report it. */
export interface TableStatusRow {
  /** `schema.table`, or the pattern of the configuration that has no table yet. */
  readonly table: string;
  /** Identity: of SQL Server source, database, schema and table. Null for what is only configured. */
  readonly key: string | null;
  readonly state: TableState;
  readonly owner: string | null;
  /** Counts the acquisitions of the table, by anybody. */
  readonly epoch: number | null;
  /** Up to where the topic has its changes: as the owner reports, else as saved. */
  readonly position: string | null;
  /** Milliseconds from the commit to the acceptance of the last change sent; 0 once all was sent. */
  readonly lagMs: number | null;
  /** Over the last ten seconds. */
  readonly changesPerSecond: number | null;
  /** Sent since the owner owns it. */
  readonly changes: number | null;
  readonly fault: { readonly code: string; readonly message: string } | null;
  /** As it is stored. Null: none is, or no storage was asked. */
  readonly checkpoint: CheckpointRow | null;
  readonly note: string | null;
}

/** The stored checkpoint of a table. */
export interface CheckpointRow {
  readonly position: string;
  readonly generation: number;
  /** ISO 8601, by the clock of the owner then. */
  readonly savedAt: string | null;
}

/** One process: announced in the leases, or asked at a given address. */
export interface ReplicaRow {
  /** Null when nothing answers at an address that was given. */
  readonly instance: string | null;
  /** What runs in it: `ingester`, `processor`; empty when it could not be asked. */
  readonly services: readonly string[];
  /** Null when it did not register an address. */
  readonly address: string | null;
  readonly reachable: boolean;
  /** Tables it owns, as it reports. */
  readonly tables: number | null;
  /** Sessions it holds, as it reports. */
  readonly sessions: number | null;
  readonly note: string | null;
}

/** One output of one processor. */
export interface OutputRow {
  readonly replica: string;
  readonly name: string;
  readonly type: string | null;
  readonly required: boolean | null;
  /** `connecting`, `working`, `failing` or `closed`. */
  readonly state: string | null;
  readonly failing: { readonly since: string | null; readonly code: string; readonly reason: string } | null;
  /** `state` is `closed`, `open` or `half_open`; `since` is null while it is closed. Null from a version without breakers. */
  readonly breaker: { readonly state: string; readonly since: string | null } | null;
  readonly delivered: number | null;
  readonly waiting: number | null;
  readonly dropped: number | null;
  readonly refused: number | null;
  readonly failedAttempts: number | null;
  readonly latencySeconds: number | null;
}

/** One transform of one processor. Counts are of changes, since the start of the process. */
export interface TransformRow {
  readonly replica: string;
  readonly name: string;
  readonly type: string | null;
  readonly unchanged: number | null;
  readonly changed: number | null;
  /** On purpose. */
  readonly dropped: number | null;
  readonly failed: number | null;
  /** The newest failure. */
  readonly lastError: { readonly at: string | null; readonly code: string; readonly reason: string } | null;
}
