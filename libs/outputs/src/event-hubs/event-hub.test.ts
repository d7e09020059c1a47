import { DStreamError, silentLog, type Position, type RoutedEvent } from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { aChange } from '../../../../test/support/a-change.ts';
import { FakeHub } from '../../../../test/support/fake-hub.ts';
import { DestinationsPublisher } from '../destinations/destinations-publisher.ts';
import { EventHub } from './event-hubs-publisher.ts';
import { partitionOfKey } from './partition-key.ts';

const never = new AbortController().signal;

/** Error of the SDK, as far as it is looked at. */
const sdkError = (code: string) =>
  Object.assign(new Error('said by the service'), { name: 'MessagingError', code });

/** Change `id` of the row with this key. All of a test go to one partition when the key is the same. */
function change(id: string, key: string, orderingKey = 'A', note = ''): RoutedEvent {
  const metadata = { id, table: orderingKey, key: { ID: key }, position: id as Position };
  const event = { ...aChange(1, metadata), data: { note } };
  return { event, line: Buffer.from(JSON.stringify(event)), orderingKey };
}

const changes = (count: number, key: string, orderingKey = 'A') =>
  Array.from({ length: count }, (_, i) => change(`${orderingKey}${i + 1}`, key, orderingKey));

describe('an event hub', () => {
  let hub: FakeHub;
  let clock: ManualClock;
  let publisher: DestinationsPublisher;

  beforeEach(() => {
    hub = new FakeHub();
    clock = new ManualClock();
    const open = (name: string) =>
      new EventHub({
        hub: name,
        openProducer: () => hub.open(),
        clock,
        log: silentLog,
        sendTimeoutMs: 15_000,
      });
    publisher = new DestinationsPublisher({
      nameOf: () => 'hub',
      fixedName: 'hub',
      open,
      maxOpen: 4,
      log: silentLog,
      rightsMayDiffer: false,
    });
  });
  afterEach(() => publisher[Symbol.asyncDispose]());

  const publish = (events: readonly RoutedEvent[], signal = never) => publisher.publish(events, { signal });
  const failing = (events: readonly RoutedEvent[], signal = never) =>
    publish(events, signal).then(
      () => 'published',
      (error: unknown) => error,
    );
  const everythingRan = () => clock.advance(0);
  const sentIds = () => hub.sent.map(({ ids }) => ids);
  const hold = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    hub.heldSends = promise;
    return () => {
      hub.heldSends = undefined;
      resolve();
    };
  };

  test('many keys go in one batch a partition, each to the partition of its key', async () => {
    const events = Array.from({ length: 100 }, (_, i) => change(`c${i}`, `key ${i % 20}`));
    await publish(events);
    expect(hub.sent).toHaveLength(4);
    for (const { partition, ids } of hub.sent) {
      const own = events.filter(
        ({ event }) => partitionOfKey(String(event.metadata.key?.['ID']), 4) === Number(partition),
      );
      expect(ids).toEqual(own.map(({ event }) => event.metadata.id));
    }
  });

  test('partitions are counted by their numbers, in whatever order the service names them', async () => {
    hub.partitions = ['10', '2', '0', '1', '9', '3', '4', '8', '5', '7', '6'];
    await publish([change('c1', 'key')]);
    expect(hub.sent[0]?.partition).toBe(String(partitionOfKey('key', 11)));
  });

  test('a hub without partitions cannot be connected to, and the error names it', async () => {
    hub.partitions = [];
    const connecting = publisher.connect({ signal: never });
    await expect(connecting).rejects.toThrow('event hub hub reports no partitions');
  });

  test('a partition has one batch in flight, and what waits goes together, of all sessions', async () => {
    const release = hold();
    const all = [publish([change('A1', 'k', 'A')])];
    await everythingRan();
    all.push(publish([change('A2', 'k', 'A')]), publish(changes(2, 'k', 'B')), publish(changes(2, 'k', 'C')));
    await everythingRan();
    expect(sentIds()).toEqual([['A1']]);
    release();
    await Promise.all(all);
    expect(sentIds()).toEqual([['A1'], ['B1', 'B2', 'C1', 'C2'], ['A2']]);
    expect(hub.mostInFlight).toBe(1);
  });

  test('a session with much to send does not keep the others waiting', async () => {
    hub.batchEvents = 3;
    const release = hold();
    const large = publish(changes(9, 'k', 'A'));
    await everythingRan();
    const small = publish(changes(2, 'k', 'B'));
    release();
    await Promise.all([large, small]);
    expect(sentIds().slice(0, 2)).toEqual([
      ['A1', 'A2', 'A3'],
      ['B1', 'B2', 'A4'],
    ]);
  });

  test('what was accepted by other partitions is not sent again', async () => {
    hub.failures.push(sdkError('ServerBusyError'));
    const events = Array.from({ length: 20 }, (_, i) => change(`c${i}`, `key ${i}`));
    const error = await failing(events);
    expect(error).toMatchObject({ code: 'Throttled', failures: [{ key: 'A' }] });
    const from = (error as { failures: { from: number }[] }).failures[0]?.from ?? 0;
    await publish(events.slice(from));
    const [first, ...others] = hub.sent;
    const again = hub.sent.filter(({ partition }) => partition === first?.partition);
    expect(others).toHaveLength(4);
    expect(again.map(({ ids }) => ids)).toEqual([first?.ids, first?.ids]);
  });

  test('of a session in several batches what is before the failed one is accepted', async () => {
    hub.batchEvents = 2;
    hub.failures.push(undefined, sdkError('ServerBusyError'));
    expect(await failing(changes(5, 'k'))).toMatchObject({ failures: [{ key: 'A', from: 2 }] });
    expect(sentIds()).toEqual([
      ['A1', 'A2'],
      ['A3', 'A4'],
    ]);
  });

  test('an event that is too large is named, and the others of its partition go on', async () => {
    const events = [
      change('c1', 'k'),
      change('c2', 'k', 'A', 'huge'),
      change('c3', 'k'),
      change('b1', 'k', 'B'),
    ];
    expect(await failing(events)).toMatchObject({
      code: 'MessageTooLarge',
      failures: [
        { key: 'A', from: 1, error: { message: expect.stringContaining('change c2 is too large') } },
      ],
    });
    await publish(events.slice(2, 3));
    expect(sentIds().flat().sort()).toEqual(['b1', 'c1', 'c3']);
  });

  test('a batch that the service finds too large goes one by one', async () => {
    hub.failures.push(sdkError('MessageTooLargeError'), undefined, sdkError('MessageTooLargeError'));
    expect(await failing(changes(3, 'k'))).toMatchObject({
      code: 'MessageTooLarge',
      failures: [{ from: 1, error: { message: expect.stringContaining('change A2') } }],
    });
    expect(sentIds()).toEqual([['A1', 'A2', 'A3'], ['A1'], ['A2']]);
  });

  test('what is after a failure in its ordering key does not overtake', async () => {
    hub.failures.push(sdkError('ServerBusyError'));
    const outcomes = await Promise.all([failing([change('A1', 'k')]), failing([change('A2', 'other')])]);
    expect(outcomes).toEqual([expect.any(DStreamError), expect.any(DStreamError)]);
    expect(sentIds()).toEqual([['A1']]);
  });

  test('after an abort nothing more of it is sent, and others go on', async () => {
    hub.batchEvents = 2;
    const release = hold();
    const abort = new AbortController();
    const aborted = failing(changes(6, 'k', 'A'), abort.signal);
    await everythingRan();
    const other = publish(changes(2, 'k', 'B'));
    abort.abort(new Error('the lock was lost'));
    expect(await aborted).toEqual(new Error('the lock was lost'));
    release();
    await other;
    expect(sentIds()).toEqual([
      ['A1', 'A2'],
      ['B1', 'B2'],
    ]);
  });

  test('a send without an answer ends in time, and the next goes over a new connection', async () => {
    const release = hold();
    const late = failing([change('A1', 'k')]);
    await clock.advance(15_000);
    expect(await late).toMatchObject({ code: 'TimedOut', disposition: 'retry' });
    hub.heldSends = undefined;
    await publish([change('A1', 'k')]);
    expect([hub.opened, hub.closed]).toEqual([2, 1]);
    release();
  });

  test('a link that opens after its send was given up sends nothing', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    hub.heldBatches = promise;
    const late = failing([change('A1', 'k')]);
    await clock.advance(15_000);
    expect(await late).toMatchObject({ code: 'TimedOut' });
    resolve();
    await everythingRan();
    expect(hub.sent).toEqual([]);
  });

  test('disposing ends what is under way and leaves no timer and no connection', async () => {
    const release = hold();
    const under = failing([change('A1', 'k')]);
    const waiting = failing([change('B1', 'k', 'B')]);
    await everythingRan();
    await publisher[Symbol.asyncDispose]();
    expect(await Promise.all([under, waiting])).toEqual([expect.any(DStreamError), expect.any(DStreamError)]);
    expect([sentIds(), clock.sleeping, hub.closed]).toEqual([[['A1', 'B1']], 0, hub.opened]);
    release();
  });

  test('after a failure the partitions are read again: a hub made anew may have others', async () => {
    await publish([change('A1', 'key')]);
    hub.partitions = ['0'];
    hub.failures.push(sdkError('ArgumentOutOfRangeError'));
    expect(await failing([change('A2', 'key')])).toMatchObject({ code: 'Transient' });
    await publish([change('A2', 'key')]);
    expect(hub.sent.at(-1)).toEqual({ partition: '0', ids: ['A2'] });
  });

  test('partitions that could not be read once are read again', async () => {
    hub.readFailures.push(sdkError('ServerBusyError'));
    expect(await failing([change('A1', 'k')])).toMatchObject({ code: 'Throttled' });
    await publish([change('A1', 'k')]);
    expect(sentIds()).toEqual([['A1']]);
  });

  test('a hub that does not exist is no end: its changes wait', async () => {
    hub.readFailures.push(sdkError('MessagingEntityNotFoundError'));
    expect(await failing([change('A1', 'k')])).toMatchObject({
      code: 'DestinationUnusable',
      disposition: 'retry',
      message:
        'could not read the partitions of event hub hub: it does not exist or is disabled: check the name, or create it',
    });
  });
});
