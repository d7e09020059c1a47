/** The Event Hubs stand-in against the real client over real sockets: reading from positions, groups and epochs. */
import { EventHubProducerClient, latestEventPosition } from '@azure/event-hubs';
import { describe, expect, test } from 'vitest';
import { startEventHubs } from '../stand-ins/amqp/src/event-hubs/event-hubs-server.ts';
import { ManualClock } from '../stand-ins/amqp/src/protocol/manual-clock.ts';
import { eventHubsRig, PartitionReading, type ReadOptions } from '../support/event-hubs-rig.ts';
import { until } from '../support/until.ts';

const clock = new ManualClock(Date.now());
const rig = eventHubsRig({ clock });

/** Events 0 to 9, one a batch, ten milliseconds apart. Answers when each was enqueued. */
async function tenEvents(): Promise<readonly number[]> {
  const producer = rig.producer();
  const times: number[] = [];
  for (let body = 0; body < 10; body += 1) {
    clock.advance(10);
    times.push(clock.nowMs());
    await producer.sendBatch([{ body }], { partitionId: '0' });
  }
  return times;
}

const numbers = (from: number) => Array.from({ length: 10 - from }, (_, i) => from + i);

describe('a consumer begins', () => {
  test('at the earliest event', async () => {
    const times = await tenEvents();
    const reading = rig.read('0');
    expect(await reading.read(10)).toEqual(numbers(0));
    expect(reading.events.map(({ sequenceNumber }) => sequenceNumber)).toEqual(numbers(0));
    expect(reading.events.map(({ enqueuedTimeUtc }) => enqueuedTimeUtc.getTime())).toEqual(times);
    const offsets = reading.events.map(({ offset }) => Number(offset));
    expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
  });

  test('at what comes from now on', async () => {
    await tenEvents();
    const reading = rig.read('0', { from: latestEventPosition });
    await attached(1);
    await rig.producer().sendBatch([{ body: 'new' }], { partitionId: '0' });
    expect(await reading.read(1)).toEqual(['new']);
  });

  test.each([
    ['behind a sequence number', { sequenceNumber: 6 }, 7],
    ['at a sequence number', { sequenceNumber: 6, isInclusive: true }, 6],
    ['at the first sequence number', { sequenceNumber: 0, isInclusive: true }, 0],
  ])('%s', async (_, from, first) => {
    await tenEvents();
    expect(await rig.read('0', { from }).read(10 - first)).toEqual(numbers(first));
  });

  test.each([
    ['behind an offset', false, 7],
    ['at an offset', true, 6],
  ])('%s', async (_, isInclusive, first) => {
    await tenEvents();
    const offset = String(rig.hubs.events('changes')[6]?.offset);
    expect(await rig.read('0', { from: { offset, isInclusive } }).read(10 - first)).toEqual(numbers(first));
  });

  test('behind a time', async () => {
    const times = await tenEvents();
    const at = (enqueuedOn: number) => rig.read('0', { from: { enqueuedOn }, group: '$Default' });
    expect(await at(times[6] ?? 0).read(3)).toEqual([7, 8, 9]);
    expect(await at((times[6] ?? 0) - 1).read(4)).toEqual([6, 7, 8, 9]);
  });

  test.each([
    ['sequence number', { sequenceNumber: 11 }, "sequence number '11' is invalid. The last"],
    ['offset', { offset: '99999' }, "offset '99999' is invalid. The last"],
    ['offset that is none', { offset: 'x' }, 'not one that this stand-in understands'],
  ])('not behind the end: %s', async (_, from, message) => {
    await tenEvents();
    expect(await rig.read('0', { from }).failed()).toMatchObject({
      code: 'ArgumentError',
      message: expect.stringContaining(message),
    });
  });
});

/** Until so many consumers are there: what is sent before that a consumer of the newest does not see. */
const attached = (consumers: number) =>
  until(
    () => rig.hubs.counters().consumers >= consumers,
    () => `${consumers} consumers`,
  );

describe('a consumer', () => {
  test('gets what is sent while it waits, in order and no faster than it asks', async () => {
    const reading = rig.read('0', { batch: 7 });
    const producer = rig.producer();
    const bodies = Array.from({ length: 500 }, (_, i) => i);
    for (let at = 0; at < 500; at += 50) {
      await producer.sendBatch(
        bodies.slice(at, at + 50).map((body) => ({ body })),
        { partitionId: '0' },
      );
    }
    expect(await reading.read(500)).toEqual(bodies);
    expect(reading.largest).toBeLessThanOrEqual(7);
  });

  test('that does not read on is sent no more than it has room for', async () => {
    const producer = rig.producer();
    await producer.sendBatch(
      Array.from({ length: 1_000 }, (_, body) => ({ body })),
      { partitionId: '0' },
    );
    const reading = rig.read('0', { batch: 1 });
    await reading.read(3);
    // Three times the size of a batch is what the client asks for ahead.
    expect(rig.hubs.counters().eventsOut).toBeLessThanOrEqual(reading.events.length + 6);
  });

  test('learns where the partition ends, when it asks for that', async () => {
    await tenEvents();
    const reading = rig.read('0', { track: true });
    await reading.read(10);
    expect(reading.last).toMatchObject({ sequenceNumber: 9, enqueuedOn: new Date(clock.nowMs()) });
    expect(reading.last?.offset).toBe(String(rig.hubs.events('changes')[9]?.offset));
    const another = rig.read('0', { group: '$Default' });
    await another.read(10);
    expect(another.last?.sequenceNumber).toBeUndefined();
  });

  test('reads its partition only, and each group reads all of it', async () => {
    await tenEvents();
    await rig.producer().sendBatch([{ body: 'else' }], { partitionId: '1' });
    expect(await rig.read('1').read(1)).toEqual(['else']);
    expect(await rig.read('0').read(10)).toEqual(numbers(0));
    expect(await rig.read('0', { group: '$Default' }).read(10)).toEqual(numbers(0));
  });

  test.each<[string, string, ReadOptions, object]>([
    ['hub', '0', { hub: 'absent' }, { code: 'MessagingEntityNotFoundError' }],
    ['consumer group', '0', { group: 'absent' }, { code: 'MessagingEntityNotFoundError' }],
    ['partition', '7', {}, { code: 'ArgumentOutOfRangeError' }],
  ])('of an unknown %s is refused', async (_, partition, options, expected) => {
    expect(await rig.read(partition, options).failed()).toMatchObject(expected);
  });
});

describe('epochs', () => {
  const stolen = (message: RegExp) => ({
    code: 'ReceiverDisconnectedError',
    message: expect.stringMatching(message),
  });

  test.each([
    ['a higher', 2],
    ['an equal', 1],
  ])('%s one takes the partition over', async (_, ownerLevel) => {
    const older = rig.read('0', { ownerLevel: 1 });
    await attached(1);
    const newer = rig.read('0', { ownerLevel });
    expect(await older.failed()).toMatchObject(stolen(/current receiver 'nil' with epoch '1'/));
    await rig.producer().sendBatch([{ body: 1 }], { partitionId: '0' });
    expect(await newer.read(1)).toEqual([1]);
    expect(older.events).toEqual([]);
  });

  test('a lower one is refused while the higher is there', async () => {
    const higher = rig.read('0', { ownerLevel: 5 });
    await attached(1);
    expect(await rig.read('0', { ownerLevel: 4 }).failed()).toMatchObject(stolen(/higher epoch '5'/));
    expect(await rig.read('0').failed()).toMatchObject(stolen(/non-epoch receiver is not allowed/));
    await higher[Symbol.asyncDispose]();
    await rig.producer().sendBatch([{ body: 1 }], { partitionId: '0' });
    expect(await rig.read('0', { ownerLevel: 4 }).read(1)).toEqual([1]);
  });

  test('one disconnects those that read without, and concerns its own group and partition only', async () => {
    const [shared, otherGroup, otherPartition] = [
      rig.read('0'),
      rig.read('0', { group: '$Default' }),
      rig.read('1'),
    ];
    await attached(3);
    rig.read('0', { ownerLevel: 3 });
    expect(await shared.failed()).toMatchObject(stolen(/higher epoch of '3'/));
    const producer = rig.producer();
    await producer.sendBatch([{ body: 1 }], { partitionId: '0' });
    await producer.sendBatch([{ body: 2 }], { partitionId: '1' });
    expect(await otherGroup.read(1)).toEqual([1]);
    expect(await otherPartition.read(1)).toEqual([2]);
  });

  test('without one, five may read side by side', async () => {
    const five = [1, 2, 3, 4, 5].map(() => rig.read('0'));
    await attached(5);
    expect(await rig.read('0').failed()).toMatchObject({ code: 'QuotaExceededError' });
    await rig.producer().sendBatch([{ body: 1 }], { partitionId: '0' });
    for (const reading of five) expect(await reading.read(1)).toEqual([1]);
  });
});

test('events older than the retention are gone, and those who read from the beginning begin behind them', async () => {
  const time = new ManualClock(Date.now());
  const hubs = await startEventHubs({ clock: time, retentionMs: 60_000 });
  await using stack = new AsyncDisposableStack();
  stack.defer(() => hubs.close());
  const producer = new EventHubProducerClient(hubs.connectionString, 'changes');
  stack.defer(() => producer.close());
  await producer.sendBatch([{ body: 'old' }, { body: 'old, too' }], { partitionId: '0' });
  time.advance(40_000);
  await producer.sendBatch([{ body: 'young' }], { partitionId: '0' });
  time.advance(30_000);
  expect(await producer.getPartitionProperties('0')).toMatchObject({
    beginningSequenceNumber: 2,
    lastEnqueuedSequenceNumber: 2,
    isEmpty: false,
  });
  const reading = stack.use(new PartitionReading(hubs.connectionString, '0'));
  expect(await reading.read(1)).toEqual(['young']);
  time.advance(60_000);
  expect(await producer.getPartitionProperties('0')).toMatchObject({
    beginningSequenceNumber: 3,
    isEmpty: true,
  });
});
