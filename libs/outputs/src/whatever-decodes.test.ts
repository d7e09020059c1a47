/** A message that can be read and then breaks an output would hold its table up: there is none. */
import { Writable } from 'node:stream';
import { SharedTimeout } from '@dstream/async';
import { silentLog, type OutgoingMessage, type Publisher, type RoutedEvent } from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { HttpEndpoint, type HttpRequest } from '@dstream/http-client';
import { defaultLastingStatuses } from '@dstream/http-client/schema';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodedLines } from '../../../test/support/decoded-lines.ts';
import { envelopeLines } from '../../../test/support/envelope-lines.ts';
import { FakeHub } from '../../../test/support/fake-hub.ts';
import { never, setup as setupFiles } from '../../../test/support/file-rig.ts';
import { ConsolePublisher } from './console/console-publisher.ts';
import { prettyLine } from './console/pretty-line.ts';
import {
  destinationNames,
  eventHubNames,
  serviceBusNames,
  type NameRules,
} from './destinations/destination-name.ts';
import type { Destination } from './destinations/destination.ts';
import { DestinationsPublisher } from './destinations/destinations-publisher.ts';
import { cloudEventsEnvelope } from './envelopes/cloud-events.ts';
import { debeziumEnvelope } from './envelopes/debezium.ts';
import { plainEnvelope } from './envelopes/plain.ts';
import { withEnvelope, type Encode } from './envelopes/with-envelope.ts';
import { EventHub } from './event-hubs/event-hubs-publisher.ts';
import { HttpDestination } from './http/http-destination.ts';
import { UrlTemplate } from './http/http-url.ts';
import type { BodyForm } from './http/request-body.ts';
import { ServiceBusDestination } from './service-bus/service-bus-publisher.ts';

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
    nameOf: ({ event }) => nameOf(event),
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
  return toDestinations(serviceBusNames, () => new ServiceBusDestination(topic, limits, hash));
}

/** What an HTTP client takes: a URL that can be read and is not changed by that, and headers of one line of ASCII. */
function toHttp(form: BodyForm): Publisher {
  const template = new UrlTemplate(`http://localhost/{{ schema }}/{{ table }}?of={{ database }}`, hash);
  const client = {
    send: ({ url, headers, body = new Uint8Array() }: HttpRequest) => {
      expect(new URL(url).href.length).toBeLessThan(8_000);
      expect(new URL(url).pathname.split('/')).toHaveLength(3);
      for (const value of Object.values(headers)) expect(value).toMatch(/^[ -~]+$/);
      if (form !== 'lines') JSON.parse(Buffer.from(body).toString());
      return Promise.resolve({ status: 204, headers: {}, body: Buffer.of(), isWhole: true });
    },
  };
  const endpointOptions = {
    client,
    timeout: new SharedTimeout(clock, 1e9),
    lastingStatuses: new Set<number>(defaultLastingStatuses),
    hide: (text: string) => text,
    clock,
  };
  const endpointOf = (url: string) => new HttpEndpoint({ url, shown: template.shown(url) }, endpointOptions);
  const options = {
    method: 'POST',
    headers: {},
    secrets: [`whsec_${'A'.repeat(32)}`],
    limits: { form, maxChanges: 2, maxBytes: 1_000 },
    clock,
    hash,
  } as const;
  return new DestinationsPublisher({
    nameOf: (routed) => template.urlFor(routed),
    fixedName: undefined,
    open: (url) => new HttpDestination(endpointOf(url), options),
    maxOpen: 10,
    log: silentLog,
    rightsMayDiffer: false,
  });
}

function toConsole(format?: (event: RoutedEvent) => string): Publisher {
  return new ConsolePublisher({
    stream: new Writable({ write: (_chunk, _encoding, done) => done() }),
    ...(format && { format }),
  });
}

const hub = new FakeHub();
const files = setupFiles();
const outputs: Record<string, Publisher> = {
  'http, array': toHttp('array'),
  'http, lines': toHttp('lines'),
  'http, single': toHttp('single'),
  'console, json': toConsole(),
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

/** Each with every body and attribute that a destination may get. */
const envelopes: Record<string, Encode> = {
  dstream: (routed) => routed,
  plain: plainEnvelope(silentLog),
  'cloudevents, structured': cloudEventsEnvelope('structured'),
  'cloudevents, binary': cloudEventsEnvelope('binary'),
  debezium: debeziumEnvelope({ wrapper: true, tombstones: true, bigint: ['*.*.ID'] }, clock),
};

/** No file gives tombstones to an output without keys. */
function carriedBy(output: string, encode: Encode): Encode {
  if (!output.startsWith('http')) return encode;
  return (routed) => [encode(routed)].flat().filter(({ line }) => line.length > 0);
}

const lines = fc.oneof(envelopeLines(1), envelopeLines(2));

test.each(Object.entries(envelopes))(
  'whatever decodes can be published by every output: %s',
  async (_, encode) => {
    let published = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(lines, { minLength: 1, maxLength: 3 }), async (texts) => {
        const events = decodedLines(...texts);
        for (const [name, publisher] of Object.entries(outputs))
          await withEnvelope(publisher, carriedBy(name, encode)).publish(events, { signal: never });
        published += events.length;
      }),
      { numRuns: 200 },
    );
    // Otherwise it would say nothing.
    expect(published).toBeGreaterThan(50);
  },
);
