/** An ingester on the real clock over any source, with leases and checkpoints in memory: what reading costs and survives, and nothing else. */
import type { ChangeSource, InstanceId, Log, Topic } from '@dstream/core';
import { InMemoryLeases } from '@dstream/memory/leases';
import { Ingester, type IngesterMetrics } from '@dstream/ingest';
import { sha256Hex } from '@dstream/runtime';
import { systemClock } from '@dstream/async';

export interface ReadingIngesterParts {
  readonly source: ChangeSource;
  readonly topic: Topic;
  readonly log: Log;
  readonly metrics: IngesterMetrics;
}

const leaseDurationMs = 15_000;
const instance = 'reading' as InstanceId;

/** Not running yet. Everything that a configuration would say is as it is by default. */
export function readingIngester({ source, ...parts }: ReadingIngesterParts): Ingester {
  const leases = new InMemoryLeases({ instance, durationMs: leaseDurationMs, clock: systemClock });
  return new Ingester({
    ...parts,
    instance,
    source,
    leases,
    checkpoints: leases,
    names: { source: 'database', topic: 'topic t', leases: 'container c' },
    clock: systemClock,
    random: Math.random,
    httpAddress: () => undefined,
    settings: {
      leaseDurationMs,
      checkpointIntervalMs: 1_000,
      checkpointIdleIntervalMs: 60_000,
      packMaxBytes: 131_072,
      packMaxChanges: 500,
      ordering: { by: 'table' },
      hash: sha256Hex,
    },
  });
}
