/** A message that can be read and then breaks an output would hold its table up: there is none. */
import { Writable } from 'node:stream';
import {
  asDStreamError,
  decodeEnvelope,
  encodeEnvelope,
  silentLog,
  type OutgoingMessage,
  type Publisher,
  type RoutedEvent,
} from '@dstream/core';
import { ManualClock } from '@dstream/core/in-memory/manual-clock';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { aChange } from '../../../test/support/a-change.ts';
import { FakeHub } from '../../../test/support/fake-hub.ts';
import { never, setup as setupFiles } from '../../../test/support/file-rig.ts';
import { ConsolePublisher, jsonLine } from './console/console-publisher.ts';
import { prettyLine } from './console/pretty-line.ts';
import { destinationNames, eventHubNames, serviceBusNames, type NameRules } from './destination-name.ts';
import type { Destination } from './destinations/destination.ts';
import { DestinationsPublisher } from './destinations/destinations-publisher.ts';
import { EventHub } from './event-hubs/event-hub.ts';
import { ServiceBusDestination } from './service-bus/service-bus-destination.ts';

const hash = (text: string) => `${text.length}`.padStart(16, '0');
const template = '{{ server }}.{{ database }}.{{ schema }}.{{ table }}';
const clock = new ManualClock();

/** What Service Bus takes ("Service Bus quotas"): ids of 128 characters, properties of 32 KB each and 64 KB in all. */
function assertSendable({ messageId, sessionId, properties }: OutgoingMessage): void {
  expect(messageId.length).toBeLessThanOrEqual(128);
  expect(sessionId.length).toBeLessThanOrEqual(128);
  const sizes = Object.values(properties).map((value) => Buffer.byteLength(String(value)));
  expect(Math.max(...sizes)).toBeLessThanOrEqual(32_768);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(65_536);
}

function toDestinations(rules: NameRules, open: () => Destination): Publisher {
  const nameOf = destinationNames(template, rules, hash);
  return new DestinationsPublisher({
    nameOf,
    fixedName: undefined,
    open,
    maxOpen: 10,
    log: silentLog,
    rightsMayDiffer: false,
  });
}

function toServiceBus(maxChanges: number): Publisher {
  const topic = {
    connect: () => Promise.resolve(),
    send: async (messages: readonly OutgoingMessage[]) => messages.forEach(assertSendable),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const limits = { maxBytes: 131_072, maxChanges };
  return toDestinations(serviceBusNames, () => new ServiceBusDestination({ topic, limits, hash }));
}

function toConsole(format: (event: RoutedEvent) => string): Publisher {
  return new ConsolePublisher({
    stream: new Writable({ write: (_chunk, _encoding, done) => done() }),
    format,
  });
}

const hub = new FakeHub();
const files = setupFiles();
const outputs: Record<string, Publisher> = {
  'console, json': toConsole(jsonLine),
  'console, pretty': toConsole(prettyLine({ colour: true })),
  'azure_service_bus, pack = 1': toServiceBus(1),
  'azure_service_bus, pack = "auto"': toServiceBus(500),
  azure_event_hubs: toDestinations(
    eventHubNames,
    () =>
      new EventHub({ hub: 'h', openProducer: () => hub.open(), clock, log: silentLog, sendTimeoutMs: 1e9 }),
  ),
};

beforeAll(async () => {
  outputs['file'] = await files.open({ path: `/d/${template}.jsonl` });
});

afterAll(async () => {
  for (const publisher of Object.values(outputs)) await publisher[Symbol.asyncDispose]();
});

/** Names that JavaScript gives a meaning, long ones, halves of a character, and what means something to a file system. */
const oddText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 600 }),
  fc.constantFrom(
    'constructor',
    '__proto__',
    'toString',
    'length',
    '..',
    '/',
    '\0',
    '\ud800',
    'x'.repeat(96),
    'x'.repeat(129),
    'x'.repeat(512),
  ),
);
const plain = fc.oneof(oddText, fc.double(), fc.boolean(), fc.constant(null), fc.integer());
const row = fc.dictionary(oddText, plain, { maxKeys: 5 });
const anything = fc.oneof({ arbitrary: fc.jsonValue(), weight: 3 }, plain, row, fc.array(oddText));
const time = fc
  .date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
  .map((date) => date.toISOString());
const gapEnd = fc.record({ lsn: oddText, at: time }, { requiredKeys: ['lsn'] });

const fields = {
  id: oddText,
  server: oddText,
  database: oddText,
  schema: oddText,
  table: oddText,
  position: oddText,
  operation: fc.constantFrom('insert', 'update', 'delete', 'read', 'gap'),
  key: fc.oneof(row, fc.constant(null)),
  changed: fc.array(oddText, { maxLength: 5 }),
  unavailable: fc.array(fc.record({ in: fc.constantFrom('data', 'before'), columns: fc.array(oddText) })),
  gap: fc.record({ reason: oddText, from: gapEnd, to: gapEnd }),
  committedAt: time,
  sequence: fc.nat(),
  generation: fc.maxSafeNat(),
};

/** A sound envelope of which some fields are other sound ones, and now and then one is anything at all, or gone. */
const lines = fc
  .record(
    {
      data: fc.oneof(row, fc.constant(null)),
      before: row,
      metadata: fc.record(fields, { requiredKeys: [] }),
      wild: fc.oneof(
        { arbitrary: fc.constant(undefined), weight: 1 },
        fc.tuple(
          fc.constantFrom(...Object.keys(fields), 'data', 'before'),
          fc.option(anything, { nil: undefined }),
        ),
      ),
    },
    { requiredKeys: ['metadata', 'wild'] },
  )
  .map(({ metadata, wild, ...images }) => {
    const sound = JSON.parse(encodeEnvelope(aChange(1), { generation: 1, epoch: 1 })) as { metadata: object };
    const envelope = { ...sound, ...images, metadata: { ...sound.metadata, ...metadata } };
    if (wild === undefined) return JSON.stringify(envelope);
    const [name, value] = wild;
    if (name === 'data' || name === 'before') return JSON.stringify({ ...envelope, [name]: value });
    return JSON.stringify({ ...envelope, metadata: { ...envelope.metadata, [name]: value } });
  });

/** None for a line that is refused, which is done with a MalformedMessage. */
function decoded(line: string): readonly RoutedEvent[] {
  try {
    return [{ event: decodeEnvelope(line), line, orderingKey: '' }];
  } catch (error) {
    if (asDStreamError(error).code !== 'MalformedMessage') throw error;
    return [];
  }
}

test('whatever decodes can be published by every output', async () => {
  let published = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(lines, { minLength: 1, maxLength: 3 }), async (texts) => {
      const events = texts.flatMap(decoded);
      for (const publisher of Object.values(outputs)) await publisher.publish(events, { signal: never });
      published += events.length;
    }),
    { numRuns: 400 },
  );
  // Otherwise it would say nothing.
  expect(published).toBeGreaterThan(100);
});
