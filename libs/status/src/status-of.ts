/**
 * Puts together what the storage and the replicas report about the same tables at nearly the same time. Pure. The newest
 * epoch wins: a replica that still believes it owns a table is not asked about it.
 */
import {
  leaseHeldElsewhere,
  partitionName,
  tableName,
  tableOfPartition,
  type InstanceId,
  type LeaseOverview,
  type PartitionId,
  type StoredPartition,
} from '@dstream/core';
import type { Answer } from './ask-replica.ts';
import { ownsItself, type IngesterPart, type ReportedTable } from './replica-report.ts';
import { expectedAnswer, replicaRows, whyUnknown } from './replica-rows.ts';
import type { StatusDocument, TableStatusRow } from './status-document.ts';

/** A table of the configuration, in its spelling; without `table`: all captured tables of the schema. */
export interface ConfiguredTable {
  readonly schema: string;
  readonly table: string | undefined;
}

/** What was found out at one moment. */
export interface StatusInputs {
  /** Wall clock, milliseconds since 1970. */
  readonly atMs: number;
  readonly configured?: readonly ConfiguredTable[];
  /** Undefined: no storage was asked. */
  readonly overview?: LeaseOverview | undefined;
  readonly answers: readonly Answer[];
  readonly notes?: readonly string[];
}

/** The document of that moment. The lease decides who owns a table; only that owner, at that epoch, is believed about lag, rate and fault. */
export function statusOf(given: StatusInputs): StatusDocument {
  const answers = given.answers.map((answer) => expectedAnswer(answer, given.overview));
  const inputs = { ...given, answers };
  const seen = seenTables(inputs);
  const tables = [...seen, ...unseenTables(inputs.configured ?? [], seen)];
  return {
    version: 1,
    at: new Date(inputs.atMs).toISOString(),
    tables: tables.sort((a, b) => compare(a.table, b.table) || compare(a.key ?? '', b.key ?? '')),
    replicas: replicaRows(inputs),
    outputs: answers.flatMap(({ report }) => report?.processor?.outputs ?? []),
    transforms: answers.flatMap(({ report }) => report?.processor?.transforms ?? []),
    notes: [...(inputs.notes ?? []), ...nobodyNote(inputs), ...takenNames(inputs)],
  };
}

function nobodyNote({ overview }: StatusInputs): readonly string[] {
  return overview?.instances.length === 0 ? ['no ingester is running: none is announced'] : [];
}

function takenNames({ overview }: StatusInputs): readonly string[] {
  const byName = Map.groupBy(overview?.instances ?? [], ({ instance }) => instance);
  return [...byName]
    .filter(([, replicas]) => replicas.length > 1)
    .map(
      ([name, { length }]) =>
        `${length} replicas are announced as ${name}: give each its own name with --instance or DSTREAM_INSTANCE`,
    );
}

interface Claim {
  readonly table: ReportedTable;
  /** Who reports it. */
  readonly by: IngesterPart;
}

function seenTables(inputs: StatusInputs): TableStatusRow[] {
  const claims = Map.groupBy(claimsOf(inputs), ({ table }) => table.key as PartitionId);
  const stored = new Map((inputs.overview?.partitions ?? []).map((one) => [one.partition, one]));
  return [...new Set([...stored.keys(), ...claims.keys()])]
    .map((key) => row(key, stored.get(key), claims.get(key) ?? [], inputs))
    .filter((table) => table !== undefined);
}

function claimsOf({ answers }: StatusInputs): readonly Claim[] {
  return answers.flatMap(({ report }) => {
    const part = report?.ingester;
    return part === undefined ? [] : part.tables.map((table) => ({ table, by: part }));
  });
}

interface Ownership {
  readonly owner: string | null;
  readonly epoch: number | null;
}

/** Undefined for a table that nobody ever owned, unless a replica reports why: the rows of what is configured show that. */
function row(
  key: PartitionId,
  stored: StoredPartition | undefined,
  claims: readonly Claim[],
  inputs: StatusInputs,
): TableStatusRow | undefined {
  const { owner, epoch } = ownership(stored, claims);
  const refused = claims.some(({ table }) => table.fault !== null);
  if (stored === undefined && epoch === null && !refused) return undefined;
  const live = claims.find(
    ({ table, by }) => by.instance === owner && ownsItself(by, table) && table.epoch === epoch,
  )?.table;
  const fault = live === undefined ? heldElsewhere(key, stored, claims) : live.fault;
  return {
    table: live?.table ?? partitionName(key),
    key,
    state: (fault ?? unreadable(stored)) === null ? stateOf(owner, live) : 'fault',
    owner,
    epoch,
    position: live?.position ?? stored?.checkpoint?.position ?? null,
    lagMs: live?.lagMs ?? null,
    changesPerSecond: live?.changesPerSecond ?? null,
    changes: live?.changes ?? null,
    fault: fault ?? unreadable(stored),
    checkpoint: stored?.checkpoint
      ? { ...stored.checkpoint, savedAt: stored.checkpoint.savedAt ?? null }
      : null,
    note: live === undefined && owner !== null ? whyUnknown(owner, inputs) : null,
  };
}

/** The storage decides. A replica that names a newer epoch has taken the table since the storage was read. */
function ownership(stored: StoredPartition | undefined, claims: readonly Claim[]): Ownership {
  const [newest] = claims.map(({ table }) => table).sort((a, b) => (b.epoch ?? -1) - (a.epoch ?? -1));
  const claimed = { owner: newest?.owner ?? null, epoch: newest?.epoch ?? null };
  if (stored === undefined) return claimed;
  if ((claimed.epoch ?? -1) > stored.epoch) return claimed;
  return { owner: stored.owner ?? null, epoch: stored.epoch };
}

function stateOf(owner: string | null, live: ReportedTable | undefined): 'running' | 'unknown' | 'free' {
  if (live !== undefined) return 'running';
  return owner === null ? 'free' : 'unknown';
}

/** As a replica reports that waits for the lease or is refused it, else as the storage shows. */
function heldElsewhere(
  key: PartitionId,
  stored: StoredPartition | undefined,
  claims: readonly Claim[],
): TableStatusRow['fault'] {
  const isNow = ({ epoch }: ReportedTable) =>
    epoch === null ? stored?.owner === undefined : epoch === stored?.epoch;
  const said = claims.find(({ table, by }) => table.fault !== null && !ownsItself(by, table) && isNow(table));
  if (said !== undefined) return said.table.fault;
  if (stored?.endless !== true) return null;
  const { owner = '' as InstanceId, epoch, endless } = stored;
  const { code, message } = leaseHeldElsewhere(key, { owner, epoch, endless });
  return { code, message };
}

function unreadable(stored: StoredPartition | undefined): TableStatusRow['fault'] {
  return stored?.problem === undefined ? null : { code: 'CheckpointUnreadable', message: stored.problem };
}

/** Configured and never owned. Names are compared without regard to case: the catalogue's spelling is not known. */
function unseenTables(
  configured: readonly ConfiguredTable[],
  seen: readonly TableStatusRow[],
): TableStatusRow[] {
  const names = new Set(seen.map(({ table }) => table.toLowerCase()));
  const schemas = new Set(seen.map(({ key }) => tableOfPartition(key as PartitionId)?.schema.toLowerCase()));
  return configured
    .filter(({ schema, table }) =>
      table === undefined
        ? !schemas.has(schema.toLowerCase())
        : !names.has(tableName({ schema, table }).toLowerCase()),
    )
    .map(({ schema, table }) => unseen(tableName({ schema, table: table ?? '*' })));
}

function unseen(table: string): TableStatusRow {
  return {
    table,
    key: null,
    state: 'unseen',
    owner: null,
    epoch: null,
    position: null,
    lagMs: null,
    changesPerSecond: null,
    changes: null,
    fault: null,
    checkpoint: null,
    note: 'it is configured and no ingester has owned it yet',
  };
}

const compare = (a: string, b: string) => (a === b ? 0 : a < b ? -1 : 1);
