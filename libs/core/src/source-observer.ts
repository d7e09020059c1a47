/** What a source reports about itself: measurements while it reads, and what `plan` and `status` show of it. */
import type { PartitionId } from './table-id.ts';

/** One query whether anything has moved, for all partitions that were due. */
export interface ProbeMade {
  readonly tookMs: number;
  readonly failed: boolean;
  /** See `PartitionTimes`. Undefined when the probe failed, or when it is not known yet. */
  readonly captureLagMs: number | undefined;
}

/** One page of rows, also one that was given up midway. */
export interface PageRead {
  /** How long its reader waited for the page, without the time its batches waited to be taken. */
  readonly tookMs: number;
  /** Rows as the source has them: of SQL Server those of the change table, where an update is two. */
  readonly rows: number;
  /** About what the rows take in memory. */
  readonly bytes: number;
}

/**
 * The times of a partition as of its last probe. Times are milliseconds since 1970 by the source's own clock;
 * undefined is what is not known (yet).
 */
export interface PartitionTimes {
  /**
   * The source's now minus the commit time of the newest transaction that can be read. Without commits it grows until the
   * source reports again that it has come further.
   */
  readonly captureLagMs: number | undefined;
  /** Commit time of the oldest transaction that is still kept. */
  readonly historyFromMs: number | undefined;
  /** Commit time of the last transaction that was read: of the newest one when nothing is left to read. */
  readonly positionAtMs: number | undefined;
  /** The last probe found nothing left to read. */
  readonly caughtUp: boolean;
}

/**
 * What a source reports about its reading, for metrics. Given by constructor; called for each probe, page or wait, never
 * for each row. An observer is quick and does not throw. No call is required: what is never reported has no series. A
 * source that waits for changes reports each wait, each page, and that a partition has caught up: its lag is 0 then.
 */
export interface SourceObserver {
  probed(probe: ProbeMade): void;
  progressed(partition: PartitionId, times: PartitionTimes): void;
  read(partition: PartitionId, page: PageRead): void;
  /** The partition is read again after `ms` milliseconds. */
  waits(partition: PartitionId, ms: number): void;
}

/** Ignores everything: for tests, and where nothing is measured. */
export const noSourceObserver: SourceObserver = {
  probed: () => undefined,
  progressed: () => undefined,
  read: () => undefined,
  waits: () => undefined,
};

/**
 * The source of a configuration, for people: `dstream plan` and `dstream status`. Made without connecting, in the spelling
 * of the file, or from the source's catalogue.
 */
export interface SourceOutline {
  /** The source's name in the identity of its tables. */
  readonly name: string;
  readonly database: string;
  /** As `ChangeSource.scope` before `partitions` was answered: leases and checkpoints are found by it. */
  readonly scope: string;
  /** Where the source is: a host, an address, a directory. Holds no secret. */
  readonly server: string;
  /** How it is read, where there are several ways: of SQL Server `functions` or `direct`. */
  readonly mode?: string;
  readonly tables: readonly OutlinedTable[];
}

/** One configured table, or all tables of a schema. */
export interface OutlinedTable {
  readonly schema: string;
  /** Undefined: all tables of the schema, which only the source can list. */
  readonly table: string | undefined;
  /** Capture instances of SQL Server, the oldest first. Undefined when the source was not asked, or when the table has a fault instead. */
  readonly captureInstances?: readonly string[];
  /** Why the table would not be read. */
  readonly fault?: { readonly code: string; readonly message: string };
}
