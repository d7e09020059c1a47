/** The Service Bus stand-in against the real client over real sockets: what senders send. */
import { ServiceBusClient, type ServiceBusReceivedMessage } from '@azure/service-bus';
import { describe, expect, test, vi } from 'vitest';
import { startServiceBus } from '../stand-ins/amqp/src/service-bus/service-bus-server.ts';
import { bodies, only, retryOptions, serviceBusRig } from '../support/service-bus-rig.ts';

type SequenceNumber = NonNullable<ServiceBusReceivedMessage['sequenceNumber']>;

const rig = serviceBusRig();

describe('sending', () => {
  test('one, several and a batch arrive in order with everything they carry', async () => {
    const sender = rig.client.createSender('plain');
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
    const received = await rig.client.createReceiver('plain').receiveMessages(4);
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
    await rig.client.createSender('plain').sendMessages({ ...message, body: message.body });
    const received = only(await rig.client.createReceiver('plain').receiveMessages(1));
    expect(received._rawAmqpMessage.bodyType).toBe(message.bodyType);
    expect(received.body).toEqual(message.body);
  });

  test('a message beyond the limit is refused at once, and the link goes on', async () => {
    const sender = rig.client.createSender('small');
    const large = sender.sendMessages({ body: Buffer.alloc(5000) });
    await expect(large).rejects.toMatchObject({ code: 'MessageSizeExceeded' });
    await sender.sendMessages({ body: 'fits' });
    expect(rig.bus.messages('small')).toHaveLength(1);
  });

  test('a message larger than a frame arrives whole', async () => {
    const body = Buffer.alloc(200_000, 'abc');
    await rig.client.createSender('plain').sendMessages({ body });
    const received = only(await rig.client.createReceiver('plain').receiveMessages(1));
    expect(body.equals(received.body as Buffer)).toBe(true);
  });

  test('duplicates of a message id are dropped', async () => {
    const sender = rig.client.createSender('unique');
    await sender.sendMessages([
      { body: 1, messageId: 'a' },
      { body: 2, messageId: 'b' },
    ]);
    await sender.sendMessages({ body: 3, messageId: 'a' });
    expect(rig.bus.messages('unique').map(({ messageId }) => messageId)).toEqual(['a', 'b']);
  });

  test('a topic gives every subscription a copy, and one without a subscription takes and forgets', async () => {
    await rig.client.createSender('ingest').sendMessages({ body: 'x', sessionId: 's' });
    await rig.client.createSender('nobody').sendMessages({ body: 'x' });
    expect(rig.bus.messages('ingest/Subscriptions/audit')).toHaveLength(1);
    expect(rig.bus.messages('ingest/Subscriptions/dstream')).toHaveLength(1);
  });

  test('an entity that is not declared is not found, for senders and receivers', async () => {
    const notFound = { code: 'MessagingEntityNotFound' };
    await expect(rig.client.createSender('other').sendMessages({ body: 'x' })).rejects.toMatchObject(
      notFound,
    );
    await expect(rig.client.createReceiver('other').receiveMessages(1)).rejects.toMatchObject(notFound);
    await expect(rig.client.createReceiver('ingest', 'other').receiveMessages(1)).rejects.toMatchObject(
      notFound,
    );
  });

  test('scheduled messages arrive at their time, show in a peek, and can be cancelled', async () => {
    const sender = rig.client.createSender('plain');
    const at = new Date(Date.now() + 700);
    const [first, second] = await sender.scheduleMessages([{ body: 'kept' }, { body: 'cancelled' }], at);
    const receiver = rig.client.createReceiver('plain');
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
