/** The Service Bus stand-in against the real client over real sockets. */
import { ServiceBusClient, type ServiceBusReceivedMessage } from '@azure/service-bus';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  startServiceBus,
  type ServiceBusStandIn,
} from '../../libs/stand-ins/src/service-bus/service-bus-server.ts';
import type { Entities } from '../../libs/stand-ins/src/service-bus/broker/entity-settings.ts';

type SequenceNumber = NonNullable<ServiceBusReceivedMessage['sequenceNumber']>;

const retryOptions = { maxRetries: 0, timeoutInMs: 3000 };
const lockMs = 2000;

/** One entity for each kind of rule. */
const entities: Entities = {
  UserConfig: {
    Namespaces: [
      {
        Queues: [
          { Name: 'plain' },
          { Name: 'short', Properties: { LockDuration: `PT${lockMs / 1000}S`, MaxDeliveryCount: 2 } },
          { Name: 'unique', Properties: { RequiresDuplicateDetection: true } },
          { Name: 'small', Properties: { MaxMessageSize: 4096 } },
          { Name: 'expiring', Properties: { DeadLetteringOnMessageExpiration: true } },
          { Name: 'sessions', Properties: { RequiresSession: true } },
          {
            Name: 'short-sessions',
            Properties: { RequiresSession: true, LockDuration: `PT${lockMs / 1000}S` },
          },
        ],
        Topics: [
          {
            Name: 'ingest',
            Subscriptions: [{ Name: 'dstream', Properties: { RequiresSession: true } }, { Name: 'audit' }],
          },
          { Name: 'nobody' },
        ],
      },
    ],
  },
};

let bus: ServiceBusStandIn;
let client: ServiceBusClient;
const errors: unknown[] = [];

beforeEach(async () => {
  errors.length = 0;
  bus = await startServiceBus({ entities, onError: (error) => errors.push(error) });
  client = new ServiceBusClient(bus.connectionString, { retryOptions });
});

afterEach(async () => {
  await client.close();
  await bus.close();
  if (errors.length > 0) throw new AggregateError(errors, 'the stand-in reported errors');
});

const bodies = (messages: readonly ServiceBusReceivedMessage[]): unknown[] =>
  messages.map(({ body }) => body);

function only<T>(list: readonly T[]): T {
  expect(list).toHaveLength(1);
  return list[0] as T;
}

const noRenewal = { maxAutoLockRenewalDurationInMs: 0 };

describe('sending', () => {
  test('one, several and a batch arrive in order with everything they carry', async () => {
    const sender = client.createSender('plain');
    await sender.sendMessages({
      body: { a: 1 },
      messageId: 'm1',
      subject: 'dbo.T',
      contentType: 'application/json',
      correlationId: 'c1',
      replyTo: 'r',
      to: 't',
      partitionKey: 'p',
      timeToLive: 60_000,
      applicationProperties: { text: 'x', number: 1.5, flag: true, when: new Date(0) },
    });
    await sender.sendMessages([{ body: 'two' }, { body: 'three' }]);
    const batch = await sender.createMessageBatch();
    expect(batch.maxSizeInBytes).toBe(256 * 1024);
    expect(batch.tryAddMessage({ body: 'four' })).toBe(true);
    await sender.sendMessages(batch);
    const received = await client.createReceiver('plain').receiveMessages(4);
    expect(bodies(received)).toEqual([{ a: 1 }, 'two', 'three', 'four']);
    expect(received[0]).toMatchObject({
      messageId: 'm1',
      subject: 'dbo.T',
      contentType: 'application/json',
      correlationId: 'c1',
      replyTo: 'r',
      to: 't',
      partitionKey: 'p',
      timeToLive: 60_000,
      deliveryCount: 0,
      applicationProperties: { text: 'x', number: 1.5, flag: true, when: 0 },
    });
    expect(received.map(({ sequenceNumber }) => sequenceNumber?.toNumber())).toEqual([1, 2, 3, 4]);
    expect(received.every(({ messageId }) => typeof messageId === 'string')).toBe(true);
    const age = Date.now() - (received[0]?.enqueuedTimeUtc?.getTime() ?? 0);
    expect(age).toBeGreaterThanOrEqual(0);
    expect(age).toBeLessThan(10_000);
  });

  test.each([
    ['data', { bodyType: 'data', body: Buffer.from([0, 255, 1]) }],
    ['a value', { bodyType: 'value', body: [1, 'x', null] }],
    ['a sequence', { bodyType: 'sequence', body: [1, 'x'] }],
  ] as const)('a body of %s keeps its type', async (_, message) => {
    await client.createSender('plain').sendMessages({ ...message, body: message.body });
    const received = only(await client.createReceiver('plain').receiveMessages(1));
    expect(received._rawAmqpMessage.bodyType).toBe(message.bodyType);
    expect(received.body).toEqual(message.body);
  });

  test('a message beyond the limit is refused at once, and the link goes on', async () => {
    const sender = client.createSender('small');
    const large = sender.sendMessages({ body: Buffer.alloc(5000) });
    await expect(large).rejects.toMatchObject({ code: 'MessageSizeExceeded' });
    await sender.sendMessages({ body: 'fits' });
    expect(bus.messages('small')).toHaveLength(1);
  });

  test('a message larger than a frame arrives whole', async () => {
    const body = Buffer.alloc(200_000, 'abc');
    await client.createSender('plain').sendMessages({ body });
    const received = only(await client.createReceiver('plain').receiveMessages(1));
    expect(body.equals(received.body as Buffer)).toBe(true);
  });

  test('duplicates of a message id are dropped', async () => {
    const sender = client.createSender('unique');
    await sender.sendMessages([
      { body: 1, messageId: 'a' },
      { body: 2, messageId: 'b' },
    ]);
    await sender.sendMessages({ body: 3, messageId: 'a' });
    expect(bus.messages('unique').map(({ messageId }) => messageId)).toEqual(['a', 'b']);
  });

  test('a topic gives every subscription a copy, and one without a subscription takes and forgets', async () => {
    await client.createSender('ingest').sendMessages({ body: 'x', sessionId: 's' });
    await client.createSender('nobody').sendMessages({ body: 'x' });
    expect(bus.messages('ingest/Subscriptions/audit')).toHaveLength(1);
    expect(bus.messages('ingest/Subscriptions/dstream')).toHaveLength(1);
  });

  test('an entity that is not declared is not found, for senders and receivers', async () => {
    const notFound = { code: 'MessagingEntityNotFound' };
    await expect(client.createSender('other').sendMessages({ body: 'x' })).rejects.toMatchObject(notFound);
    await expect(client.createReceiver('other').receiveMessages(1)).rejects.toMatchObject(notFound);
    await expect(client.createReceiver('ingest', 'other').receiveMessages(1)).rejects.toMatchObject(notFound);
  });

  test('scheduled messages arrive at their time, show in a peek, and can be cancelled', async () => {
    const sender = client.createSender('plain');
    const at = new Date(Date.now() + 700);
    const [first, second] = await sender.scheduleMessages([{ body: 'kept' }, { body: 'cancelled' }], at);
    const receiver = client.createReceiver('plain');
    const peeked = await receiver.peekMessages(5);
    expect(peeked.map(({ state }) => state)).toEqual(['scheduled', 'scheduled']);
    await sender.cancelScheduledMessages(second as SequenceNumber);
    await expect(sender.cancelScheduledMessages(second as SequenceNumber)).rejects.toMatchObject({
      code: 'MessageNotFound',
    });
    const received = only(await receiver.receiveMessages(2, { maxWaitTimeInMs: 2500 }));
    expect(received.body).toBe('kept');
    expect(received.sequenceNumber?.toNumber()).toBeGreaterThan(first?.toNumber() ?? Infinity);
    expect(Date.now()).toBeGreaterThanOrEqual(at.getTime());
  });
});

describe('peek-lock', () => {
  test('complete, abandon, defer and dead-letter do what they say', async () => {
    await client
      .createSender('plain')
      .sendMessages(['done', 'again', 'later', 'dead'].map((body) => ({ body })));
    const receiver = client.createReceiver('plain');
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

    const undertaker = client.createReceiver('plain', { subQueueType: 'deadLetter' });
    const letter = only(await undertaker.receiveMessages(1));
    expect(letter).toMatchObject({
      body: 'dead',
      deadLetterReason: 'bad',
      deadLetterErrorDescription: 'really',
      deadLetterSource: 'plain',
      applicationProperties: { index: 4 },
    });
    await undertaker.completeMessage(letter);
    expect([bus.messages('plain'), bus.messages('plain/$DeadLetterQueue')]).toEqual([[], []]);
    expect(bus.counters()).toMatchObject({ completed: 4, abandoned: 1, deferred: 1, deadLettered: 1 });
  });

  test('a lock that ran out cannot be settled, and the message comes again counted', async () => {
    await client.createSender('short').sendMessages({ body: 'x' });
    const receiver = client.createReceiver('short', noRenewal);
    const first = only(await receiver.receiveMessages(1));
    expect((first.lockedUntilUtc?.getTime() ?? 0) - Date.now()).toBeGreaterThan(lockMs - 1000);
    bus.expireMessageLocks('short');
    await expect(receiver.completeMessage(first)).rejects.toMatchObject({ code: 'MessageLockLost' });
    await expect(receiver.renewMessageLock(first)).rejects.toMatchObject({ code: 'MessageLockLost' });
    expect(only(await receiver.receiveMessages(1)).deliveryCount).toBe(1);
  });

  test('a renewed lock outlives its first expiry', async () => {
    await client.createSender('short').sendMessages({ body: 'x' });
    const receiver = client.createReceiver('short', noRenewal);
    const message = only(await receiver.receiveMessages(1));
    const before = message.lockedUntilUtc?.getTime() ?? 0;
    await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(before - lockMs / 2), { timeout: lockMs });
    const until = await receiver.renewMessageLock(message);
    expect(until.getTime()).toBeGreaterThan(before);
    await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(before), { timeout: lockMs });
    await receiver.completeMessage(message);
    expect(bus.messages('short')).toEqual([]);
  });

  test('the maximum of deliveries ends in the dead letters', async () => {
    await client.createSender('short').sendMessages({ body: 'x' });
    const receiver = client.createReceiver('short', noRenewal);
    for (let i = 0; i < 2; i += 1) await receiver.abandonMessage(only(await receiver.receiveMessages(1)));
    const letter = only(
      await client.createReceiver('short', { subQueueType: 'deadLetter' }).receiveMessages(1),
    );
    expect(letter.deadLetterReason).toBe('MaxDeliveryCountExceeded');
  });

  test('an expired message is dead-lettered where that is declared', async () => {
    await client.createSender('expiring').sendMessages({ body: 'x', timeToLive: 50 });
    await vi.waitFor(() => expect(bus.messages('expiring/$DeadLetterQueue')).toHaveLength(1));
    expect(bus.messages('expiring/$DeadLetterQueue')[0]?.properties).toMatchObject({
      DeadLetterReason: 'TTLExpiredException',
    });
  });

  test('peeking reads without locking', async () => {
    await client.createSender('plain').sendMessages([{ body: 1 }, { body: 2 }]);
    const receiver = client.createReceiver('plain');
    expect(bodies(await receiver.peekMessages(5))).toEqual([1, 2]);
    expect(bodies(await receiver.peekMessages(5))).toEqual([]);
    expect(bodies(await receiver.receiveMessages(2))).toEqual([1, 2]);
  });

  test('receive and delete leaves nothing', async () => {
    await client.createSender('plain').sendMessages([{ body: 1 }, { body: 2 }]);
    const receiver = client.createReceiver('plain', { receiveMode: 'receiveAndDelete' });
    expect(bodies(await receiver.receiveMessages(2))).toEqual([1, 2]);
    expect(bus.messages('plain')).toEqual([]);
  });

  test('more messages than the client’s window are received and completed', async () => {
    const sender = client.createSender('plain');
    const count = 5000;
    for (let i = 0; i < count; i += 500) {
      await sender.sendMessages(Array.from({ length: 500 }, (_, j) => ({ body: i + j })));
    }
    const receiver = client.createReceiver('plain');
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
    await vi.waitFor(() => expect(bus.counters().completed).toBe(count), { timeout: 20_000 });
    expect(seen).toEqual(Array.from({ length: count }, (_, i) => i));
    expect(failures).toEqual([]);
  });

  test('a receive with a limit of time ends, and the rest stays for the next', async () => {
    const receiver = client.createReceiver('plain');
    expect(await receiver.receiveMessages(5, { maxWaitTimeInMs: 100 })).toEqual([]);
    await client.createSender('plain').sendMessages([{ body: 1 }, { body: 2 }, { body: 3 }]);
    expect(bodies(await receiver.receiveMessages(2))).toEqual([1, 2]);
    expect(bodies(await receiver.receiveMessages(2, { maxWaitTimeInMs: 100 }))).toEqual([3]);
  });

  test('settlements of different outcomes in one burst are answered each for itself', async () => {
    await client.createSender('plain').sendMessages([{ body: 1 }, { body: 2 }, { body: 3 }]);
    const receiver = client.createReceiver('plain', noRenewal);
    const [one, two, three] = (await receiver.receiveMessages(3)) as [
      ServiceBusReceivedMessage,
      ServiceBusReceivedMessage,
      ServiceBusReceivedMessage,
    ];
    bus.expireMessageLocks('plain', two.sequenceNumber?.toNumber());
    const settled = await Promise.allSettled([one, two, three].map((m) => receiver.completeMessage(m)));
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });
});

describe('sessions', () => {
  const send = (queue: string, sessionId: string, ...list: unknown[]): Promise<void> =>
    client.createSender(queue).sendMessages(list.map((body) => ({ body, sessionId })));

  test('by id: only its messages, in order, with state and renewal', async () => {
    await send('sessions', 'a', 1, 2);
    await send('sessions', 'b', 3);
    const session = await client.acceptSession('sessions', 'a');
    expect(session.sessionLockedUntilUtc.getTime()).toBeGreaterThan(Date.now());
    expect(bodies(await session.receiveMessages(5, { maxWaitTimeInMs: 200 }))).toEqual([1, 2]);
    expect(await session.getSessionState()).toBeNull();
    await session.setSessionState({ position: '0x01' });
    expect(await session.getSessionState()).toEqual({ position: '0x01' });
    expect((await session.renewSessionLock()).getTime()).toBeGreaterThanOrEqual(Date.now() + 55_000);
    await session.close();
    const again = await client.acceptSession('sessions', 'a');
    expect(await again.getSessionState()).toEqual({ position: '0x01' });
  });

  test('a session held by another cannot be locked', async () => {
    await client.acceptSession('sessions', 'a');
    await expect(client.acceptSession('sessions', 'a')).rejects.toMatchObject({
      code: 'SessionCannotBeLocked',
    });
  });

  test('the next session waits for a message, and every waiter gets another session', async () => {
    const waiting = [client.acceptNextSession('sessions'), client.acceptNextSession('sessions')];
    await send('sessions', 'a', 1);
    await send('sessions', 'b', 2);
    const ids = (await Promise.all(waiting)).map(({ sessionId }) => sessionId);
    expect(ids.sort()).toEqual(['a', 'b']);
  });

  test('no session in time is a timeout, and a message after it is not lost', async () => {
    const impatient = new ServiceBusClient(bus.connectionString, {
      retryOptions: { maxRetries: 0, timeoutInMs: 1000 },
    });
    await expect(impatient.acceptNextSession('sessions')).rejects.toMatchObject({ code: 'ServiceTimeout' });
    await impatient.close();
    await send('sessions', 'a', 1);
    const session = await client.acceptNextSession('sessions');
    expect(bodies(await session.receiveMessages(1))).toEqual([1]);
  });

  test('closing gives unsettled messages back in order, uncounted', async () => {
    await send('sessions', 'a', 1, 2, 3);
    const session = await client.acceptNextSession('sessions');
    const [, second] = await session.receiveMessages(3);
    await session.completeMessage(second as ServiceBusReceivedMessage);
    await session.close();
    const again = await client.acceptNextSession('sessions');
    const received = await again.receiveMessages(3, { maxWaitTimeInMs: 300 });
    expect(received.map(({ body, deliveryCount }) => [body, deliveryCount])).toEqual([
      [1, 0],
      [3, 0],
    ]);
  });

  test('an expired lock detaches the link, refuses settlements and counts', async () => {
    await send('short-sessions', 'a', 1);
    const session = await client.acceptSession('short-sessions', 'a', noRenewal);
    const message = only(await session.receiveMessages(1));
    expect(bus.expireSessionLock('short-sessions', 'a')).toBe(true);
    await vi.waitFor(() => expect(session.isClosed).toBe(true));
    await expect(session.completeMessage(message)).rejects.toMatchObject({ code: 'SessionLockLost' });
    const again = await client.acceptSession('short-sessions', 'a', noRenewal);
    expect(only(await again.receiveMessages(1)).deliveryCount).toBe(1);
  });

  test('a lock that nobody renews runs out by itself', async () => {
    await send('short-sessions', 'a', 1);
    await client.acceptSession('short-sessions', 'a', noRenewal);
    const session = await client.acceptNextSession('short-sessions', noRenewal);
    expect(session.sessionId).toBe('a');
  });

  test('a receiver with a session on an entity without, and the reverse, are refused', async () => {
    await expect(client.acceptNextSession('plain')).rejects.toMatchObject({ code: 'GeneralError' });
    await expect(client.createReceiver('sessions').receiveMessages(1)).rejects.toMatchObject({
      code: 'GeneralError',
    });
    await expect(client.createSender('sessions').sendMessages({ body: 'x' })).rejects.toMatchObject({
      code: 'GeneralError',
    });
  });
});

describe('clients that die', () => {
  test('a session is free as soon as its connection is gone; a message lock stays', async () => {
    await client.createSender('sessions').sendMessages({ body: 1, sessionId: 'a' });
    await client.createSender('plain').sendMessages({ body: 2 });
    const doomed = new ServiceBusClient(bus.connectionString, { retryOptions });
    const session = await doomed.acceptSession('sessions', 'a', noRenewal);
    await session.receiveMessages(1);
    await doomed.createReceiver('plain', noRenewal).receiveMessages(1);
    bus.dropConnections();
    const survivor = new ServiceBusClient(bus.connectionString, { retryOptions });
    const again = await survivor.acceptSession('sessions', 'a');
    expect(only(await again.receiveMessages(1))).toMatchObject({ body: 1, deliveryCount: 0 });
    const receiver = survivor.createReceiver('plain');
    expect(await receiver.receiveMessages(1, { maxWaitTimeInMs: 200 })).toEqual([]);
    expect(bus.messages('plain')[0]?.locked).toBe(true);
    await survivor.close();
    await doomed.close();
  });

  test('who waited for a session and went gets none', async () => {
    const doomed = new ServiceBusClient(bus.connectionString, { retryOptions });
    const waiting = doomed.acceptNextSession('sessions');
    waiting.catch(() => undefined);
    await vi.waitFor(() => expect(bus.counters().openConnections).toBe(1));
    bus.dropConnections();
    await expect(waiting).rejects.toBeInstanceOf(Error);
    await client.createSender('sessions').sendMessages({ body: 1, sessionId: 'a' });
    const session = await client.acceptNextSession('sessions');
    expect(session.sessionId).toBe('a');
    await doomed.close();
  });
});

describe('faults', () => {
  test('server busy refuses so many sends', async () => {
    bus.serverBusy(1);
    const sender = client.createSender('plain');
    await expect(sender.sendMessages({ body: 1 })).rejects.toMatchObject({ code: 'ServiceBusy' });
    await sender.sendMessages({ body: 2 });
    expect(bus.messages('plain')).toHaveLength(1);
  });

  test('a full entity refuses until it has room', async () => {
    bus.setFull('plain', true);
    const sender = client.createSender('plain');
    await expect(sender.sendMessages({ body: 1 })).rejects.toMatchObject({ code: 'QuotaExceeded' });
    bus.setFull('plain', false);
    await sender.sendMessages({ body: 1 });
    expect(bus.messages('plain')).toHaveLength(1);
  });

  test('a silent queue gives nothing until the fault ends', async () => {
    bus.setSilent('plain', true);
    await client.createSender('plain').sendMessages({ body: 1 });
    const receiver = client.createReceiver('plain');
    expect(await receiver.receiveMessages(1, { maxWaitTimeInMs: 200 })).toEqual([]);
    const waiting = receiver.receiveMessages(1, { maxWaitTimeInMs: 2500 });
    bus.setSilent('plain', false);
    expect(bodies(await waiting)).toEqual([1]);
  });

  test('refused settlements leave the message locked', async () => {
    await client.createSender('plain').sendMessages({ body: 1 });
    const receiver = client.createReceiver('plain');
    const message = only(await receiver.receiveMessages(1));
    bus.refuseSettlements(1, 'com.microsoft:server-busy');
    await expect(receiver.completeMessage(message)).rejects.toMatchObject({ code: 'ServiceBusy' });
    expect(bus.messages('plain')[0]?.locked).toBe(true);
  });

  test('delays hold sends and settlements back', async () => {
    const sender = client.createSender('plain');
    await sender.sendMessages({ body: 0 });
    const receiver = client.createReceiver('plain');
    const message = only(await receiver.receiveMessages(1));
    bus.delaySends(300);
    bus.delaySettlements(300);
    const start = performance.now();
    await Promise.all([sender.sendMessages({ body: 1 }), receiver.completeMessage(message)]);
    expect(performance.now() - start).toBeGreaterThan(250);
    bus.clear();
  });

  test('refused connections end by themselves', async () => {
    bus.refuseConnections(400);
    const start = performance.now();
    const late = new ServiceBusClient(bus.connectionString, { retryOptions });
    await expect(late.createSender('plain').sendMessages({ body: 1 })).rejects.toThrow('ECONNREFUSED');
    await vi.waitFor(() => late.createSender('plain').sendMessages({ body: 1 }), { timeout: 10_000 });
    expect(performance.now() - start).toBeGreaterThan(350);
    await late.close();
  });

  test('detached links are opened again by the client', async () => {
    const sender = client.createSender('plain');
    await sender.sendMessages({ body: 1 });
    expect(bus.detachLinks('plain')).toBe(1);
    await vi.waitFor(() => sender.sendMessages({ body: 2 }), { timeout: 10_000 });
    expect(bus.messages('plain').map(({ body }) => String(body))).toEqual(['1', '2']);
  });
});

test('without declarations an entity comes into being when it is used', async () => {
  const open = await startServiceBus();
  const user = new ServiceBusClient(open.connectionString, { retryOptions });
  await user.createSender('ingest-topic').sendMessages({ body: 1, sessionId: 's' });
  const session = await user.acceptNextSession('Ingest-Topic', 'dstream');
  expect(bodies(await session.receiveMessages(1))).toEqual([1]);
  const receiver = user.createReceiver('events');
  const waiting = receiver.receiveMessages(1, { maxWaitTimeInMs: 2500 });
  await vi.waitFor(() => expect(open.entities().map(({ kind }) => kind)).toEqual(['topic', 'queue']));
  await user.createSender('events').sendMessages({ body: 2 });
  expect(bodies(await waiting)).toEqual([2]);
  await user.close();
  await open.close();
});
