/** The Service Bus stand-in against the real client over real sockets: messages for later, and duplicates. Time by hand. */
import { ServiceBusClient, type ServiceBusReceivedMessage } from '@azure/service-bus';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../stand-ins/amqp/src/protocol/manual-clock.ts';
import {
  startServiceBus,
  type ServiceBusStandIn,
} from '../stand-ins/amqp/src/service-bus/service-bus-server.ts';
import { only, retryOptions } from '../support/service-bus-rig.ts';

type SequenceNumber = NonNullable<ServiceBusReceivedMessage['sequenceNumber']>;

const unique = { RequiresDuplicateDetection: true, DuplicateDetectionHistoryTimeWindow: 'PT20S' };
const entities = {
  UserConfig: {
    Namespaces: [
      {
        Queues: [{ Name: 'plain' }, { Name: 'unique', Properties: unique }],
        Topics: [
          {
            Name: 'changes',
            Properties: unique,
            Subscriptions: [{ Name: 'dstream', Properties: { RequiresSession: true } }, { Name: 'audit' }],
          },
        ],
      },
    ],
  },
};
const audit = 'changes/Subscriptions/audit';

let clock: ManualClock;
let bus: ServiceBusStandIn;
let client: ServiceBusClient;
const errors: unknown[] = [];

beforeEach(async () => {
  clock = new ManualClock(Date.now());
  bus = await startServiceBus({ entities, clock, onError: (error) => errors.push(error) });
  client = new ServiceBusClient(bus.connectionString, { retryOptions });
});

afterEach(async () => {
  await client.close();
  await bus.close();
  const found = errors.splice(0);
  if (found.length > 0) throw new AggregateError(found, 'the stand-in reported errors');
});

const ids = (address: string) => bus.messages(address).map(({ messageId }) => messageId);
const inMs = (ms: number) => new Date(clock.nowMs() + ms);
const message = (messageId: string) => ({ messageId, body: messageId, sessionId: 's' });
const numberOf = (received: ServiceBusReceivedMessage | undefined) =>
  received?.sequenceNumber?.toNumber() ?? NaN;

describe('a message for later', () => {
  test('reaches the subscriptions of its topic at its time, with a new sequence number and enqueued time', async () => {
    const sender = client.createSender('changes');
    const [first] = await sender.scheduleMessages([message('later')], inMs(60_000));
    await sender.sendMessages(message('now'));
    clock.advance(59_999);
    expect([ids(audit), ids('changes/Subscriptions/dstream')]).toEqual([['now'], ['now']]);
    clock.advance(1);
    expect([ids(audit), ids('changes/Subscriptions/dstream')]).toEqual([
      ['now', 'later'],
      ['now', 'later'],
    ]);
    const receiver = client.createReceiver('changes', 'audit');
    const [now, later] = await receiver.receiveMessages(2);
    expect(later?.enqueuedTimeUtc?.getTime()).toBe(clock.nowMs());
    expect(later?.scheduledEnqueueTimeUtc?.getTime()).toBe(clock.nowMs());
    expect(later?.state).toBe('active');
    expect(numberOf(later)).toBeGreaterThan(numberOf(now));
    expect(numberOf(later)).toBeGreaterThan(first?.toNumber() ?? Infinity);
  });

  test('may be sent like others, with its time on it; a time that is over means now', async () => {
    const sender = client.createSender('plain');
    await sender.sendMessages([
      { ...message('over'), scheduledEnqueueTimeUtc: inMs(-60_000) },
      { ...message('later'), scheduledEnqueueTimeUtc: inMs(60_000) },
    ]);
    expect(ids('plain')).toEqual(['over']);
    const peeked = await client.createReceiver('plain').peekMessages(2);
    expect(peeked.map(({ messageId, state }) => [messageId, state])).toEqual([
      ['over', 'active'],
      ['later', 'scheduled'],
    ]);
    clock.advance(60_000);
    expect(ids('plain')).toEqual(['over', 'later']);
  });

  test('that is cancelled never arrives; of a request with one that does not wait nothing is cancelled', async () => {
    const sender = client.createSender('changes');
    const numbers = await sender.scheduleMessages([message('a'), message('b'), message('c')], inMs(1_000));
    await sender.cancelScheduledMessages(numbers[1] as SequenceNumber);
    const notFound = { code: 'MessageNotFound' };
    await expect(sender.cancelScheduledMessages(numbers)).rejects.toMatchObject(notFound);
    clock.advance(1_000);
    expect(ids(audit)).toEqual(['a', 'c']);
    await expect(sender.cancelScheduledMessages(numbers[0] as SequenceNumber)).rejects.toMatchObject(
      notFound,
    );
  });

  test('lives from when it arrives', async () => {
    const sender = client.createSender('plain');
    await sender.scheduleMessages([{ ...message('later'), timeToLive: 5_000 }], inMs(60_000));
    clock.advance(64_999);
    expect(ids('plain')).toEqual(['later']);
    clock.advance(1);
    expect(ids('plain')).toEqual([]);
  });

  test('that is larger than the entity accepts is refused', async () => {
    const sender = client.createSender('plain');
    const large = { ...message('large'), body: Buffer.alloc(300_000) };
    await expect(sender.scheduleMessages([large], inMs(1_000))).rejects.toThrow(/exceeds the limit/);
  });
});

describe('a duplicate', () => {
  test('is accepted and dropped until the window is over, whatever its content and whatever became of the first', async () => {
    const sender = client.createSender('unique');
    await sender.sendMessages([message('a'), message('b'), message('a')]);
    const receiver = client.createReceiver('unique');
    const [first] = await receiver.receiveMessages(1);
    await receiver.completeMessage(first as ServiceBusReceivedMessage);
    clock.advance(19_999);
    await sender.sendMessages({ ...message('a'), body: 'another', sessionId: 't', subject: 'another' });
    expect(ids('unique')).toEqual(['b']);
    clock.advance(1);
    await sender.sendMessages(message('a'));
    expect(ids('unique')).toEqual(['b', 'a']);
  });

  test('is one of its own entity only, and of none that does not look for them', async () => {
    for (const name of ['unique', 'changes', 'plain', 'plain'])
      await client.createSender(name).sendMessages(message('a'));
    expect([ids('unique'), ids(audit), ids('plain')]).toEqual([['a'], ['a'], ['a', 'a']]);
  });

  test('may be scheduled, or come after one that is', async () => {
    const sender = client.createSender('unique');
    await sender.sendMessages(message('sent'));
    const numbers = await sender.scheduleMessages([message('sent'), message('later')], inMs(1_000));
    expect(numbers).toHaveLength(2);
    await sender.sendMessages([message('later'), message('other')]);
    clock.advance(1_000);
    expect(ids('unique')).toEqual(['sent', 'other', 'later']);
  });

  test('of a message that was refused is none', async () => {
    bus.serverBusy(1);
    const sender = client.createSender('unique');
    await expect(sender.sendMessages(message('a'))).rejects.toMatchObject({ code: 'ServiceBusy' });
    await sender.sendMessages(message('a'));
    expect(ids('unique')).toEqual(['a']);
  });
});

test('both are for messages with and without a session alike', async () => {
  const sender = client.createSender('changes');
  await sender.scheduleMessages([message('a'), { messageId: 'none', body: 1 }], inMs(1_000));
  clock.advance(1_000);
  const session = await client.acceptNextSession('changes', 'dstream');
  expect(only(await session.receiveMessages(2, { maxWaitTimeInMs: 500 })).messageId).toBe('a');
  expect(ids(audit)).toEqual(['a', 'none']);
});
