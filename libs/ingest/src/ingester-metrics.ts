/** What an ingester measures. How each is called, and what to watch, is in `config/METRICS.md`. */
import { tableKey, tableName, type Clock, type TableId } from '@dstream/core';
import type { Metrics } from '@dstream/runtime';
import { replicaMetrics, type ReplicaMetrics } from './replica-metrics.ts';
import { TableMeter, type Ownership, type TableStanding } from './table-meter.ts';
import { registerTableSeries, type TableFault } from './table-series.ts';

/** What the source tells: the observer of `@dstream/sqlserver`, in milliseconds. Of tables not owned here: nothing. */
export interface SourceMetrics {
  probed(probe: { tookMs: number; failed: boolean; captureLagMs: number | undefined }): void;
  stands(table: TableId, standing: TableStanding): void;
  read(table: TableId, page: { tookMs: number; rows: number; bytes: number }): void;
  waits(table: TableId, ms: number): void;
}

export interface IngesterMetrics {
  readonly replica: ReplicaMetrics;
  readonly source: SourceMetrics;
  /** The table is owned from now on: its series begin. */
  owns(table: TableId, ownership: Ownership): TableMeter;
  /** A batch of the table was accepted: its oldest change so long after its commit. */
  accepted(meter: TableMeter, latencyMs: number): void;
  /** Nobody can own the table, for this fault; undefined: not any more. */
  blocked(table: TableId, code: string | undefined): void;
  /** The table is owned no more: its series end. */
  left(meter: TableMeter): void;
}

/** Made once a table: a pass over idle tables asks for each of them several times. */
const keys = new WeakMap<TableId, string>();

function keyOf(table: TableId): string {
  const known = keys.get(table);
  if (known !== undefined) return known;
  const key = tableKey(table);
  keys.set(table, key);
  return key;
}

/** Few, because every table has its own: from what a test sees, over capture's 5 s and 20 s, to an hour's outage. */
const latencyBuckets = [0.5, 2, 5, 10, 30, 300, 3_600];

export function ingesterMetrics(
  metrics: Metrics,
  clock: Pick<Clock, 'wallMs' | 'monotonicMs'>,
): IngesterMetrics {
  const meters = new Map<string, TableMeter>();
  const replica = replicaMetrics(metrics);
  const blocked = new Map<string, TableFault>();
  registerTableSeries(metrics, clock, { meters: () => meters.values(), blocked: () => blocked.values() });
  const latency = metrics.histogram(
    'dstream_ingest_latency_seconds',
    'From commit to acceptance by the topic, one observation a batch: its oldest change.',
    ['table'],
    latencyBuckets,
  );
  return {
    replica,
    source: sourceMetrics(replica, (table) => meters.get(keyOf(table))),
    owns: (table, ownership) => {
      const meter = new TableMeter(table, ownership);
      meters.set(keyOf(table), meter);
      return meter;
    },
    blocked: (table, code) => {
      if (code === undefined) blocked.delete(keyOf(table));
      else blocked.set(keyOf(table), { name: tableName(table), fault: code });
    },
    accepted: ({ name }, latencyMs) => latency.observe({ table: name }, latencyMs / 1_000),
    left: (meter) => {
      if (meters.get(keyOf(meter.table)) !== meter) return;
      meters.delete(keyOf(meter.table));
      latency.remove({ table: meter.name });
    },
  };
}

function sourceMetrics(
  replica: ReplicaMetrics,
  meterOf: (table: TableId) => TableMeter | undefined,
): SourceMetrics {
  return {
    probed: (probe) => replica.probed(probe),
    stands: (table, standing) => meterOf(table)?.stands(standing),
    read: (table, { tookMs, rows, bytes }) => {
      replica.page(tookMs);
      const meter = meterOf(table);
      if (meter === undefined) return;
      meter.rowsRead += rows;
      meter.bytesRead += bytes;
    },
    waits: (table, ms) => {
      const meter = meterOf(table);
      if (meter !== undefined) meter.pollIntervalMs = ms;
    },
  };
}
