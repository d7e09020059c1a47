/** A change table in memory that replicas of a `CrashRig` read: every row that arrives is a moment. */
import { createHash } from 'node:crypto';
import {
  noSourceObserver,
  partitionOf,
  scopeOf,
  silentLog,
  type CallOptions,
  type ChangeSource,
  type PartitionId,
  type ResumePoint,
} from '@dstream/core';
import type { ManualClock } from '@dstream/memory/manual-clock';
import type { SqlClient } from '../../libs/sources/sqlserver/src/client/sql-client.ts';
import type { ReadMode } from '../../libs/sources/sqlserver/src/position/log-position.ts';
import { Prober } from '../../libs/sources/sqlserver/src/source/prober.ts';
import { TableReader } from '../../libs/sources/sqlserver/src/source/table-reader.ts';
import type { Life } from './crash-rig.ts';
import type { FakeCdcClient } from './fake-cdc-client.ts';
import { persons } from './table-reader-rig.ts';

/** How a replica reads, which may differ from the one before it. */
export interface Reading {
  readonly mode: ReadMode;
  readonly maxRows: number;
}

const intervals = { intervalMs: 1_000, maxIntervalMs: 4_000 };

export function crashingTable(
  database: FakeCdcClient,
  clock: ManualClock,
  { mode, maxRows }: Reading,
  life: Life,
): ChangeSource {
  const client = watched(database, life);
  const context = {
    client,
    clock,
    mode,
    onGap: 'stop' as const,
    warned: new Set<string>(),
    start: 'earliest' as const,
    log: silentLog,
    observer: noSourceObserver,
    prober: new Prober(client, clock),
    random: () => 0,
    hash: (text: string) => createHash('sha256').update(text).digest('hex'),
    limits: { maxRows, maxBytes: 1_000_000 },
  };
  return {
    scope: scopeOf(persons),
    partitions: () => Promise.resolve([partitionOf(persons)]),
    read: (_: PartitionId, after: ResumePoint | undefined, o: CallOptions) =>
      new TableReader(context, persons, intervals, o).read(after),
    faultPauseMs: () => intervals.maxIntervalMs,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function watched(database: FakeCdcClient, life: Life): SqlClient {
  return {
    query: (statement) => database.query(statement),
    async *stream(statement, _limits, { signal }) {
      for await (const rows of database.stream(statement))
        for (const row of rows) {
          yield [row];
          if (row.set === 1) await life.moment('read', signal);
        }
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
