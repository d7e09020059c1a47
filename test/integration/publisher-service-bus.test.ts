/** What the Service Bus output does with many destinations, and when the service misbehaves. */
import type { ServiceBusReceivedMessage } from '@azure/service-bus';
import {
  asDStreamError,
  BatchError,
  notAccepted,
  silentLog,
  type Publisher,
  type RoutedEvent,
} from '@dstream/core';
import { serviceBusPublisher, type ServiceBusPublisherOptions } from '@dstream/outputs/service-bus';
import { sha256Hex } from '@dstream/runtime';
import { systemClock } from '@dstream/async';
import { openClient } from '@dstream/service-bus';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { withEnvelope } from '../../libs/outputs/src/envelopes/with-envelope.ts';
import {
  startServiceBus,
  type ServiceBusStandIn,
} from '../stand-ins/amqp/src/service-bus/service-bus-server.ts';
import { envelopes } from '../support/enveloped-rig.ts';
import { Changes, textOf } from '../support/publisher-rig.ts';
import { failing, persist } from '../support/publishing.ts';

const never = { signal: new AbortController().signal };

const entities = {
  UserConfig: {
    Namespaces: [
      {
        Topics: [
          { Name: 'a.events', Subscriptions: [{ Name: 'all' }] },
          { Name: 'c.events', Subscriptions: [{ Name: 'all' }] },
        ],
        Queues: [
          { Name: 'b.events', Properties: { RequiresSession: true } },
          { Name: 'small.events', Properties: { MaxMessageSize: 4_096 } },
        ],
      },
    ],
  },
};

describe('the Service Bus output', () => {
  let stack: AsyncDisposableStack;
  let standIn: ServiceBusStandIn;
  let changes: Changes;

  beforeEach(async () => {
    stack = new AsyncDisposableStack();
    const problems: unknown[] = [];
    stack.defer(() => {
      if (problems.length > 0) throw new AggregateError(problems, 'the stand-in had problems');
    });
    standIn = await startServiceBus({ entities, onError: (error) => problems.push(error) });
    stack.defer(() => standIn.close());
    changes = new Changes();
  });
  afterEach(() => stack.disposeAsync());

  const publisherOf = (options: Partial<ServiceBusPublisherOptions> = {}): Publisher =>
    stack.use(
      serviceBusPublisher({
        address: { connectionString: standIn.connectionString },
        nameOf: ({
          event: {
            metadata: { table },
          },
        }) => `${table.toLowerCase()}.events`,
        limits: { maxBytes: 131_072, maxChanges: 1 },
        clock: systemClock,
        log: silentLog,
        hash: sha256Hex,
        ...options,
      }),
    );

  async function peeked(topic: string): Promise<readonly ServiceBusReceivedMessage[]> {
    const client = openClient({ connectionString: standIn.connectionString }, 10_000);
    try {
      const receiver = client.createReceiver(topic, 'all', { skipParsingBodyAsJson: true });
      return await receiver.peekMessages(250);
    } finally {
      await client.close();
    }
  }

  const ids = async (topic: string) => (await peeked(topic)).map(({ messageId }) => messageId);
  const idsOf = (events: readonly RoutedEvent[]) => events.map(({ event }) => event.metadata.id);

  test('hundreds of names leave a bounded number of links, and nothing is lost', async () => {
    // Without declared entities they come into being by use.
    const many = await startServiceBus();
    stack.defer(() => many.close());
    const publisher = publisherOf({
      address: { connectionString: many.connectionString },
      nameOf: ({ event }) => `n${event.metadata.position}`,
      maxOpen: 16,
    });
    let most = 0;
    const looking = setInterval(() => (most = Math.max(most, many.counters().openLinks)), 5);
    stack.defer(() => clearInterval(looking));
    const names = 400;
    const events = changes.events('A', 1, names);
    const [half, rest] = [events.slice(0, names / 2), events.slice(names / 2)];
    await Promise.all([publisher.publish(half, never), publisher.publish(rest, never)]);
    // Again, the other way round: what was closed is opened anew.
    await publisher.publish(changes.events('A', names - 99, names).toReversed(), never);
    expect(many.counters().messagesIn).toBe(names + 100);
    expect(many.entities().filter(({ name }) => /^np\d+$/.test(name))).toHaveLength(names);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(16);
  });

  test('a message says in its properties what the change is', async () => {
    const event = changes.event('A', 1);
    await publisherOf().publish([event], never);
    const [message] = await peeked('a.events');
    expect(message).toMatchObject({
      messageId: event.event.metadata.id,
      sessionId: event.orderingKey,
      partitionKey: event.orderingKey,
      subject: 'dbo.A',
      contentType: 'application/json',
      applicationProperties: {
        schema: 'dbo',
        table: 'A',
        database: 'd',
        server: 's',
        changes: 1,
        operation: 'insert',
        firstPosition: 'p0001',
        lastPosition: 'p0001',
      },
    });
    expect(String(message?.body)).toBe(textOf(event));
  });

  test('a binary CloudEvent has its attributes as properties, by which subscriptions filter', async () => {
    const event = changes.event('A', 1);
    await withEnvelope(publisherOf(), envelopes.binary()).publish([event], never);
    const [message] = await peeked('a.events');
    expect(message).toMatchObject({
      messageId: event.event.metadata.id,
      contentType: 'application/json',
      applicationProperties: {
        table: 'A',
        cloudEvents_specversion: '1.0',
        cloudEvents_id: event.event.metadata.id,
        cloudEvents_type: 'dstream.change.insert',
        cloudEvents_subject: 'dbo.A',
      },
    });
    expect(String(message?.body)).toBe(textOf(event));
  });

  test('a structured CloudEvent has its media type, and several in a message that of lines', async () => {
    const packing = { limits: { maxBytes: 131_072, maxChanges: 500 } };
    const publisher = withEnvelope(publisherOf(packing), envelopes.structured());
    await publisher.publish(changes.events('A', 1, 1), never);
    await publisher.publish(changes.events('A', 2, 3), never);
    const [one, several] = await peeked('a.events');
    expect(one).toMatchObject({ contentType: 'application/cloudevents+json' });
    expect(several).toMatchObject({ contentType: 'application/x-ndjson' });
    expect(String(several?.body).split('\n')).toHaveLength(2);
  });

  test('packed, a message holds consecutive changes and is named after all of them', async () => {
    const events = changes.events('A', 1, 3);
    const publisher = publisherOf({ limits: { maxBytes: 131_072, maxChanges: 500 } });
    await publisher.publish(events, never);
    await publisher.publish(events.toSpliced(1, 1), never);
    const [all, fewer] = await peeked('a.events');
    expect(String(all?.body).split('\n')).toEqual(events.map(textOf));
    expect(all).toMatchObject({
      contentType: 'application/x-ndjson',
      applicationProperties: { changes: 3, firstPosition: 'p0001', lastPosition: 'p0003' },
    });
    expect(all?.applicationProperties).not.toHaveProperty('operation');
    expect(String(all?.messageId)).toMatch(new RegExp(`^${events[0]?.event.metadata.id}:3:[0-9a-f]{16}$`));
    expect(fewer?.messageId).not.toBe(all?.messageId);
  });

  test('a packed message that the entity does not take goes change by change, and only the culprit is named', async () => {
    const publisher = publisherOf({ limits: { maxBytes: 131_072, maxChanges: 500 } });
    const events = [1, 2, 3, 4, 5].map((n) => changes.event('Small', n, 'x'.repeat(n === 3 ? 5_000 : 1_000)));
    const error = await failing(publisher, events);
    expect(error).toMatchObject({ code: 'MessageTooLarge', failures: [{ from: 2 }] });
    await publisher.publish(events.slice(3), never);
    const lines = standIn.messages('small.events').map(({ body }) => String(body));
    expect(lines.flatMap((body) => body.split('\n'))).toEqual(events.toSpliced(2, 1).map(textOf));
  });

  test('a change that came by no session gets that of its table', async () => {
    await publisherOf().publish([{ ...changes.event('A', 1), orderingKey: '' }], never);
    expect(await peeked('a.events')).toMatchObject([{ sessionId: 's/d/dbo.A' }]);
  });

  test('tables go to destinations of their own over one connection', async () => {
    const publisher = publisherOf();
    await publisher.publish([...changes.events('A', 1, 3), ...changes.events('C', 1, 3)], never);
    expect(standIn.counters().openConnections).toBe(1);
    expect(await ids('a.events')).toEqual(idsOf(changes.events('A', 1, 3)));
    expect(await ids('c.events')).toEqual(idsOf(changes.events('C', 1, 3)));
  });

  test('links that are not used are closed beyond a number, and opened again', async () => {
    const publisher = publisherOf({ maxOpen: 1 });
    for (const n of [1, 2]) {
      await publisher.publish([changes.event('A', n)], never);
      await publisher.publish([changes.event('C', n)], never);
    }
    expect(standIn.counters().connections).toBe(1);
    expect(await ids('a.events')).toEqual(idsOf(changes.events('A', 1, 2)));
    expect(await ids('c.events')).toEqual(idsOf(changes.events('C', 1, 2)));
  });

  describe('a destination that does not exist', () => {
    test('holds up its own table only, and says what to do', async () => {
      const publisher = publisherOf();
      const events = [changes.event('Missing', 1), ...changes.events('A', 1, 3)];
      const error = await failing(publisher, events);
      expect(error).toBeInstanceOf(BatchError);
      expect((error as BatchError).failures).toEqual([
        {
          key: events[0]?.orderingKey,
          from: 0,
          error: expect.objectContaining({
            code: 'DestinationUnusable',
            disposition: 'retry',
            message: expect.stringMatching(/queue or topic missing\.events: .*create it/),
          }),
        },
      ]);
      expect(await ids('a.events')).toEqual(idsOf(changes.events('A', 1, 3)));
    });

    test('does not repeat what others accepted, where they share an ordering key', async () => {
      const publisher = publisherOf();
      const together = [changes.event('A', 1), changes.event('Missing', 1), ...changes.events('A', 2, 3)];
      let rest: readonly RoutedEvent[] = together.map((event) => ({ ...event, orderingKey: '' }));
      for (const _ of [1, 2, 3]) {
        const error = await failing(publisher, rest);
        rest = notAccepted(rest, (event) => event.orderingKey, error);
      }
      expect(idsOf(rest)).toEqual([changes.event('Missing', 1), ...changes.events('A', 2, 3)].map(idOf));
      expect(await ids('a.events')).toEqual(idsOf(changes.events('A', 1, 3)));
    });

    test('is fatal when connecting, where all changes go to it', async () => {
      const connecting = publisherOf({ fixedName: 'missing.events' }).connect(never);
      await expect(connecting).rejects.toMatchObject({ code: 'EntityNotFound', disposition: 'fatal' });
    });
  });

  const idOf = ({ event }: RoutedEvent) => event.metadata.id;

  describe('connecting, where names are filled in', () => {
    test('needs no destination', async () => {
      await expect(publisherOf().connect(never)).resolves.toBeUndefined();
    });

    test('says that the namespace does not answer', async () => {
      const connectionString = standIn.connectionString.replace(/localhost:\d+/, 'localhost:1');
      const connecting = publisherOf({ address: { connectionString } }).connect(never);
      await expect(connecting).rejects.toMatchObject({ code: 'Unreachable', disposition: 'retry' });
    });

    test('says that the connection string cannot be read, without it', async () => {
      const address = { connectionString: 'SharedAccessKey=c2VjcmV0' };
      const error = await publisherOf({ address }).connect(never).catch(asDStreamError);
      expect(error).toMatchObject({ code: 'ConfigInvalid', disposition: 'fatal' });
      expect(String(error)).not.toContain('c2VjcmV0');
    });
  });

  describe('what passes', () => {
    test('a connection that is cut while sending, which is noticed at once', async () => {
      const publisher = publisherOf({ sendTimeoutMs: 60_000 });
      await publisher.publish([changes.event('A', 1)], never);
      standIn.delaySends(60_000);
      const sending = failing(publisher, changes.events('A', 2, 5));
      await expect.poll(() => standIn.dropConnections()).toBeGreaterThan(0);
      expect(await sending).toMatchObject({ code: 'Unreachable', disposition: 'retry' });
      standIn.clear();
      await persist(publisher, changes.events('A', 2, 5));
      expect(await ids('a.events')).toEqual(idsOf(changes.events('A', 1, 5)));
    });

    test('a reply that is lost', async () => {
      const publisher = publisherOf({ sendTimeoutMs: 500 });
      await publisher.publish([changes.event('A', 1), changes.event('C', 1)], never);
      standIn.delaySends(800);
      const error = await failing(publisher, changes.events('A', 2, 5));
      expect(error).toMatchObject({ code: 'TimedOut', failures: [{ from: 0 }] });
      standIn.clear();
      await persist(publisher, changes.events('A', 2, 6));
      await publisher.publish([changes.event('C', 2)], never);
      const arrived = [...new Set(await ids('a.events'))];
      expect(arrived).toEqual(idsOf(changes.events('A', 1, 6)));
      expect(await ids('c.events')).toEqual(idsOf(changes.events('C', 1, 2)));
    });

    test('a service that refuses connections', async () => {
      const publisher = publisherOf();
      standIn.refuseConnections(60_000);
      expect(await failing(publisher, [changes.event('A', 1)])).toMatchObject({
        code: 'Unreachable',
        disposition: 'retry',
      });
      standIn.refuseConnections(0);
      await persist(publisher, changes.events('A', 1, 2));
      expect(await ids('a.events')).toEqual(idsOf(changes.events('A', 1, 2)));
    });

    test('a link that the service takes away', async () => {
      // What is sent before the client sees the detach has no answer, and the SDK does not say so.
      const publisher = publisherOf({ sendTimeoutMs: 1_000 });
      await publisher.publish([changes.event('A', 1), changes.event('C', 1)], never);
      expect(standIn.detachLinks('a.events', 'amqp:link:detach-forced')).toBe(1);
      await persist(publisher, changes.events('A', 2, 3));
      await publisher.publish([changes.event('C', 2)], never);
      expect(await ids('a.events')).toEqual(idsOf(changes.events('A', 1, 3)));
      expect(await ids('c.events')).toEqual(idsOf(changes.events('C', 1, 2)));
    });

    test('a topic that is full, for its own changes', async () => {
      const publisher = publisherOf();
      standIn.setFull('a.events', true);
      const events = [changes.event('A', 1), changes.event('C', 1)];
      const error = await failing(publisher, events);
      expect(error).toMatchObject({ code: 'Throttled', failures: [{ key: events[0]?.orderingKey }] });
      standIn.setFull('a.events', false);
      await persist(publisher, events.slice(0, 1));
      expect([await ids('a.events'), await ids('c.events')]).toEqual(events.map((event) => [idOf(event)]));
    });
  });

  test('what was disposed leaves no connection behind', async () => {
    const publisher = publisherOf();
    await publisher.publish([changes.event('A', 1), changes.event('B', 1), changes.event('C', 1)], never);
    await publisher[Symbol.asyncDispose]();
    await expect.poll(() => standIn.counters().openConnections, { timeout: 5_000 }).toBe(0);
  });
});
