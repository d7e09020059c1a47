/** What the configuration takes, the client libraries take: no connection string passes `validate` and fails at the start. */
import { EventHubProducerClient } from '@azure/event-hubs';
import { ServiceBusClient } from '@azure/service-bus';
import { BlobServiceClient } from '@azure/storage-blob';
import { textOf } from '@dstream/config/schema';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { brokerConnectionString } from '../../libs/config/src/values/broker-connection-string.ts';
import { blobConnectionString } from '../../libs/leases/azure-blob/src/blob-connection-string.ts';

function isTaken(type: typeof blobConnectionString, text: string): boolean {
  const given = { value: text, shown: 'it', fromVariable: true, items: [] };
  return textOf(given) !== '' && 'value' in type.read(given);
}

const key = 'c2VjcmV0LWtleS1vZi1tYW55LWJ5dGVz';

/** Some of these parts, in any order, each in one of its spellings, mostly the first. */
function someOf(...parts: readonly (readonly [string, ...string[]])[]): fc.Arbitrary<string> {
  const one = parts.map(([first, ...others]) =>
    fc.constantFrom(null, ...others, ...others.map(() => first), first, first),
  );
  return fc
    .tuple(...one)
    .map((chosen) => chosen.filter((part) => part !== null))
    .chain((chosen) => fc.shuffledSubarray(chosen, { minLength: chosen.length }))
    .map((chosen) => chosen.join(';'));
}

const broker = someOf(
  [
    'Endpoint=sb://shop.servicebus.windows.net/',
    'Endpoint=sb://localhost:5672',
    'endpoint=sb://h/',
    'Endpoint=',
  ],
  ['SharedAccessKeyName=all', 'SharedAccessKeyName=', 'SharedAccesKeyName=all'],
  [`SharedAccessKey=${key}`, `SharedAccessKey="${key}"`, 'SharedAccessKey'],
  ['SharedAccessSignature=SharedAccessSignature sr=x&sig=y', 'SharedAccessSignature=sr=x'],
  ['TransportType=AmqpWebSockets', 'TransportType=Other'],
  ['EntityPath=orders'],
  ['UseDevelopmentEmulator=true', 'UseDevelopmentEmulator=True'],
);

const storage = someOf(
  ['DefaultEndpointsProtocol=https', 'DefaultEndpointsProtocol=ftp', 'defaultendpointsprotocol=https'],
  ['AccountName=shop', 'AccountName='],
  [`AccountKey=${key}`, 'AccountKey=', 'AccountKey=?'],
  ['EndpointSuffix=core.windows.net', 'EndpointSuffix='],
  ['BlobEndpoint=https://shop.example.com/', 'BlobEndpoint=shop.example.com', 'BlobEndpoint='],
  ['SharedAccessSignature=sv=1&sig=y', 'SharedAccessSignature='],
  ['UseDevelopmentStorage=true', 'UseDevelopmentStorage=false'],
);

test('the client libraries of both brokers take every connection string that is taken', async () => {
  let taken = 0;
  const closing: Promise<void>[] = [];
  fc.assert(
    fc.property(broker, (text) => {
      if (!isTaken(brokerConnectionString('Service Bus'), text)) return;
      taken += 1;
      closing.push(new ServiceBusClient(text).close());
      const entity = text.includes('EntityPath') ? 'orders' : 'changes';
      closing.push(new EventHubProducerClient(text, entity).close());
    }),
    { numRuns: 5_000 },
  );
  await Promise.all(closing);
  expect(taken).toBeGreaterThan(0);
});

test('the client library of storage takes every connection string that is taken', () => {
  let taken = 0;
  fc.assert(
    fc.property(storage, (text) => {
      if (!isTaken(blobConnectionString, text)) return;
      taken += 1;
      BlobServiceClient.fromConnectionString(text);
    }),
    { numRuns: 5_000 },
  );
  expect(taken).toBeGreaterThan(0);
});

test.each([
  `Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=all;SharedAccessKey=${key}`,
  `Endpoint=sb://shop.servicebus.windows.net;SharedAccessKeyName=all;SharedAccessKey=${key};EntityPath=a/b;`,
  `Endpoint=sb://127.0.0.1:5672;SharedAccessKeyName=a;SharedAccessKey=x;UseDevelopmentEmulator=true;`,
  'Endpoint=sb://h/;SharedAccessSignature=SharedAccessSignature sr=sb%3A%2F%2Fh&sig=x%3D&se=1&skn=all',
  ` Endpoint = sb://h/ ; SharedAccessKeyName=a;SharedAccessKey=${key};TransportType=amqpwebsockets`,
])('a usual connection string of a broker is taken: %s', (text) => {
  expect(isTaken(brokerConnectionString('Event Hubs'), text)).toBe(true);
});

test.each([
  `DefaultEndpointsProtocol=https;AccountName=a;AccountKey=${key};EndpointSuffix=core.windows.net`,
  `DefaultEndpointsProtocol=http;AccountName=a;AccountKey=${key};BlobEndpoint=http://127.0.0.1:10000/a;`,
  `DefaultEndpointsProtocol=http;AccountName=a;AccountKey=${key};BlobEndpoint=http://h:1/a;QueueEndpoint=http://h:2/a`,
  'BlobEndpoint=https://a.blob.core.windows.net/;SharedAccessSignature=sv=2024&sig=x%3D',
  'UseDevelopmentStorage=true',
])('a usual connection string of storage is taken: %s', (text) => {
  expect(isTaken(blobConnectionString, text)).toBe(true);
});
