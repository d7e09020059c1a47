/** How fast tables change hands, and what an acquisition leaves behind that is slow, unanswered or cut short. */
import type { CallOptions, Lease, PartitionId } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import {
  leaseDurationMs,
  never,
  setup,
  partitionOfTable,
  type startReplica,
} from '../../../test/support/ingester-rig.ts';

const many = Array.from({ length: 60 }, (_, n) => `T${n + 1}`);

/** Acquisitions of the replica take so long. Gives how many were under way at most. */
function slow(
  { store }: ReturnType<typeof startReplica>,
  wait: (signal: AbortSignal) => Promise<void>,
): () => number {
  const acquire = store.tryAcquire.bind(store);
  let [running, most] = [0, 0];
  store.tryAcquire = async (partition: PartitionId, o: CallOptions): Promise<Lease | undefined> => {
    running += 1;
    most = Math.max(most, running);
    try {
      const lease = await acquire(partition, o);
      await wait(o.signal);
      return lease;
    } finally {
      running -= 1;
    }
  };
  return () => most;
}

describe('tables that change hands', () => {
  test('many tables are acquired eight at a time, and whoever acquires for long stays announced', async () => {
    const world = setup(many);
    world.source.idleMs = 60_000;
    const replica = world.start('r1');
    const most = slow(replica, (signal) => world.clock.sleep(6_000, signal));
    const announced = [];
    for (let seconds = 5; replica.owned().length < many.length && seconds <= 90; seconds += 5) {
      await world.clock.advance(5_000);
      announced.push((await world.leases.list({ signal: never })).instances.length);
    }
    expect([replica.owned().length, most()]).toEqual([60, 8]);
    expect(announced.length * 5_000).toBeGreaterThan(leaseDurationMs);
    expect(new Set(announced)).toEqual(new Set([1]));
    await replica.stop();
  });

  test('a newcomer is seen while many tables are being acquired', async () => {
    const world = setup(many);
    world.source.idleMs = 60_000;
    const first = world.start('r1');
    slow(first, (signal) => world.clock.sleep(6_000, signal));
    await world.clock.advance(3_000);
    const second = world.start('r2');
    await world.clock.advance(20_000);
    expect(second.owned()).toHaveLength(30);
    expect(first.owned().length).toBeLessThanOrEqual(30);
    await world.clock.advance(30_000);
    expect(first.owned()).toHaveLength(30);
    await first.stop();
    await second.stop();
  });

  test('a stop hands all tables over within ten seconds', async () => {
    const world = setup(many);
    world.source.idleMs = 60_000;
    const [stays, leaves] = [world.start('r1'), world.start('r2')];
    for (const replica of [stays, leaves]) slow(replica, (signal) => world.clock.sleep(800, signal));
    await world.clock.advance(15_000);
    expect([stays.owned().length, leaves.owned().length]).toEqual([30, 30]);
    await leaves.stop();
    await world.clock.advance(10_000);
    expect(stays.owned()).toHaveLength(60);
    await stays.stop();
  });

  test('a table whose grant was lost on its way is owned within seconds, not after a lease', async () => {
    const world = setup(['A', 'B']);
    world.leases.loseReplyToAcquire();
    const replica = world.start('r1');
    await world.clock.advance(3_000);
    expect(replica.owned()).toHaveLength(2);
    await replica.stop();
  });

  test('a stop while a grant is on its way releases the lease', async () => {
    const world = setup(['A']);
    const replica = world.start('r1');
    slow(replica, (signal) => world.clock.sleep(2_000, signal));
    await world.clock.advance(500);
    const stopped = replica.stop();
    await world.clock.advance(2_000);
    await stopped;
    expect((await world.leases.list({ signal: never })).held.size).toBe(0);
  });

  test('a stop right after a grant was lost releases the lease', async () => {
    const world = setup(['A']);
    world.leases.loseReplyToAcquire();
    const replica = world.start('r1');
    await world.clock.advance(0);
    const before = await world.leases.list({ signal: never });
    await replica.stop();
    expect([...before.held.keys()]).toEqual([partitionOfTable('A')]);
    expect((await world.leases.list({ signal: never })).held.size).toBe(0);
  });

  test('a stop gives up an acquisition that is not answered', async () => {
    const world = setup(['A']);
    const replica = world.start('r1');
    slow(replica, (signal) => world.clock.sleep(600_000, signal));
    await world.clock.advance(500);
    const stopped = replica.stop();
    await world.clock.advance(20_000);
    await stopped;
    expect(world.clock.sleeping).toBe(0);
  });
});
