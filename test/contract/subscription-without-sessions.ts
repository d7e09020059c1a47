/** What every Subscription promises without sessions (libs/core/src/subscription.ts). */
import type { Delivery } from '@dstream/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Broker } from '../support/broker.ts';
import { Consumer } from '../support/consumer.ts';
import { SubscriptionRig } from '../support/subscription-rig.ts';

/** Long enough for what should not come to have come, were it wrong. */
const quietMs = 250;

export function plainSubscriptionContract(name: string, open: () => Promise<Broker>): void {
  describe(`subscription without sessions: ${name}`, () => {
    let rig: SubscriptionRig;

    beforeEach(async () => {
      rig = await SubscriptionRig.open(open);
    });
    afterEach(() => rig[Symbol.asyncDispose]());

    test('messages come with a lock of their own and no session', async () => {
      const consumer = rig.consume({ sessions: false });
      await rig.send(rig.post.messages('a', 1, 3));
      const deliveries = await consumer.take(3);
      expect(rig.names(deliveries).sort()).toEqual(['a-1', 'a-2', 'a-3']);
      expect(deliveries.map(({ session }) => session)).toEqual([undefined, undefined, undefined]);
      await Promise.all(deliveries.map((delivery) => delivery.complete()));
      expect(await consumer.nextWithin(quietMs)).toBeUndefined();
    });

    test('what is completed does not come again, whatever its session id', async () => {
      const consumer = rig.consume({ sessions: false });
      await rig.send([...rig.post.messages('a', 1, 2), ...rig.post.messages('b', 1, 2)]);
      const deliveries = await consumer.take(4);
      expect(rig.names(deliveries).sort()).toEqual(['a-1', 'a-2', 'b-1', 'b-2']);
      expect(new Set(deliveries.map(({ message }) => message.sessionId)).size).toBe(2);
      await Promise.all(deliveries.map((delivery) => delivery.complete()));
      await consumer.stop();
      expect(await rig.consume({ sessions: false }).nextWithin(quietMs)).toBeUndefined();
    });

    test('a dead letter carries its reason and properties, and the others are completed in the same tick', async ({
      skip,
    }) => {
      const deadLetters = rig.deadLetters(skip);
      const consumer = rig.consume({ sessions: false });
      await rig.send(rig.post.messages('a', 1, 4));
      const deliveries = await consumer.take(4);
      const bad = deliveries[1];
      await Promise.all(
        deliveries.map((delivery) =>
          delivery === bad
            ? delivery.deadLetter('NotDelivered', 'change 0: refused', { 'failed:out': '0-3' })
            : delivery.complete(),
        ),
      );
      const dead = (await deadLetters({ sessions: false })).filter((one) => rig.post.owns(one));
      expect(dead).toEqual([
        {
          messageId: bad?.message.messageId,
          reason: 'NotDelivered',
          description: 'change 0: refused',
          properties: expect.objectContaining({ 'failed:out': '0-3', schema: 'dbo' }),
        },
      ]);
      expect(await consumer.nextWithin(quietMs)).toBeUndefined();
    });

    test('disposal ends receiving; what is not settled comes again, at the latest when its lock has run out', async ({
      skip,
    }) => {
      const faults = rig.faults(skip);
      const subscription = rig.broker.subscription({ sessions: false });
      const consumer = rig.use(new Consumer(subscription, rig.post));
      await rig.send(rig.post.messages('a', 1, 2));
      const [first, second] = await consumer.take(2);
      await first?.complete();
      await subscription[Symbol.asyncDispose]();
      expect(second?.lockLost.aborted).toBe(true);
      await expect(consumer.next()).rejects.toThrow('disposed');
      faults.loseLock({ sessions: false }, `${second?.message.messageId}`);
      const again = await rig.consume({ sessions: false }).next();
      expect(again.message.messageId).toBe(second?.message.messageId);
    });

    test('no more than maxInFlight are unsettled', async () => {
      const consumer = rig.consume({ sessions: false }, { maxInFlight: 2 });
      await rig.send(rig.post.messages('a', 1, 3));
      const [first, second] = await consumer.take(2);
      expect(await consumer.nextWithin(quietMs)).toBeUndefined();
      await first?.complete();
      const third = await consumer.next();
      expect(rig.names([first as Delivery, second as Delivery, third]).sort()).toEqual(['a-1', 'a-2', 'a-3']);
    });

    test('the lock of one message is lost alone', async ({ skip }) => {
      const faults = rig.faults(skip);
      const consumer = rig.consume({ sessions: false });
      await rig.send(rig.post.messages('a', 1, 2));
      const [first, second] = await consumer.take(2);
      expect(faults.loseLock({ sessions: false }, `${first?.message.messageId}`)).toBe(true);
      await expect(first?.complete()).rejects.toMatchObject({ code: 'LockLost' });
      expect(first?.lockLost.aborted).toBe(true);
      expect(second?.lockLost.aborted).toBe(false);
      await second?.complete();
      const again = await consumer.next();
      expect(again.message.messageId).toBe(first?.message.messageId);
      expect(again.deliveryCount).toBe(1);
    });

    test('a second consumer is refused while one receives, and the first continues', async () => {
      const subscription = rig.subscribe({ sessions: false });
      const first = rig.use(new Consumer(subscription, rig.post));
      expect(await first.nextWithin(quietMs)).toBeUndefined();
      const second = new Consumer(subscription, rig.post);
      await expect(second.next()).rejects.toThrow('receive is already running for');
      await rig.send([rig.post.message('a', 1)]);
      expect(rig.names([await first.next()])).toEqual(['a-1']);
    });

    test('after an abort what was handed out can be settled', async () => {
      const consumer = rig.consume({ sessions: false });
      await rig.send([rig.post.message('a', 1)]);
      const first = await consumer.next();
      const startMs = performance.now();
      await consumer.stop();
      expect(performance.now() - startMs).toBeLessThan(1_000);
      await first.complete();
      const other = rig.consume({ sessions: false });
      expect(await other.nextWithin(quietMs)).toBeUndefined();
    });
  });
}
