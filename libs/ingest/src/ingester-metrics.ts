/** What an ingester measures. How each is called, and what to watch, is in `config/METRICS.md`. */
import type { Clock, PartitionId, SourceObserver } from '@dstream/core';
import type { Metrics } from '@dstream/runtime';
import { replicaMetrics, type ReplicaMetrics } from './replica-metrics.ts';
import { PartitionMeter, type Ownership } from './partition-meter.ts';
import { registerPartitionSeries, type PartitionFault } from './partition-series.ts';

export interface IngesterMetrics {
  readonly replica: ReplicaMetrics;
  /** What the source tells. Of partitions that are not owned here it measures nothing. */
  readonly source: SourceObserver;
  /** The partition is owned from now on: its series begin. */
  owns(partition: PartitionId, ownership: Ownership): PartitionMeter;
  /** A batch of the partition was accepted: its oldest change so long after its commit. */
  accepted(meter: PartitionMeter, latencyMs: number): void;
  /** Asked at a scrape: the partitions that nobody can own. Called once in every life of an ingester; the last one counts. */
  blockedBy(faults: () => Iterable<PartitionFault>): void;
  /** The partition is owned no more: its series end. */
  left(meter: PartitionMeter): void;
}

/** Few, because every partition has its own: from what a test sees, over capture's 5 s and 20 s, to an hour's outage. */
const latencyBuckets = [0.5, 2, 5, 10, 30, 300, 3_600];

export function ingesterMetrics(
  metrics: Metrics,
  clock: Pick<Clock, 'wallMs' | 'monotonicMs'>,
): IngesterMetrics {
  const meters = new Map<PartitionId, PartitionMeter>();
  const replica = replicaMetrics(metrics);
  let blocked: () => Iterable<PartitionFault> = () => [];
  registerPartitionSeries(metrics, clock, { meters: () => meters.values(), blocked: () => blocked() });
  const latency = metrics.histogram(
    'dstream_ingest_latency_seconds',
    'From commit to acceptance by the topic; one observation per batch, for its oldest change.',
    ['table'],
    latencyBuckets,
  );
  return {
    replica,
    source: observerOf(replica, meters),
    owns: (partition, ownership) => {
      const meter = new PartitionMeter(partition, ownership);
      meters.set(partition, meter);
      return meter;
    },
    blockedBy: (faults) => {
      blocked = faults;
    },
    accepted: ({ name }, latencyMs) => latency.observe({ table: name }, latencyMs / 1_000),
    left: (meter) => {
      if (meters.get(meter.partition) !== meter) return;
      meters.delete(meter.partition);
      latency.remove({ table: meter.name });
    },
  };
}

function observerOf(
  replica: ReplicaMetrics,
  meters: ReadonlyMap<PartitionId, PartitionMeter>,
): SourceObserver {
  return {
    probed: (probe) => replica.probed(probe),
    stands: (partition, standing) => meters.get(partition)?.stands(standing),
    read: (partition, { tookMs, rows, bytes }) => {
      replica.page(tookMs);
      const meter = meters.get(partition);
      if (meter === undefined) return;
      meter.rowsRead += rows;
      meter.bytesRead += bytes;
    },
    waits: (partition, ms) => {
      const meter = meters.get(partition);
      if (meter !== undefined) meter.pollIntervalMs = ms;
    },
  };
}
