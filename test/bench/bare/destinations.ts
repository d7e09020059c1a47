/** Where the bare loop brings changes. */
import { open } from 'node:fs/promises';
import { ServiceBusClient } from '@azure/service-bus';
import { EventHubProducerClient, type EventData } from '@azure/event-hubs';
import { request } from 'undici';
import { inBatches } from './sending.ts';

export type BareDestination =
  | { readonly type: 'console' }
  | { readonly type: 'service-bus'; readonly connectionString: string; readonly topic: string }
  | { readonly type: 'event-hubs'; readonly connectionString: string; readonly hub: string }
  | { readonly type: 'file'; readonly path: string }
  | { readonly type: 'http'; readonly url: string };

interface Metadata {
  readonly id: string;
  readonly operation: string;
  readonly key: { readonly Id: number };
}

/** A message that was received: its lines, and the same parsed. */
export interface Received {
  readonly session: string;
  readonly lines: readonly string[];
  readonly events: readonly { readonly metadata: Metadata }[];
}

/** Resolves when the destination has the changes. Messages of one session are given one after the other. */
export type Write = (received: Received) => Promise<void>;

export function openDestination(destination: BareDestination): Promise<Write> {
  switch (destination.type) {
    case 'console':
      return Promise.resolve(writeLines);
    case 'service-bus':
      return sendEach(destination);
    case 'event-hubs':
      return sendByPartition(destination);
    case 'file':
      return appendDurably(destination.path);
    case 'http':
      return Promise.resolve(postArrays(destination.url));
    default:
      throw new Error('no such destination');
  }
}

/** 100 changes a request, as an array: as our output does by default. */
function postArrays(url: string): Write {
  return async ({ lines }) => {
    for (let from = 0; from < lines.length; from += 100) {
      const { statusCode, body } = await request(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: `[${lines.slice(from, from + 100).join(',')}]`,
      });
      await body.dump();
      if (statusCode !== 204) throw new Error(`the answer was ${statusCode}`);
    }
  };
}

function writeLines({ lines }: Received): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(`${lines.join('\n')}\n`, (error) => (error ? reject(error) : resolve()));
  });
}

/** One change a message, in batches: as our output does by default. */
async function sendEach({
  connectionString,
  topic,
}: Extract<BareDestination, { type: 'service-bus' }>): Promise<Write> {
  const sender = new ServiceBusClient(connectionString).createSender(topic);
  await sender.createMessageBatch();
  return ({ session, lines, events }) =>
    inBatches(
      sender,
      lines.map((line, n) => ({
        messageId: events[n]?.metadata.id ?? '',
        sessionId: session,
        partitionKey: session,
        subject: session,
        contentType: 'application/json',
        applicationProperties: { table: session, operation: events[n]?.metadata.operation ?? '' },
        body: Buffer.from(line),
      })),
    );
}

/**
 * The changes of a row to one partition, by its number: so the loop needs neither the service's hash nor a batch for every
 * key. All partitions side by side, one batch in flight each.
 */
async function sendByPartition({
  connectionString,
  hub,
}: Extract<BareDestination, { type: 'event-hubs' }>): Promise<Write> {
  const producer = new EventHubProducerClient(connectionString, hub);
  const partitions = await producer.getPartitionIds();
  await Promise.all(partitions.map((partitionId) => producer.createBatch({ partitionId })));
  return async ({ session, lines, events }) => {
    const shares = Map.groupBy(lines.keys(), (n) => (events[n]?.metadata.key.Id ?? 0) % partitions.length);
    const sends = [...shares].map(([partition, own]) =>
      sendToPartition(
        producer,
        partitions[partition] ?? '',
        own.map((n) => ({
          body: Buffer.from(lines[n] ?? ''),
          messageId: events[n]?.metadata.id ?? '',
          contentType: 'application/json',
          properties: { table: session, operation: events[n]?.metadata.operation ?? '' },
        })),
      ),
    );
    await Promise.all(sends);
  };
}

async function sendToPartition(
  producer: EventHubProducerClient,
  partitionId: string,
  events: readonly EventData[],
): Promise<void> {
  let batch = await producer.createBatch({ partitionId });
  for (const event of events) {
    if (batch.tryAdd(event)) continue;
    await producer.sendBatch(batch);
    batch = await producer.createBatch({ partitionId });
    if (!batch.tryAdd(event)) throw new Error('an event is larger than the link takes');
  }
  await producer.sendBatch(batch);
}

/** What comes while a sync is under way is made durable by the next one. */
async function appendDurably(path: string): Promise<Write> {
  const file = await open(path, 'a');
  let waiting: { readonly text: string; readonly durable: () => void }[] = [];
  let writing = false;
  const writeAll = async () => {
    writing = true;
    while (waiting.length > 0) {
      const taken = waiting;
      waiting = [];
      await file.appendFile(taken.map(({ text }) => text).join(''));
      await file.datasync();
      for (const { durable } of taken) durable();
    }
    writing = false;
  };
  return ({ lines }) =>
    new Promise((durable, reject) => {
      waiting.push({ text: `${lines.join('\n')}\n`, durable });
      if (!writing) writeAll().catch(reject);
    });
}
