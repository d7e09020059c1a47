/** The Service Bus stand-in against the real client over real sockets: messages that are locked, settled and read. */
import type { ServiceBusReceivedMessage } from '@azure/service-bus';
import { describe, expect, test, vi } from 'vitest';
import { bodies, lockMs, noRenewal, only, serviceBusRig } from '../support/service-bus-rig.ts';

type SequenceNumber = NonNullable<ServiceBusReceivedMessage['sequenceNumber']>;

const rig = serviceBusRig();

describe('peek-lock', () => {
  test('complete, abandon, defer and dead-letter do what they say', async () => {
    await rig.client
      .createSender('plain')
      .sendMessages(['done', 'again', 'later', 'dead'].map((body) => ({ body })));
    const receiver = rig.client.createReceiver('plain');
    const [done, again, later, dead] = (await receiver.receiveMessages(4)) as [
      ServiceBusReceivedMessage,
      ServiceBusReceivedMessage,
      ServiceBusReceivedMessage,
      ServiceBusReceivedMessage,
    ];
    await receiver.completeMessage(done);
    await receiver.abandonMessage(again, { tried: 1 });
    await receiver.deferMessage(later, { kept: true });
    await receiver.deadLetterMessage(dead, {
      deadLetterReason: 'bad',
      deadLetterErrorDescription: 'really',
      index: 4,
    });
    const second = only(await receiver.receiveMessages(4, { maxWaitTimeInMs: 300 }));
    expect(second).toMatchObject({ body: 'again', deliveryCount: 1, applicationProperties: { tried: 1 } });
    await receiver.completeMessage(second);

    const deferred = only(await receiver.receiveDeferredMessages(later.sequenceNumber as SequenceNumber));
    expect(deferred).toMatchObject({
      body: 'later',
      state: 'deferred',
      applicationProperties: { kept: true },
    });
    await receiver.completeMessage(deferred);

    const undertaker = rig.client.createReceiver('plain', { subQueueType: 'deadLetter' });
    const letter = only(await undertaker.receiveMessages(1));
    expect(letter).toMatchObject({
      body: 'dead',
      deadLetterReason: 'bad',
      deadLetterErrorDescription: 'really',
      deadLetterSource: 'plain',
      applicationProperties: { index: 4 },
    });
    await undertaker.completeMessage(letter);
    expect([rig.bus.messages('plain'), rig.bus.messages('plain/$DeadLetterQueue')]).toEqual([[], []]);
    expect(rig.bus.counters()).toMatchObject({ completed: 4, abandoned: 1, deferred: 1, deadLettered: 1 });
  });

  test('a lock that ran out cannot be settled, and the message comes again counted', async () => {
    await rig.client.createSender('short').sendMessages({ body: 'x' });
    const receiver = rig.client.createReceiver('short', noRenewal);
    const first = only(await receiver.receiveMessages(1));
    expect((first.lockedUntilUtc?.getTime() ?? 0) - Date.now()).toBeGreaterThan(lockMs - 1000);
    rig.bus.expireMessageLocks('short');
    await expect(receiver.completeMessage(first)).rejects.toMatchObject({ code: 'MessageLockLost' });
    await expect(receiver.renewMessageLock(first)).rejects.toMatchObject({ code: 'MessageLockLost' });
    expect(only(await receiver.receiveMessages(1)).deliveryCount).toBe(1);
  });

  test('a renewed lock outlives its first expiry', async () => {
    await rig.client.createSender('short').sendMessages({ body: 'x' });
    const receiver = rig.client.createReceiver('short', noRenewal);
    const message = only(await receiver.receiveMessages(1));
    const before = message.lockedUntilUtc?.getTime() ?? 0;
    await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(before - lockMs / 2), { timeout: lockMs });
    const until = await receiver.renewMessageLock(message);
    expect(until.getTime()).toBeGreaterThan(before);
    await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(before), { timeout: lockMs });
    await receiver.completeMessage(message);
    expect(rig.bus.messages('short')).toEqual([]);
  });

  test('the maximum of deliveries ends in the dead letters', async () => {
    await rig.client.createSender('short').sendMessages({ body: 'x' });
    const receiver = rig.client.createReceiver('short', noRenewal);
    for (let i = 0; i < 2; i += 1) await receiver.abandonMessage(only(await receiver.receiveMessages(1)));
    const letter = only(
      await rig.client.createReceiver('short', { subQueueType: 'deadLetter' }).receiveMessages(1),
    );
    expect(letter.deadLetterReason).toBe('MaxDeliveryCountExceeded');
  });

  test('an expired message is dead-lettered where that is declared', async () => {
    await rig.client.createSender('expiring').sendMessages({ body: 'x', timeToLive: 50 });
    await vi.waitFor(() => expect(rig.bus.messages('expiring/$DeadLetterQueue')).toHaveLength(1));
    expect(rig.bus.messages('expiring/$DeadLetterQueue')[0]?.properties).toMatchObject({
      DeadLetterReason: 'TTLExpiredException',
    });
  });

  test('peeking reads without locking', async () => {
    await rig.client.createSender('plain').sendMessages([{ body: 1 }, { body: 2 }]);
    const receiver = rig.client.createReceiver('plain');
    expect(bodies(await receiver.peekMessages(5))).toEqual([1, 2]);
    expect(bodies(await receiver.peekMessages(5))).toEqual([]);
    expect(bodies(await receiver.receiveMessages(2))).toEqual([1, 2]);
  });

  test('receive and delete leaves nothing', async () => {
    await rig.client.createSender('plain').sendMessages([{ body: 1 }, { body: 2 }]);
    const receiver = rig.client.createReceiver('plain', { receiveMode: 'receiveAndDelete' });
    expect(bodies(await receiver.receiveMessages(2))).toEqual([1, 2]);
    expect(rig.bus.messages('plain')).toEqual([]);
  });

  test('more messages than the client’s window are received and completed', async () => {
    const sender = rig.client.createSender('plain');
    const count = 5000;
    for (let i = 0; i < count; i += 500) {
      await sender.sendMessages(Array.from({ length: 500 }, (_, j) => ({ body: i + j })));
    }
    const receiver = rig.client.createReceiver('plain');
    const seen: unknown[] = [];
    const failures: unknown[] = [];
    receiver.subscribe(
      {
        processMessage: async (message) => {
          seen.push(message.body);
          await receiver.completeMessage(message);
        },
        processError: async ({ error }) => {
          failures.push(error);
        },
      },
      { maxConcurrentCalls: 100, autoCompleteMessages: false },
    );
    await vi.waitFor(() => expect(rig.bus.counters().completed).toBe(count), { timeout: 20_000 });
    expect(seen).toEqual(Array.from({ length: count }, (_, i) => i));
    expect(failures).toEqual([]);
  });

  test('a receive with a limit of time ends, and the rest stays for the next', async () => {
    const receiver = rig.client.createReceiver('plain');
    expect(await receiver.receiveMessages(5, { maxWaitTimeInMs: 100 })).toEqual([]);
    await rig.client.createSender('plain').sendMessages([{ body: 1 }, { body: 2 }, { body: 3 }]);
    expect(bodies(await receiver.receiveMessages(2))).toEqual([1, 2]);
    expect(bodies(await receiver.receiveMessages(2, { maxWaitTimeInMs: 100 }))).toEqual([3]);
  });

  test('settlements of different outcomes in one burst are answered each for itself', async () => {
    await rig.client.createSender('plain').sendMessages([{ body: 1 }, { body: 2 }, { body: 3 }]);
    const receiver = rig.client.createReceiver('plain', noRenewal);
    const [one, two, three] = (await receiver.receiveMessages(3)) as [
      ServiceBusReceivedMessage,
      ServiceBusReceivedMessage,
      ServiceBusReceivedMessage,
    ];
    rig.bus.expireMessageLocks('plain', two.sequenceNumber?.toNumber());
    const settled = await Promise.allSettled([one, two, three].map((m) => receiver.completeMessage(m)));
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });
});
