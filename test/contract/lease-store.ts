/** What every LeaseStore promises (libs/core/src/lease-store.ts). */
import { setImmediate } from 'node:timers/promises';
import type { InstanceId } from '@dstream/core';
import { describe, expect } from 'vitest';
import { checkpoint, type LeaseRig } from '../support/lease-rig.ts';
import { replicasTest } from '../support/replicas-test.ts';
import { leaseListingContract } from './lease-listing.ts';

const o = { signal: new AbortController().signal };
const lost = expect.objectContaining({ code: 'LeaseLost', disposition: 'lost' });

export function leaseStoreContract(name: string, open: () => Promise<LeaseRig>): void {
  leaseListingContract(name, open);
  describe(`lease store: ${name}`, { timeout: 90_000 }, () => {
    const test = replicasTest(open);
    test('connecting again is harmless', async ({ a, b, take }) => {
      await take(a);
      await a.store.connect(o);
      await b.store.connect(o);
      expect((await b.store.list(o)).held.size).toBe(1);
    });

    test('of many that want a table at once exactly one gets it', async ({ rig, cars }) => {
      const many = await Promise.all(Array.from({ length: 8 }, (_, i) => rig.replica(`r${i}`)));
      const won = await Promise.all(many.map(({ store }) => store.tryAcquire(cars, o)));
      expect(won.filter((lease) => lease !== undefined)).toEqual([
        expect.objectContaining({ partition: cars, epoch: expect.any(Number) }),
      ]);
    });

    test('of many attempts of one replica exactly one gets it', async ({ a, cars }) => {
      const won = await Promise.all(Array.from({ length: 8 }, () => a.store.tryAcquire(cars, o)));
      expect(won.filter((lease) => lease !== undefined)).toHaveLength(1);
    });

    test('nobody else gets a held table, also not after it was renewed', async ({ a, b, cars, take }) => {
      const lease = await take(a);
      expect(await b.store.tryAcquire(cars, o)).toBeUndefined();
      await a.store.renew(lease, o);
      expect(await b.store.tryAcquire(cars, o)).toBeUndefined();
    });

    test('a lease is good for its duration less a fifth, from before the call, on the own monotonic clock', async ({
      rig,
      a,
      take,
    }) => {
      await a.clock.advance(1_000);
      const lease = await take(a);
      expect(lease.goodUntilMs).toBe(1_000 + rig.durationMs * 0.8);
      await a.clock.advance(5_000);
      const renewed = await a.store.renew(lease, o);
      expect(renewed).toEqual({ ...lease, goodUntilMs: 6_000 + rig.durationMs * 0.8 });
    });

    test('the time of acquisition is the store’s', async ({ rig, a, b, take }) => {
      await a.clock.advance(999_999_999);
      const [ofA, ofB] = [await take(a), await take(b, rig.table('Bikes'))];
      expect(Math.abs(ofA.acquiredAtMs - ofB.acquiredAtMs)).toBeLessThan(60_000);
    });

    test('every acquisition has a larger epoch: after release, after expiry, by the same and by another', async ({
      rig,
      a,
      b,
      take,
    }) => {
      const epochs: number[] = [];
      for (const next of [a, b, b, a]) {
        const lease = await take(next);
        epochs.push(lease.epoch);
        await next.store.release(lease, o);
      }
      epochs.push((await take(a)).epoch);
      await rig.expireLeases();
      epochs.push((await take(b)).epoch);
      expect(epochs).toEqual([...new Set(epochs)].sort((x, y) => x - y));
    });

    test('a released table is free at once, and releasing again does nothing to the next owner', async ({
      a,
      b,
      take,
    }) => {
      const lease = await take(a);
      expect(await a.store.release(lease, o)).toBe(true);
      const next = await take(b);
      expect(await a.store.release(lease, o)).toBe(false);
      await expect(b.store.renew(next, o)).resolves.toMatchObject({ epoch: next.epoch });
    });

    test('a deposed owner can neither renew nor disturb the new one', async ({ rig, a, b, take }) => {
      const old = await take(a);
      await rig.expireLeases();
      const next = await take(b);
      expect(await a.store.release(old, o)).toBe(false);
      await expect(a.store.renew(old, o)).rejects.toEqual(lost);
      await expect(b.store.renew(next, o)).resolves.toMatchObject({ epoch: next.epoch });
    });

    test('a lease that expired and that nobody took can be renewed', async ({ rig, a, b, cars, take }) => {
      const lease = await take(a);
      await a.clock.advance(rig.durationMs);
      await rig.expireLeases();
      await expect(a.store.renew(lease, o)).resolves.toMatchObject({ epoch: lease.epoch });
      expect(await b.store.tryAcquire(cars, o)).toBeUndefined();
    });

    test('a lease that expired and was taken and given back meanwhile is lost', async ({
      rig,
      a,
      b,
      take,
    }) => {
      const old = await take(a);
      await a.clock.advance(rig.durationMs);
      await rig.expireLeases();
      await b.store.release(await take(b), o);
      await expect(a.store.renew(old, o)).rejects.toEqual(lost);
    });

    test('a released lease cannot be renewed', async ({ a, take }) => {
      const lease = await take(a);
      await a.store.release(lease, o);
      await expect(a.store.renew(lease, o)).rejects.toEqual(lost);
    });

    test('every call of an aborted caller rejects with its reason', async ({ a, cars, take }) => {
      const lease = await take(a);
      const reason = new Error('enough');
      const aborted = { signal: AbortSignal.abort(reason) };
      const { store } = a;
      await expect(store.connect(aborted)).rejects.toBe(reason);
      await expect(store.announce('a' as InstanceId, aborted)).rejects.toBe(reason);
      await expect(store.list(aborted)).rejects.toBe(reason);
      await expect(store.overview(aborted)).rejects.toBe(reason);
      await expect(store.tryAcquire(cars, aborted)).rejects.toBe(reason);
      await expect(store.renew(lease, aborted)).rejects.toBe(reason);
      await expect(store.release(lease, aborted)).rejects.toBe(reason);
      expect(a.clock.sleeping).toBe(0);
    });

    test('an acquisition whose reply was lost is found by the next attempt', async ({
      rig,
      a,
      b,
      cars,
      take,
      skip,
    }) => {
      const loseReplyToAcquire = rig.faults?.loseReplyToAcquire;
      skip(loseReplyToAcquire === undefined, 'nothing can be injected here');
      const before = await take(a);
      await a.store.release(before, o);
      loseReplyToAcquire?.();
      await expect(a.store.tryAcquire(cars, o)).rejects.toMatchObject({ disposition: 'retry' });
      expect(await b.store.tryAcquire(cars, o)).toBeUndefined();
      const lease = await a.store.tryAcquire(cars, o);
      expect(lease?.epoch).toBeGreaterThan(before.epoch);
    });

    test.for([0, 10, 100, 1_000])(
      'an acquisition whose caller gives up after %i turns of the event loop keeps nobody out: the next attempt gets the lease',
      async (turns, { a, cars }) => {
        const caller = new AbortController();
        const reason = new Error('enough');
        const acquiring = a.store
          .tryAcquire(cars, { signal: caller.signal })
          .catch((error: unknown) => error);
        for (let turn = 0; turn < turns; turn += 1) await setImmediate();
        caller.abort(reason);
        const got = await acquiring;
        const lease = got === reason ? await a.store.tryAcquire(cars, o) : got;
        expect(lease).toMatchObject({ partition: cars });
      },
    );

    test('a lease is acquired and renewed whatever is wrong with the checkpoint, and the overview says what', async ({
      rig,
      a,
      b,
      cars,
      take,
      skip,
    }) => {
      const spoilCheckpoint = rig.faults?.spoilCheckpoint;
      skip(spoilCheckpoint === undefined, 'nothing can be injected here');
      const before = await take(a);
      await a.store.save(checkpoint('1'), before, o);
      await a.store.release(before, o);
      await spoilCheckpoint?.(cars);
      const lease = await take(b);
      await expect(b.store.load(cars, o)).rejects.toMatchObject({ code: 'CheckpointUnreadable' });
      await expect(b.store.renew(lease, o)).resolves.toMatchObject({ epoch: lease.epoch });
      expect(await a.store.overview(o)).toMatchObject({
        partitions: [
          {
            partition: cars,
            owner: 'b',
            checkpoint: undefined,
            problem: expect.stringContaining('cannot be read'),
          },
        ],
      });
    });
  });
}
