/** What the Event Hubs output does with many hubs and partitions, and when the service misbehaves. */
import { asDStreamError, notAccepted, type Publisher, type RoutedEvent } from '@dstream/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { withEnvelope } from '../../libs/outputs/src/envelopes/with-envelope.ts';
import { partitionOfKey } from '../../libs/outputs/src/event-hubs/partition-key.ts';
import { envelopes } from '../support/enveloped-rig.ts';
import { publisherTo, type HubWish } from '../support/event-hubs-destination.ts';
import { Changes, inOrder, textOf, withoutRepeats } from '../support/publisher-rig.ts';
import { failing, persist } from '../support/publishing.ts';
import { busy, ScriptedEventHubs } from '../support/scripted-event-hubs.ts';

const never = { signal: new AbortController().signal };

describe('the Event Hubs output', () => {
  let stack: AsyncDisposableStack;
  let hubs: ScriptedEventHubs;
  let changes: Changes;

  beforeEach(async () => {
    stack = new AsyncDisposableStack();
    const problems: unknown[] = [];
    stack.defer(() => {
      if (problems.length > 0) throw new AggregateError(problems, 'the hubs had problems');
    });
    hubs = stack.use(await ScriptedEventHubs.start({ a: 4, b: 4 }, (error) => problems.push(error)));
    changes = new Changes();
  });
  afterEach(() => stack.disposeAsync());

  /** A hub a table: `a` takes the changes of table A. */
  const publisherOf = (wish: HubWish = {}): Publisher =>
    stack.use(
      publisherTo(hubs.connectionString, 'unused', {
        nameOf: ({
          event: {
            metadata: { table },
          },
        }) => table.toLowerCase(),
        fixedName: undefined,
        ...wish,
      }),
    );

  /** A change of row `row`: each row has its own partition key. */
  function ofRow(table: string, n: number, row: number): RoutedEvent {
    const { event, ...routed } = changes.event(table, n);
    const changed = { ...event, metadata: { ...event.metadata, key: { ID: row } } };
    return { ...routed, event: changed, line: Buffer.from(JSON.stringify(changed)) };
  }

  const rows = (table: string, count: number) =>
    Array.from({ length: count }, (_, n) => ofRow(table, n, n % 20));
  const lines = (hub: string) => hubs.taken(hub).map(({ line }) => line);
  const linesOf = (events: readonly RoutedEvent[]) => events.map(textOf);
  const byRow = (given: readonly string[]) => inOrder(given, 'row');

  test('an event says in its properties what the change is', async () => {
    const event = ofRow('A', 1, 180);
    await publisherOf().publish([event], never);
    expect(hubs.taken('a')).toMatchObject([
      {
        partition: String(partitionOfKey('180', 4)),
        line: textOf(event),
        message_id: event.event.metadata.id,
        subject: 'dbo.A',
        content_type: 'application/json',
        application_properties: {
          schema: 'dbo',
          table: 'A',
          database: 'd',
          server: 's',
          changes: 1,
          operation: 'insert',
          firstPosition: 'p0001',
          lastPosition: 'p0001',
          partitionKey: '180',
        },
      },
    ]);
  });

  test('a delete in the envelope of Debezium is followed by an event without a body under its key', async () => {
    const { event, ...routed } = ofRow('A', 1, 180);
    const remove = {
      ...routed,
      event: { ...event, metadata: { ...event.metadata, operation: 'delete' } },
    } as const;
    await withEnvelope(publisherOf(), envelopes.debezium()).publish([remove], never);
    const partition = String(partitionOfKey('180', 4));
    const properties = { partitionKey: '180', operation: 'delete' };
    expect(hubs.taken('a')).toMatchObject([
      { partition, line: expect.stringContaining('"op":"d"') as string, application_properties: properties },
      { partition, line: '', application_properties: properties },
    ]);
  });

  test('a binary CloudEvent has its attributes as properties', async () => {
    const event = ofRow('A', 1, 180);
    await withEnvelope(publisherOf(), envelopes.binary()).publish([event], never);
    expect(hubs.taken('a')).toMatchObject([
      {
        line: textOf(event),
        content_type: 'application/json',
        application_properties: { cloudEvents_specversion: '1.0', cloudEvents_id: event.event.metadata.id },
      },
    ]);
  });

  test('many keys go in few batches, each key to one partition and in order', async () => {
    const events = rows('A', 200);
    await publisherOf().publish(events, never);
    expect(hubs.batches).toHaveLength(4);
    expect(byRow(lines('a'))).toEqual(byRow(linesOf(events)));
    const places = new Set(hubs.taken('a').map(({ partition, line }) => `${rowOf(line)} ${partition}`));
    expect(places.size).toBe(20);
  });

  const rowOf = (line: string) => (JSON.parse(line) as RoutedEvent['event']).metadata.key?.['ID'];

  test('a partition that is busy repeats nothing of the others', async () => {
    const publisher = publisherOf();
    const events = rows('A', 200);
    busy(hubs, 1, '2');
    const error = await failing(publisher, events);
    expect(error).toMatchObject({ code: 'Throttled', failures: [{ key: events[0]?.orderingKey }] });
    await persist(
      publisher,
      notAccepted(events, (event) => event.orderingKey, error),
    );
    expect(hubs.taken('a')).toHaveLength(events.length);
    expect(byRow(lines('a'))).toEqual(byRow(linesOf(events)));
  });

  test('a connection that is cut while sending is noticed at once, and repeats no more than was in flight', async () => {
    const publisher = publisherOf({ sendTimeoutMs: 60_000 });
    await publisher.publish(rows('A', 20), never);
    const release = hubs.hold();
    const later = rows('A', 60).slice(20);
    const sending = failing(publisher, later);
    await expect.poll(() => hubs.server.dropConnections()).toBeGreaterThan(0);
    expect(await sending).toMatchObject({ code: 'Unreachable', disposition: 'retry' });
    release();
    await persist(publisher, later);
    expect(byRow(lines('a'))).toEqual(byRow(linesOf(rows('A', 60))));
  });

  test('a reply that is lost repeats the batch, and the order is kept', async () => {
    const publisher = publisherOf({ sendTimeoutMs: 500 });
    const events = rows('A', 40);
    hubs.lostReplies = 1;
    const error = await failing(publisher, events);
    expect(error).toMatchObject({ code: 'TimedOut' });
    await persist(
      publisher,
      notAccepted(events, (event) => event.orderingKey, error),
    );
    expect(hubs.taken('a')).toHaveLength(events.length + (hubs.batches[0]?.events ?? 0));
    expect(byRow(withoutRepeats(lines('a')))).toEqual(byRow(linesOf(events)));
  });

  test('a service that refuses connections is waited for', async () => {
    const publisher = publisherOf();
    hubs.server.refuse(true);
    expect(await failing(publisher, rows('A', 1))).toMatchObject({
      code: 'Unreachable',
      disposition: 'retry',
    });
    hubs.server.refuse(false);
    await persist(publisher, rows('A', 3));
    expect(byRow(lines('a'))).toEqual(byRow(linesOf(rows('A', 3))));
  });

  test('an event that is too large between good ones is the only one that is not taken', async () => {
    const huge = changes.event('A', 100, 'x'.repeat(hubs.maxMessageBytes));
    const events = [...rows('A', 10), huge, ...rows('A', 20).slice(10)];
    const publisher = publisherOf();
    const error = await failing(publisher, events);
    expect(error).toMatchObject({ code: 'MessageTooLarge', failures: [{ from: 10 }] });
    await publisher.publish(events.slice(11), never);
    expect(byRow(lines('a'))).toEqual(byRow(linesOf(rows('A', 20))));
    expect(hubs.taken('a')).toHaveLength(20);
  });

  test('a hub that does not exist holds up its own table only, until it does', async () => {
    const publisher = publisherOf();
    const [missing, there] = [rows('Missing', 3), rows('A', 3)];
    expect(await failing(publisher, [...missing, ...there])).toMatchObject({
      code: 'DestinationUnusable',
      disposition: 'retry',
      message: expect.stringMatching(/event hub missing: .*create it/),
      failures: [{ key: missing[0]?.orderingKey, from: 0 }],
    });
    expect(byRow(lines('a'))).toEqual(byRow(linesOf(there)));
    hubs.partitions.set('missing', 2);
    await persist(publisher, missing);
    expect(byRow(lines('missing'))).toEqual(byRow(linesOf(missing)));
  });

  test('connecting needs no hub where names are filled in, but a namespace that answers', async () => {
    await expect(publisherOf().connect(never)).resolves.toBeUndefined();
    hubs.server.refuse(true);
    await expect(publisherOf().connect(never)).rejects.toMatchObject({
      code: 'Unreachable',
      disposition: 'retry',
    });
  });

  test('a connection string that cannot be used is not repeated', async () => {
    const address = { connectionString: `${hubs.connectionString};EntityPath=another` };
    const error = await publisherOf({ address }).connect(never).catch(asDStreamError);
    expect(error).toMatchObject({ code: 'ConfigInvalid', disposition: 'fatal' });
    expect(`${String(error)}${String((error as Error).cause)}`).not.toContain('SharedAccessKey=any');
  });

  test('hubs that are not used are closed beyond a number, and all at the end', async () => {
    const publisher = publisherOf({ maxOpen: 1 });
    for (const n of [1, 2, 3]) {
      await publisher.publish([ofRow('A', n, 1), ofRow('B', n, 1)], never);
    }
    await expect.poll(() => hubs.server.connections, { timeout: 5_000 }).toBe(1);
    expect([hubs.taken('a').length, hubs.taken('b').length]).toEqual([3, 3]);
    await publisher[Symbol.asyncDispose]();
    await expect.poll(() => hubs.server.connections, { timeout: 5_000 }).toBe(0);
  });
});
