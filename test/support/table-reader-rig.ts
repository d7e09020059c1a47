/** A table reader over change tables in memory, time by hand. */
import { createHash } from 'node:crypto';
import {
  noSourceObserver,
  silentLog,
  type ChangeBatch,
  type Log,
  type ResumePoint,
  type TableId,
} from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import type { ReadMode } from '../../libs/sources/sqlserver/src/position/log-position.ts';
import { Prober } from '../../libs/sources/sqlserver/src/source/prober.ts';
import type { OnGap, Start } from '../../libs/sources/sqlserver/src/source/reader-context.ts';
import { TableReader } from '../../libs/sources/sqlserver/src/source/table-reader.ts';
import { FakeCdcClient, lsn, type FakeInstance, type FakeRow } from './fake-cdc-client.ts';

export const persons: TableId = { source: 'db1', database: 'shop', schema: 'dbo', table: 'Persons' };
const intervals = { intervalMs: 1_000, maxIntervalMs: 4_000 };

export function instance(rows: readonly FakeRow[], more: Partial<FakeInstance> = {}): FakeInstance {
  const column = (name: string, ordinal: number) => ({
    name,
    type: name === 'Id' ? 'int' : 'nvarchar',
    ordinal,
    computed: false,
  });
  return {
    name: 'dbo_Persons',
    startLsn: lsn(1),
    columns: [column('Id', 1), column('Name', 2)],
    key: ['Id'],
    columnUpdates: 0,
    rows: [...rows],
    ...more,
  };
}

export function row(at: number, seqval: number, operation: number, id: number, name = `v${at}`): FakeRow {
  const mask = operation < 3 ? Buffer.from([3]) : Buffer.from([2]);
  return { lsn: lsn(at), seqval: lsn(seqval), operation, mask, values: [id, name] };
}

export interface Rig {
  readonly client: FakeCdcClient;
  readonly clock: ManualClock;
  readonly prober: Prober;
  /** What was logged as a warning: the sentence, and its field `columns`. */
  readonly warnings: readonly string[];
  readonly stop: (reason: Error) => void;
  readonly read: (after?: ResumePoint) => AsyncGenerator<ChangeBatch>;
}

export function rig(
  instances: FakeInstance[],
  max: number,
  {
    maxRows = 5_000,
    start = 'earliest',
    mode = 'functions',
    onGap = 'stop',
  }: { maxRows?: number; start?: Start; mode?: ReadMode; onGap?: OnGap } = {},
): Rig {
  const client = new FakeCdcClient(instances, lsn(max));
  const clock = new ManualClock();
  const prober = new Prober(client, clock);
  const warnings: string[] = [];
  const log: Log = {
    ...silentLog,
    warn: (sentence, fields) => warnings.push(`${sentence}: ${String(fields?.['columns'])}`),
    child: () => log,
  };
  const context = {
    client,
    clock,
    prober,
    start,
    mode,
    onGap,
    warned: new Set<string>(),
    log,
    observer: noSourceObserver,
    random: () => 0,
    hash: (text: string) => createHash('sha256').update(text).digest('hex'),
    limits: { maxRows, maxBytes: 1_000_000, batch: { changes: 500, bytes: 1_048_576 } },
  };
  const controller = new AbortController();
  const { signal } = controller;
  return {
    client,
    clock,
    prober,
    warnings,
    stop: (reason) => controller.abort(reason),
    read: (after) => new TableReader(context, persons, intervals, { signal }).read(after),
  };
}

/** Batches until the one that has read all up to `max`. */
export async function upTo(batches: AsyncIterable<ChangeBatch>, max: number): Promise<ChangeBatch[]> {
  const taken: ChangeBatch[] = [];
  for await (const batch of batches) {
    taken.push(batch);
    if (batch.end.position === `${lsn(max)}:~`) break;
  }
  return taken;
}

export { changesOf } from './source-reading.ts';

/** A checkpoint behind all that LSN `n` is the last of; `more`: further fields of its token. */
export function pointAt(n: number, more: object = {}): ResumePoint {
  const token = JSON.stringify({ mode: 'functions', lsn: lsn(n), ...more });
  return { position: `${lsn(n)}:~`, token } as ResumePoint;
}
