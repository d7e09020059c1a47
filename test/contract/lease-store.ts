/** What every LeaseStore promises (libs/core/src/lease-store.ts). */
import { setImmediate } from 'node:timers/promises';
import { balance, type InstanceId, type Lease, type LeaseSnapshot, type PartitionId } from '@dstream/core';
import { describe, expect } from 'vitest';
import { checkpoint, type LeaseRig, type Replica } from '../support/lease-rig.ts';
import { replicasTest } from '../support/replicas-test.ts';

const o = { signal: new AbortController().signal };
const lost = expect.objectContaining({ code: 'LeaseLost', disposition: 'lost' });

export function leaseStoreContract(name: string, open: () => Promise<LeaseRig>): void {
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

    test('the list shows who holds what and who is alive', async ({ rig, a, b, cars, take }) => {
      await using _a = await a.store.announce('a' as InstanceId, o);
      await using _b = await b.store.announce('b' as InstanceId, o);
      const [bikes, vans] = [rig.table('Bikes'), rig.table('Vans')];
      const [ofA, ofB] = [await take(a), await take(b, bikes)];
      await a.store.release(await take(a, vans), o);
      expect(plain(await a.store.list(o))).toEqual({
        held: { [cars]: { owner: 'a', epoch: ofA.epoch }, [bikes]: { owner: 'b', epoch: ofB.epoch } },
        instances: ['a', 'b'],
      });
      const { held, instances } = await b.store.list(o);
      expect(held.get(cars)).toMatchObject({ announcement: a.store.announcement, endless: false });
      expect(instances.map(({ announcement }) => announcement)).toEqual(
        [a.store.announcement, b.store.announcement].sort(),
      );
    });

    test('the list drops the leases and the instances that ended, and what was renewed stays', async ({
      rig,
      a,
      b,
      take,
    }) => {
      const presence = await a.store.announce('a' as InstanceId, o);
      await b.store.announce('b' as InstanceId, o);
      await take(a);
      await rig.expireLeases();
      await presence.renew(o);
      expect(plain(await b.store.list(o))).toEqual({ held: {}, instances: ['a'] });
      await presence[Symbol.asyncDispose]();
    });

    test('a presence ends when it is disposed, and disposing again is harmless', async ({ a, b }) => {
      const presence = await a.store.announce('a' as InstanceId, o);
      await presence[Symbol.asyncDispose]();
      await presence[Symbol.asyncDispose]();
      expect((await b.store.list(o)).instances).toEqual([]);
      await expect(presence.renew(o)).rejects.toMatchObject({ code: 'Unexpected' });
    });

    test('the overview shows every table ever owned with its checkpoint, and where live instances serve their status', async ({
      rig,
      a,
      b,
      cars,
      take,
    }) => {
      await using _a = await a.store.announce('a' as InstanceId, { ...o, address: 'http://127.0.0.1:4711' });
      await using _b = await b.store.announce('b' as InstanceId, o);
      const [bikes, vans] = [rig.table('Bikes'), rig.table('Vans')];
      const lease = await take(a);
      await a.store.save(checkpoint('42', 7), lease, o);
      const [ofB, released] = [await take(b, bikes), await take(a, vans)];
      await a.store.release(released, o);
      // By the clock of who saved it, which stands still here; a store need not keep it.
      const savedAt = expect.toBeOneOf([new Date(a.clock.wallMs()).toISOString(), undefined]);
      const saved = { position: '42', generation: 7, savedAt };
      expect(await b.store.overview(o)).toEqual({
        instances: [
          { instance: 'a', announcement: a.store.announcement, address: 'http://127.0.0.1:4711' },
          { instance: 'b', announcement: b.store.announcement, address: undefined },
        ],
        partitions: [
          { partition: bikes, ...heldBy(b, 'b', ofB), checkpoint: undefined, problem: undefined },
          { partition: cars, ...heldBy(a, 'a', lease), checkpoint: saved, problem: undefined },
          { partition: vans, ...free, epoch: released.epoch, checkpoint: undefined, problem: undefined },
        ],
      });
    });

    test('the overview of a store in which nothing was ever kept is empty, without connecting to it', async ({
      rig,
    }) => {
      const viewer = await rig.viewer('shop');
      expect(await viewer.overview(o)).toEqual({ instances: [], partitions: [] });
    });

    test.for(['shop', 'SHOP', 'Shop'])(
      'the overview finds the database in any case of its letters: %s',
      async (database, { rig, a, cars, take }) => {
        await using _ = await a.store.announce('a' as InstanceId, o);
        const lease = await take(a);
        await a.store.save(checkpoint('42'), lease, o);
        const viewer = await rig.viewer(database);
        expect(await viewer.overview(o)).toMatchObject({
          instances: [{ instance: 'a' }],
          partitions: [{ partition: cars, ...heldBy(a, 'a', lease), checkpoint: { position: '42' } }],
        });
      },
    );

    test('the overview follows: what was saved since, and that a lease has ended', async ({
      rig,
      a,
      b,
      take,
    }) => {
      const lease = await take(a);
      await a.store.save(checkpoint('1'), lease, o);
      await b.store.overview(o);
      await a.store.save(checkpoint('2'), lease, o);
      expect(await b.store.overview(o)).toMatchObject({
        partitions: [{ owner: 'a', epoch: lease.epoch, checkpoint: { position: '2' } }],
      });
      await rig.expireLeases();
      expect(await b.store.overview(o)).toMatchObject({
        instances: [],
        partitions: [{ owner: undefined, epoch: lease.epoch, checkpoint: { position: '2' } }],
      });
    });

    test('two replicas of one name are two: each is alive by itself, and owns what it has acquired', async ({
      rig,
      cars,
      take,
    }) => {
      const [one, two] = [await rig.replica('same'), await rig.replica('same')];
      await using _one = await one.store.announce('same' as InstanceId, o);
      const second = await two.store.announce('same' as InstanceId, o);
      const { epoch } = await take(one);
      const seen = await two.store.list(o);
      expect(plain(seen)).toEqual({
        held: { [cars]: { owner: 'same', epoch } },
        instances: ['same', 'same'],
      });
      expect(balance(two.store.announcement, [cars, 'free' as PartitionId], seen).acquire).toEqual(['free']);
      await second[Symbol.asyncDispose]();
      const { instances } = await two.store.list(o);
      expect(instances).toMatchObject([{ instance: 'same', announcement: one.store.announcement }]);
    });

    test('a replica that announces itself twice is one', async ({ a, b }) => {
      await a.store.announce('a' as InstanceId, o);
      await using _ = await a.store.announce('a' as InstanceId, o);
      expect(plain(await b.store.list(o)).instances).toEqual(['a']);
    });

    test.for([
      ['spaces, brackets and quotes', `a [b] 'c' "d"`, 'dbo'],
      ['dots and slashes', 'a.b/c\\d.lock', 'x.y'],
      ['percent, hash and question mark', '100%#?&+=', '50%25'],
      ['letters beyond ASCII', 'Größe 李 🙂', 'łódź'],
      ['a lone surrogate', 'a\ud800b', 'dbo'],
      ['128 characters of three bytes', '李'.repeat(128), '東'.repeat(128)],
      ['control characters', 'a\u0001b\nc', 'dbo'],
    ])(
      'a table with %s in its name is told from others, and listed by its key',
      async ([, table = '', schema = ''], { rig, a, b, take }) => {
        const [odd, other] = [rig.table(table, schema), rig.table(`${table}_`, schema)];
        const ofA = await take(a, odd);
        expect(await b.store.tryAcquire(odd, o)).toBeUndefined();
        const ofB = await take(b, other);
        expect(plain(await a.store.list(o)).held).toEqual({
          [odd]: { owner: 'a', epoch: ofA.epoch },
          [other]: { owner: 'b', epoch: ofB.epoch },
        });
        await rig.expireLeases();
        await a.store.save(checkpoint('1'), await a.store.renew(await take(a, odd), o), o);
        expect(await b.store.load(odd, o)).toEqual(checkpoint('1'));
      },
    );

    test('an instance may have any name', async ({ rig, a, cars, take }) => {
      const name = 'höst/../50% 李 "x" 🙂';
      const odd = await rig.replica(name);
      await using _ = await odd.store.announce(name as InstanceId, o);
      const { epoch } = await take(odd);
      expect(plain(await a.store.list(o))).toEqual({
        held: { [cars]: { owner: name, epoch } },
        instances: [name],
      });
    });

    test('what is listed is what the balancer works with', async ({ rig, a, b, take }) => {
      await using _a = await a.store.announce('a' as InstanceId, o);
      await using _b = await b.store.announce('b' as InstanceId, o);
      const tables = ['A', 'B', 'C'].map((name) => rig.table(name));
      for (const table of tables) await take(a, table);
      const plan = balance(a.store.announcement, tables, await a.store.list(o));
      expect(plan).toEqual({ acquire: [], release: [rig.table('C')] });
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

/** By their names. */
const plain = ({ held, instances }: LeaseSnapshot) => ({
  held: Object.fromEntries([...held].map(([key, { owner, epoch }]) => [key, { owner, epoch }])),
  instances: instances.map(({ instance }) => instance).sort(),
});

const heldBy = ({ store }: Replica, owner: string, { epoch }: Lease) => ({
  owner,
  announcement: store.announcement,
  endless: false,
  epoch,
});

const free = { owner: undefined, announcement: undefined, endless: false };
