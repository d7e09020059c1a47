/** What every LeaseStore and LeaseViewer lists: who holds what, who is alive, and the overview for an operator. */
import { balance, type InstanceId, type Lease, type LeaseSnapshot, type PartitionId } from '@dstream/core';
import { describe, expect } from 'vitest';
import { checkpoint, type LeaseRig, type Replica } from '../support/lease-rig.ts';
import { replicasTest } from '../support/replicas-test.ts';

const o = { signal: new AbortController().signal };

export function leaseListingContract(name: string, open: () => Promise<LeaseRig>): void {
  describe(`listing of leases: ${name}`, { timeout: 90_000 }, () => {
    const test = replicasTest(open);

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
