/** What every CheckpointStore promises (libs/core/src/checkpoint-store.ts). */
import { describe, expect } from 'vitest';
import { checkpoint, type LeaseRig } from '../support/lease-rig.ts';
import { replicasTest } from '../support/replicas-test.ts';

const o = { signal: new AbortController().signal };
const lost = expect.objectContaining({ code: 'LeaseLost', disposition: 'lost' });

export function checkpointStoreContract(name: string, open: () => Promise<LeaseRig>): void {
  describe(`checkpoint store: ${name}`, { timeout: 90_000 }, () => {
    const test = replicasTest(open);

    test('a table that nobody ever owned has no checkpoint', async ({ a, cars }) => {
      expect(await a.store.load(cars, o)).toBeUndefined();
    });

    test('a table that is owned and was never saved has no checkpoint', async ({ a, b, cars, take }) => {
      await take(a);
      expect(await a.store.load(cars, o)).toBeUndefined();
      expect(await b.store.load(cars, o)).toBeUndefined();
    });

    test('what is saved is loaded by everybody, letter for letter', async ({ a, b, cars, take }) => {
      const odd = {
        at: { position: checkpoint('0042:7').at.position, token: '{"a":"Ł🙂\\n"}' },
        generation: 7,
        layout: 'key/32',
      };
      await a.store.save(odd, await take(a), o);
      expect(await a.store.load(cars, o)).toEqual(odd);
      expect(await b.store.load(cars, o)).toEqual(odd);
    });

    test('a checkpoint outlives the change of its owner, by release and by expiry', async ({
      rig,
      a,
      b,
      cars,
      take,
    }) => {
      const lease = await take(a);
      await a.store.save(checkpoint('1'), lease, o);
      await a.store.release(lease, o);
      const next = await take(b);
      expect(await b.store.load(cars, o)).toEqual(checkpoint('1'));
      await b.store.save(checkpoint('2'), next, o);
      await rig.expireLeases();
      await take(a);
      expect(await a.store.load(cars, o)).toEqual(checkpoint('2'));
    });

    test('a deposed owner that believes in its lease cannot save', async ({ rig, a, b, cars, take }) => {
      const old = await take(a);
      await a.store.save(checkpoint('1'), old, o);
      await rig.expireLeases();
      const next = await take(b);
      await expect(a.store.save(checkpoint('8'), old, o)).rejects.toEqual(lost);
      expect(await b.store.load(cars, o)).toEqual(checkpoint('1'));
      await b.store.save(checkpoint('2'), next, o);
      await expect(a.store.save(checkpoint('9'), old, o)).rejects.toEqual(lost);
      expect(await b.store.load(cars, o)).toEqual(checkpoint('2'));
    });

    test('a deposed owner cannot save after the next one has released either', async ({
      rig,
      a,
      b,
      cars,
      take,
    }) => {
      const old = await take(a);
      await rig.expireLeases();
      const next = await take(b);
      await b.store.save(checkpoint('2'), next, o);
      await b.store.release(next, o);
      await expect(a.store.save(checkpoint('9'), old, o)).rejects.toEqual(lost);
      expect(await b.store.load(cars, o)).toEqual(checkpoint('2'));
    });

    test('nobody saves under a lease that was released or that ended', async ({ rig, a, cars, take }) => {
      const lease = await take(a);
      await a.store.release(lease, o);
      await expect(a.store.save(checkpoint('1'), lease, o)).rejects.toEqual(lost);
      const second = await take(a);
      await rig.expireLeases();
      await expect(a.store.save(checkpoint('1'), second, o)).rejects.toEqual(lost);
      expect(await a.store.load(cars, o)).toBeUndefined();
    });

    test('a save does not start past the moment until which the lease is good, and does after a renewal', async ({
      a,
      b,
      cars,
      take,
    }) => {
      const lease = await take(a);
      await a.clock.advance(lease.goodUntilMs - a.clock.monotonicMs());
      await expect(a.store.save(checkpoint('1'), lease, o)).rejects.toEqual(lost);
      expect(await b.store.load(cars, o)).toBeUndefined();
      await a.store.save(checkpoint('1'), await a.store.renew(lease, o), o);
      expect(await b.store.load(cars, o)).toEqual(checkpoint('1'));
    });

    test('the end of the newest renewal counts, also for a lease from before it', async ({
      a,
      b,
      cars,
      take,
    }) => {
      const old = await take(a);
      await a.clock.advance(1_000);
      const renewed = await a.store.renew(old, o);
      await a.clock.advance(old.goodUntilMs - a.clock.monotonicMs());
      await a.store.save(checkpoint('1'), old, o);
      await a.clock.advance(renewed.goodUntilMs - a.clock.monotonicMs());
      await expect(a.store.save(checkpoint('2'), old, o)).rejects.toEqual(lost);
      expect(await b.store.load(cars, o)).toEqual(checkpoint('1'));
    });

    test('a checkpoint never moves back, and may be saved again or move on by generation', async ({
      a,
      cars,
      take,
    }) => {
      const lease = await take(a);
      await a.store.save(checkpoint('5', 2), lease, o);
      await expect(a.store.save(checkpoint('4', 2), lease, o)).rejects.toMatchObject({ code: 'Unexpected' });
      await expect(a.store.save(checkpoint('9', 1), lease, o)).rejects.toMatchObject({ code: 'Unexpected' });
      expect(await a.store.load(cars, o)).toEqual(checkpoint('5', 2));
      await a.store.save(checkpoint('5', 2), lease, o);
      await a.store.save(checkpoint('1', 3), lease, o);
      expect(await a.store.load(cars, o)).toEqual(checkpoint('1', 3));
    });

    test('a new owner that has not loaded cannot move it back either', async ({ a, b, cars, take }) => {
      const lease = await take(a);
      await a.store.save(checkpoint('5'), lease, o);
      await a.store.release(lease, o);
      const next = await take(b);
      await expect(b.store.save(checkpoint('4'), next, o)).rejects.toMatchObject({ code: 'Unexpected' });
      await b.store.save(checkpoint('6'), next, o);
      expect(await a.store.load(cars, o)).toEqual(checkpoint('6'));
    });

    test('tables do not share a checkpoint', async ({ rig, a, b, cars, take }) => {
      const bikes = rig.table('Bikes');
      await a.store.save(checkpoint('1'), await take(a), o);
      await a.store.save(checkpoint('2'), await take(a, bikes), o);
      expect(await b.store.load(cars, o)).toEqual(checkpoint('1'));
      expect(await b.store.load(bikes, o)).toEqual(checkpoint('2'));
    });

    test('saves that overlap end with the newest', async ({ a, b, cars, take }) => {
      const lease = await take(a);
      const saves = ['1', '2', '3', '4'].map((position) => a.store.save(checkpoint(position), lease, o));
      const results = await Promise.allSettled(saves);
      const failed = results.flatMap((one) => (one.status === 'rejected' ? [one.reason.disposition] : []));
      expect(failed.filter((disposition) => disposition !== 'retry')).toEqual([]);
      await a.store.save(checkpoint('5'), lease, o);
      expect(await b.store.load(cars, o)).toEqual(checkpoint('5'));
    });

    test('an aborted caller is rejected with its reason and nothing is saved', async ({ a, cars, take }) => {
      const lease = await take(a);
      const reason = new Error('enough');
      const aborted = { signal: AbortSignal.abort(reason) };
      await expect(a.store.save(checkpoint('1'), lease, aborted)).rejects.toBe(reason);
      await expect(a.store.load(cars, aborted)).rejects.toBe(reason);
      expect(await a.store.load(cars, o)).toBeUndefined();
      expect(a.clock.sleeping).toBe(0);
    });

    test.for([
      ['tried again', '1', '1'],
      ['followed by a newer one', '1', '2'],
    ])(
      'a save whose reply was lost is known when it is %s',
      async ([, first = '', second = ''], { rig, a, b, cars, take, skip }) => {
        skip(rig.faults?.loseReplyToSave === undefined, 'nothing can be injected here');
        const lease = await take(a);
        await a.store.save(checkpoint('0'), lease, o);
        rig.faults?.loseReplyToSave?.();
        await expect(a.store.save(checkpoint(first), lease, o)).rejects.toMatchObject({
          disposition: 'retry',
        });
        expect(await b.store.load(cars, o)).toEqual(checkpoint(first));
        await a.store.save(checkpoint(second), lease, o);
        await a.store.save(checkpoint('3'), lease, o);
        expect(await b.store.load(cars, o)).toEqual(checkpoint('3'));
      },
    );

    test('a save whose reply was lost does not let an owner back in that was deposed since', async ({
      rig,
      a,
      b,
      cars,
      take,
      skip,
    }) => {
      skip(rig.faults?.loseReplyToSave === undefined, 'nothing can be injected here');
      const lease = await take(a);
      rig.faults?.loseReplyToSave?.();
      await expect(a.store.save(checkpoint('1'), lease, o)).rejects.toMatchObject({ disposition: 'retry' });
      await rig.expireLeases();
      await take(b);
      await expect(a.store.save(checkpoint('2'), lease, o)).rejects.toEqual(lost);
      expect(await b.store.load(cars, o)).toEqual(checkpoint('1'));
    });
  });
}
