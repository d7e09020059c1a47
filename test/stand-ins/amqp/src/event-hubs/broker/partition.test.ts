/** One partition of a hub: numbers and places of its events, where a consumer begins, who may read, what is kept. */
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../protocol/manual-clock.ts';
import { EventHub } from './event-hub.ts';
import { PartitionLog } from './partition-log.ts';
import { PartitionReaders, type Reader } from './partition-readers.ts';
import { startPosition } from './start-position.ts';

const bytes = (count: number) => Buffer.alloc(count);
const refused = (condition: string) => expect.objectContaining({ condition });

/** Events of 10, 20 and 30 bytes, a second apart; the clock stands at the last one. */
function threeEvents(retentionMs = Infinity) {
  const clock = new ManualClock();
  const log = new PartitionLog('0', clock, retentionMs);
  for (const size of [10, 20, 30]) {
    clock.advance(1_000);
    log.append([bytes(size)], undefined);
  }
  return { clock, log };
}

describe('events', () => {
  test('are numbered without gaps; their offset is the bytes before them', () => {
    const { log } = threeEvents();
    expect(log.events.map(({ sequence, offset }) => [sequence, offset])).toEqual([
      [0, 0],
      [1, 10],
      [2, 30],
    ]);
    expect(log.last).toMatchObject({ sequence: 2, offset: 30 });
  });

  test('never go back in time, though the clock does', () => {
    const { clock, log } = threeEvents();
    const { atMs } = log.last;
    clock.nowMs = () => atMs - 5_000;
    log.append([bytes(1)], undefined);
    expect(log.last.atMs).toBe(atMs);
  });

  test.each([
    [1_499, [1, 2]],
    [1_500, [2]],
  ])('are kept as long as the retention says: after %i ms', (ms, kept) => {
    const { clock, log } = threeEvents(2_500);
    clock.advance(ms);
    log.expire();
    expect(log.events.map(({ sequence }) => sequence)).toEqual(kept);
  });

  test('that are gone do not give their numbers again', () => {
    const { clock, log } = threeEvents(2_500);
    clock.advance(10_000);
    log.append([bytes(1)], undefined);
    expect(log.events.map(({ sequence }) => sequence)).toEqual([3]);
  });

  test('that are gone are passed over by who asks for them', () => {
    const { clock, log } = threeEvents(2_500);
    clock.advance(1_499);
    log.expire();
    expect([log.from(0)?.sequence, log.from(2)?.sequence, log.from(3)]).toEqual([1, 2, undefined]);
  });
});

describe('a consumer begins', () => {
  const at = (selector: string | undefined) => startPosition(selector, threeEvents().log);
  const firstMs = 1_700_000_001_000;

  test.each([
    ['at the end without a filter', undefined, 3],
    ['at the earliest', "amqp.annotation.x-opt-offset > '-1'", 0],
    ['at the end', "amqp.annotation.x-opt-offset > '@latest'", 3],
    ['behind an offset', "amqp.annotation.x-opt-offset > '10'", 2],
    ['at an offset', "amqp.annotation.x-opt-offset >= '10'", 1],
    ['behind a number', "amqp.annotation.x-opt-sequence-number > '1'", 2],
    ['at a number', "amqp.annotation.x-opt-sequence-number >= '1'", 1],
    ['behind the last number', "amqp.annotation.x-opt-sequence-number > '2'", 3],
    ['behind a time', `amqp.annotation.x-opt-enqueued-time > '${firstMs}'`, 1],
    ['at a time', `amqp.annotation.x-opt-enqueued-time >= '${firstMs}'`, 0],
    ['at the end behind every time', `amqp.annotation.x-opt-enqueued-time > '${firstMs * 2}'`, 3],
  ])('%s', (_, selector, sequence) => {
    expect(at(selector)).toBe(sequence);
  });

  test.each(["amqp.annotation.x-opt-sequence-number > '3'", "amqp.annotation.x-opt-offset > '31'"])(
    'nowhere beyond the end: %s',
    (selector) => {
      expect(() => at(selector)).toThrow(refused('com.microsoft:argument-error'));
    },
  );

  test.each([
    "amqp.annotation.x-opt-offset < '1'",
    "x-opt-offset > '1'",
    "amqp.annotation.x-opt-offset > 'one'",
  ])('nowhere by a filter that is not understood: %s', (selector) => {
    expect(() => at(selector)).toThrow(refused('com.microsoft:argument-error'));
  });

  test('at what is kept, when what it asks for is gone', () => {
    const { clock, log } = threeEvents(2_500);
    clock.advance(1_499);
    log.expire();
    expect(startPosition("amqp.annotation.x-opt-sequence-number >= '0'", log)).toBe(1);
    expect(startPosition("amqp.annotation.x-opt-offset > '-1'", log)).toBe(1);
  });
});

describe('readers', () => {
  function reader(epoch?: number): Reader & { readonly reasons: string[] } {
    const reasons: string[] = [];
    return { epoch, reasons, disconnect: ({ condition }) => reasons.push(condition) };
  }

  test('without an epoch are five at most, and one that leaves makes room', () => {
    const readers = new PartitionReaders();
    const five = Array.from({ length: 5 }, () => reader());
    for (const one of five) readers.add(one);
    expect(() => readers.add(reader())).toThrow(refused('amqp:resource-limit-exceeded'));
    readers.remove(five[0] as Reader);
    readers.add(reader());
  });

  test('with an epoch disconnect those without, and those of an equal or lower one', () => {
    const readers = new PartitionReaders();
    const [shared, first, equal, higher] = [reader(), reader(1), reader(1), reader(2)];
    for (const one of [shared, first, equal, higher]) readers.add(one);
    expect([shared, first, equal, higher].map(({ reasons }) => reasons)).toEqual([
      ['amqp:link:stolen'],
      ['amqp:link:stolen'],
      ['amqp:link:stolen'],
      [],
    ]);
  });

  test('of a lower epoch or none are refused while it is there, and harm nobody', () => {
    const readers = new PartitionReaders();
    const owner = reader(5);
    readers.add(owner);
    expect(() => readers.add(reader(4))).toThrow(refused('amqp:link:stolen'));
    expect(() => readers.add(reader())).toThrow(refused('amqp:link:stolen'));
    expect(owner.reasons).toEqual([]);
    readers.remove(owner);
    readers.add(reader(4));
  });
});

describe('a hub', () => {
  const hubOf = (consumerGroups?: readonly string[]) =>
    new EventHub({
      name: 'h',
      partitions: 3,
      consumerGroups,
      retentionMs: Infinity,
      clock: new ManualClock(),
    });
  const sizes = (hub: EventHub) => hub.partitions.map(({ size }) => size);

  test('deals batches without a key in turn, each as a whole', () => {
    const hub = hubOf();
    for (let i = 0; i < 4; i += 1) hub.append([bytes(1), bytes(1)], undefined);
    expect(sizes(hub)).toEqual([4, 2, 2]);
  });

  test('puts what has one key into one partition, and does not count it for the turn', () => {
    const hub = hubOf();
    for (let i = 0; i < 5; i += 1) hub.append([bytes(1)], 'key');
    const keyed = sizes(hub);
    expect(keyed.toSorted((a, b) => a - b)).toEqual([0, 0, 5]);
    hub.append([bytes(1)], undefined);
    expect(hub.partition('0').size).toBe((keyed[0] ?? 0) + 1);
  });

  test('has a partition for a number only', () => {
    expect(() => hubOf().partition('3')).toThrow(refused('com.microsoft:argument-out-of-range'));
  });

  test('keeps the readers of groups and partitions apart; a group has one name in any letters', () => {
    const hub = hubOf(['dstream']);
    const [first, second] = [hub.partition('0'), hub.partition('1')];
    expect(hub.readers('dstream', first)).toBe(hub.readers('DStream', first));
    expect(hub.readers('dstream', first)).not.toBe(hub.readers('dstream', second));
    expect(hub.readers('dstream', first)).not.toBe(hub.readers('$Default', first));
    expect(() => hub.readers('other', first)).toThrow(refused('amqp:not-found'));
  });
});
