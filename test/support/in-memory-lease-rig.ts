import { partitionOf, type InstanceId } from '@dstream/core';
import { InMemoryLeases } from '@dstream/memory/leases';
import { ManualClock } from '@dstream/memory/manual-clock';
import type { LeaseRig } from './lease-rig.ts';

export async function openInMemoryLeases(): Promise<LeaseRig> {
  const durationMs = 15_000;
  const storeClock = new ManualClock();
  const root = new InMemoryLeases({ instance: 'nobody' as InstanceId, durationMs, clock: storeClock });
  return {
    durationMs,
    replica: async (instance) => {
      const clock = new ManualClock();
      return { clock, store: root.replica(instance as InstanceId, clock) };
    },
    viewer: async () => root.replica('viewer' as InstanceId),
    expireLeases: () => storeClock.advance(durationMs),
    table: (table = 'Cars', schema = 'dbo') =>
      partitionOf({ source: 'test', database: 'shop', schema, table }),
    faults: { loseReplyToAcquire: () => root.loseReplyToAcquire() },
    [Symbol.asyncDispose]: async () => undefined,
  };
}
