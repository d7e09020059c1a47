/** What every Subscription promises with sessions (libs/core/src/subscription.ts). */
import { asDStreamError, messageMemory, type Delivery, type Position, type SessionLock } from '@dstream/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Broker } from '../support/broker.ts';
import { Consumer } from '../support/consumer.ts';
import { SubscriptionRig } from '../support/subscription-rig.ts';
import { until } from '../support/until.ts';

/** Long enough for what should not come to have come, were it wrong. */
const quietMs = 250;

function holdOf({ session }: Delivery): SessionLock {
  if (session === undefined) throw new Error('the delivery has no session');
  return session;
}

function codeThrownBy(act: () => void): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return asDStreamError(error).code;
  }
}

export function sessionsContract(name: string, open: () => Promise<Broker>): void {
  describe(`subscription with sessions: ${name}`, () => {
    let rig: SubscriptionRig;

    beforeEach(async () => {
      rig = await SubscriptionRig.open(open);
    });
    afterEach(() => rig[Symbol.asyncDispose]());

    test('messages of a session come in order, none handed out before', async () => {
      const consumer = await rig.consumerOf(rig.post.messages('a', 1, 5));
      const deliveries = await consumer.take(5);
      expect(rig.names(deliveries)).toEqual(['a-1', 'a-2', 'a-3', 'a-4', 'a-5']);
      expect(deliveries.map(({ deliveryCount }) => deliveryCount)).toEqual([0, 0, 0, 0, 0]);
    });

    test('all deliveries of one hold carry the same session', async () => {
      const consumer = await rig.consumerOf(rig.post.messages('a', 1, 2));
      const [first, second] = await consumer.take(2);
      expect(first?.session).toBeDefined();
      expect(first?.session).toBe(second?.session);
      expect(first?.session?.id).toBe(rig.post.session('a'));
    });

    test('a session that is not settled keeps no other waiting', async () => {
      const consumer = await rig.consumerOf([
        rig.post.message('a', 1),
        rig.post.message('b', 1),
        rig.post.message('c', 1),
      ]);
      expect(rig.names(await consumer.take(3)).sort()).toEqual(['a-1', 'b-1', 'c-1']);
    });

    test('no more than maxInFlight of a session are unsettled', async () => {
      const consumer = await rig.consumerOf(rig.post.messages('a', 1, 4), { maxInFlight: 2 });
      const [first] = await consumer.take(2);
      expect(await consumer.nextWithin(quietMs)).toBeUndefined();
      await first?.complete();
      expect(rig.names(await consumer.take(1))).toEqual(['a-3']);
    });

    test('what is not settled takes about maxBytes, and every session gets its part', async () => {
      const body = JSON.stringify('x'.repeat(100_000));
      const sessions = ['a', 'b', 'c', 'd'];
      const consumer = await rig.consumerOf(
        sessions.flatMap((session) => [1, 2, 3].map((n) => rig.post.message(session, n, body))),
        { maxBytes: 2 * messageMemory(body.length) + 1 },
      );
      const held: Delivery[] = [];
      const seen: string[] = [];
      while (seen.length < 12) {
        const delivery = await consumer.nextWithin(quietMs);
        if (delivery !== undefined) held.push(delivery);
        expect(held.length).toBeLessThanOrEqual(4);
        if (delivery !== undefined) continue;
        const done = held.shift();
        await done?.complete();
        seen.push(...rig.names(done === undefined ? [] : [done]));
      }
      expect(seen.sort()).toEqual(sessions.flatMap((session) => [1, 2, 3].map((n) => `${session}-${n}`)));
    });

    test('no more than maxSessions are held', async () => {
      const consumer = rig.consume({ maxSessions: 1 });
      await rig.send([rig.post.message('a', 1), rig.post.message('b', 1)]);
      const first = await consumer.next();
      expect(await consumer.nextWithin(quietMs)).toBeUndefined();
      await first.complete();
      await first.session?.close();
      expect(rig.names([first, await consumer.next()]).sort()).toEqual(['a-1', 'b-1']);
    });

    test('what is completed does not come again', async () => {
      const consumer = await rig.consumerOf(rig.post.messages('a', 1, 3));
      const [first, second] = await consumer.take(2);
      await Promise.all([first?.complete(), second?.complete()]);
      await first?.session?.close();
      expect(rig.names([await consumer.next()])).toEqual(['a-3']);
    });

    test('a session that is closed comes again in order, and no delivery is counted', async () => {
      const consumer = await rig.consumerOf(rig.post.messages('a', 1, 4));
      const [first] = await consumer.take(3);
      await first?.complete();
      await first?.session?.close();
      const again = await consumer.take(3);
      expect(rig.names(again)).toEqual(['a-2', 'a-3', 'a-4']);
      expect(again.map(({ deliveryCount }) => deliveryCount)).toEqual([0, 0, 0]);
      expect(again[0]?.session).not.toBe(first?.session);
    });

    test('after the close the hold is lost, and nothing can be settled under it', async () => {
      const consumer = await rig.consumerOf(rig.post.messages('a', 1, 2));
      const [delivery] = await consumer.take(1);
      const hold = holdOf(delivery as Delivery);
      await Promise.all([hold.close(), hold.close()]);
      expect(hold.lost.aborted).toBe(true);
      expect(delivery?.lockLost.aborted).toBe(true);
      await expect(delivery?.complete()).rejects.toMatchObject({ code: 'LockLost', disposition: 'lost' });
      await expect(delivery?.deadLetter('r', 'd', {})).rejects.toMatchObject({ code: 'LockLost' });
      await expect(hold.load()).rejects.toMatchObject({ code: 'LockLost' });
      await expect(hold.save(progress(1))).rejects.toMatchObject({ code: 'LockLost' });
      expect(codeThrownBy(() => hold.assertHeld())).toBe('LockLost');
      await hold.close();
    });

    test('an idle session that was closed comes back when it has messages', async () => {
      const consumer = await rig.consumerOf([rig.post.message('a', 1)]);
      const first = await consumer.next();
      await first.complete();
      await first.session?.close();
      expect(await consumer.nextWithin(quietMs)).toBeUndefined();
      await rig.send([rig.post.message('a', 2)]);
      expect(rig.names([await consumer.next()])).toEqual(['a-2']);
    });

    test('a held session gets what is sent to it later', async () => {
      const consumer = await rig.consumerOf([rig.post.message('a', 1)]);
      const first = await consumer.next();
      await first.complete();
      await rig.send([rig.post.message('a', 2)]);
      const second = await consumer.next();
      expect(second.session).toBe(first.session);
    });

    test('a dead letter carries its reason and properties, and the next message goes on', async ({
      skip,
    }) => {
      const deadLetters = rig.deadLetters(skip);
      const consumer = await rig.consumerOf(rig.post.messages('a', 1, 2));
      const [bad, good] = await consumer.take(2);
      await bad?.deadLetter('NotDelivered', 'change 0: refused', { 'failed:out': '0-3', n: 2 });
      await good?.complete();
      const dead = (await deadLetters()).filter(({ messageId }) => messageId === bad?.message.messageId);
      expect(dead).toEqual([
        {
          messageId: bad?.message.messageId,
          reason: 'NotDelivered',
          description: 'change 0: refused',
          properties: expect.objectContaining({ 'failed:out': '0-3', n: 2, schema: 'dbo' }),
        },
      ]);
    });

    test('of outcomes settled in one tick each message gets its own', async ({ skip }) => {
      const deadLetters = rig.deadLetters(skip);
      const consumer = await rig.consumerOf(rig.post.messages('a', 1, 8));
      const deliveries = await consumer.take(8);
      await Promise.all(
        deliveries.map((delivery, i) =>
          i === 1 || i === 5 ? delivery.deadLetter('Bad', '', {}) : delivery.complete(),
        ),
      );
      await deliveries[0]?.session?.close();
      const dead = (await deadLetters()).filter((one) => rig.post.owns(one));
      expect(dead.map(({ messageId }) => rig.post.name(messageId))).toEqual(['a-2', 'a-6']);
      expect(await consumer.nextWithin(quietMs)).toBeUndefined();
    });

    test('progress that is saved is loaded, by the next holder too', async () => {
      const consumer = await rig.consumerOf(rig.post.messages('a', 1, 2));
      const first = await consumer.next();
      expect(await first.session?.load()).toBeUndefined();
      await first.session?.save(progress(5));
      await first.session?.save(progress(7));
      expect(await first.session?.load()).toEqual(progress(7));
      await first.complete();
      await first.session?.close();
      expect(await (await consumer.next()).session?.load()).toEqual(progress(7));
    });

    test('one session is never held by two', async ({ skip }) => {
      if (rig.broker.oneReceiver) skip('only one receives at a time');
      const [left, right] = [rig.consume(), rig.consume()];
      await rig.send(rig.post.messages('a', 1, 3));
      const winner = await Promise.race([left.next(), right.next()]);
      const asked = await Promise.all([left.nextWithin(quietMs), right.nextWithin(quietMs)]);
      const later = asked.filter((delivery) => delivery !== undefined);
      expect(later.every(({ session }) => session === winner.session)).toBe(true);
      await winner.session?.close();
    });

    test('a lock that runs out aborts, refuses what is settled under it, and counts a delivery', async ({
      skip,
    }) => {
      const faults = rig.faults(skip);
      const consumer = await rig.consumerOf(rig.post.messages('a', 1, 2));
      const [first] = await consumer.take(2);
      expect(faults.loseLock({}, rig.post.session('a'))).toBe(true);
      await expect(first?.complete()).rejects.toMatchObject({ code: 'LockLost' });
      expect(first?.lockLost.aborted).toBe(true);
      const again = await consumer.take(2);
      expect(rig.names(again)).toEqual(['a-1', 'a-2']);
      expect(again.map(({ deliveryCount }) => deliveryCount)).toEqual([1, 1]);
    });

    test('a hold is good until its lock is lost, not longer', async ({ skip }) => {
      const faults = rig.faults(skip);
      const consumer = await rig.consumerOf(rig.post.messages('a', 1, 2));
      const delivery = await consumer.next();
      const hold = holdOf(delivery);
      expect(() => hold.assertHeld()).not.toThrow();
      await delivery.complete();
      expect(() => hold.assertHeld()).not.toThrow();
      expect(faults.loseLock({}, rig.post.session('a'))).toBe(true);
      await until(
        () => hold.lost.aborted,
        () => 'the hold is lost',
      );
      expect(codeThrownBy(() => hold.assertHeld())).toBe('LockLost');
    });

    test('a session that waits leaves its slot and its bytes to another one, gets nothing more, and continues in order', async () => {
      const body = JSON.stringify('x'.repeat(100_000));
      const limits = { maxBytes: messageMemory(body.length) + 1, oneAtFirst: () => true };
      const consumer = rig.use(new Consumer(rig.subscribe({ maxSessions: 1 }), rig.post, limits));
      await rig.send([rig.post.message('a', 1, body), rig.post.message('a', 2, body)]);
      const first = await consumer.next();
      expect(first.session?.wait?.()).toBe(true);
      await rig.send([rig.post.message('b', 1, body)]);
      const other = await consumer.next();
      expect(rig.names([other])).toEqual(['b-1']);
      await other.complete();
      await other.session?.close();
      expect(await consumer.nextWithin(quietMs)).toBeUndefined();
      first.session?.resume?.();
      await first.complete();
      expect(rig.names([await consumer.next()])).toEqual(['a-2']);
    });

    test('a session that ends while it waits frees no second slot', async () => {
      const limits = { oneAtFirst: () => true };
      const consumer = rig.use(new Consumer(rig.subscribe({ maxSessions: 1 }), rig.post, limits));
      await rig.send([rig.post.message('a', 1)]);
      const first = await consumer.next();
      expect(first.session?.wait?.()).toBe(true);
      await first.session?.close();
      const again = await consumer.next();
      expect([rig.names([again]), again.deliveryCount]).toEqual([['a-1'], 0]);
      await rig.send([rig.post.message('b', 1)]);
      expect(await consumer.nextWithin(quietMs)).toBeUndefined();
      await again.complete();
    });

    test('an abort ends receiving at once with its reason; what is held can be settled and closed', async () => {
      const consumer = await rig.consumerOf(rig.post.messages('a', 1, 2));
      const [first, second] = await consumer.take(2);
      const reason = new Error('draining');
      const startMs = performance.now();
      expect(await consumer.stop(reason)).toBe(reason);
      expect(performance.now() - startMs).toBeLessThan(1_000);
      await first?.complete();
      await first?.session?.save(progress(1));
      await first?.session?.close();
      const next = await rig.consume().next();
      expect(next.message.messageId).toBe(second?.message.messageId);
      expect(next.deliveryCount).toBe(0);
    });

    test('an abort while nothing comes ends receiving at once', async () => {
      const consumer = rig.consume();
      expect(await consumer.nextWithin(quietMs)).toBeUndefined();
      const startMs = performance.now();
      await consumer.stop();
      expect(performance.now() - startMs).toBeLessThan(1_000);
    });

    test('a session that nobody saw is given back when receiving ends', async () => {
      const consumer = rig.consume();
      await rig.send([rig.post.message('a', 1), rig.post.message('b', 1)]);
      const first = await consumer.next();
      await consumer.stop();
      const other = await rig.consume().next();
      expect(rig.names([first, other]).sort()).toEqual(['a-1', 'b-1']);
    });

    test('disposal gives everything back and ends receiving', async () => {
      const subscription = rig.broker.subscription();
      const consumer = rig.use(new Consumer(subscription, rig.post));
      await rig.send(rig.post.messages('a', 1, 2));
      const [first] = await consumer.take(2);
      await subscription[Symbol.asyncDispose]();
      expect(first?.lockLost.aborted).toBe(true);
      await expect(consumer.next()).rejects.toThrow('disposed');
      expect(rig.names(await rig.consume().take(2))).toEqual(['a-1', 'a-2']);
    });

    test('receiving can be ended and begun again', async () => {
      const subscription = rig.subscribe();
      const first = new Consumer(subscription, rig.post);
      await rig.send([rig.post.message('a', 1)]);
      await (await first.next()).complete();
      await first.stop();
      const second = rig.use(new Consumer(subscription, rig.post));
      await rig.send([rig.post.message('a', 2)]);
      expect(rig.names([await second.next()])).toEqual(['a-2']);
    });
  });
}

function progress(generation: number): { generation: number; position: Position } {
  return { generation, position: `0000002A000001F8000${generation}/000001` as Position };
}
