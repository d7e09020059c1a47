/**
 * What DStream wrote while messages were of version 1 (`test/fixtures/version-1`), and the processes of today: an upgrade
 * loses nothing, repeats nothing, and begins no generation.
 */
import { readFileSync } from 'node:fs';
import { ServiceBusClient, type ServiceBusMessage } from '@azure/service-bus';
import { BlobServiceClient, type BlockBlobClient } from '@azure/storage-blob';
import { decodeEnvelope, type StampedEvent } from '@dstream/core';
import { afterEach, expect, test, vi } from 'vitest';
import { DStreamProcess } from '../support/dstream-process.ts';
import { Pipeline } from '../support/pipeline.ts';
import { status } from '../support/status-command.ts';
import { until } from '../support/until.ts';

interface StoredBlob {
  readonly name: string;
  readonly metadata: Record<string, string>;
}

interface StoredMessage extends Omit<ServiceBusMessage, 'applicationProperties' | 'body'> {
  readonly properties: NonNullable<ServiceBusMessage['applicationProperties']>;
  readonly body: string;
}

interface StoredCheckpoint {
  readonly position: string;
  readonly token: string;
  readonly generation: number;
  /** By key only. */
  readonly layout?: string;
  /** By table only. */
  readonly lastChange?: { readonly generation: number; readonly position: string };
}

/** Of a checkpoint inside a transaction. */
interface Token {
  readonly lsn: string;
  /** Changes of the transaction that were sent. */
  readonly ordinal: number;
  readonly seen: { readonly at: string };
}

const bytesOf = (name: string): Buffer =>
  readFileSync(new URL(`../fixtures/version-1/${name}`, import.meta.url));
const jsonOf = (name: string): unknown => JSON.parse(String(bytesOf(name)));

const blobs = jsonOf('blobs.json') as Readonly<
  Record<'functions' | 'direct' | 'by-key' | 'announcement', StoredBlob>
>;
const messages = jsonOf('messages.json') as readonly StoredMessage[];

const session = 'e2e/shop/dbo.Orders';
const subscription = 'ingest-topic/Subscriptions/dstream';
const entities = {
  UserConfig: {
    Namespaces: [
      {
        Name: 'sbemulatorns',
        Topics: [
          {
            Name: 'ingest-topic',
            Subscriptions: [{ Name: 'dstream', Properties: { RequiresSession: true, LockDuration: 'PT1M' } }],
          },
        ],
      },
    ],
  },
};

afterEach(() => void vi.useRealTimers());

test.each([
  ['functions', 'read { mode = "functions" }'],
  ['direct', 'read { mode = "direct" }'],
  ['by-key', 'ordering = "key"\n  key_sessions = 4'],
] as const)(
  'a checkpoint inside a transaction is read on from: %s',
  { timeout: 60_000 },
  async (name, choice) => {
    await using pipeline = await Pipeline.onStandIns({ entities });
    const content = bytesOf(`checkpoint-${name}.json`);
    const stored = JSON.parse(String(content)) as StoredCheckpoint;
    const { lsn, ordinal, seen } = JSON.parse(stored.token) as Token;
    await repeatHistory(pipeline, seen.at);
    const blob = await putBlob(pipeline, blobs[name], content);
    await pipeline.database.query("INSERT INTO dbo.Orders (Id, Name) VALUES (21, N'after the upgrade')");
    const expected = [...transaction.slice(ordinal), 'insert 21'];

    const ingester = pipeline.run(
      'ingester',
      await pipeline.config({ tables: ['Orders'], ingester: choice }),
    );
    await until(
      () => changesOf(pipeline).length >= expected.length,
      () => `the rest was sent:\n${ingester.logs.join('\n')}`,
    );
    expect(await ingester.stop()).toBe(0);
    const changes = changesOf(pipeline);
    expect(changes.map(({ metadata, data }) => `${metadata.operation} ${data?.['Id'] as number}`)).toEqual(
      expected,
    );
    expect(changes.slice(0, -1).map(({ metadata }) => metadata.position)).toEqual(
      expected.slice(0, -1).map((_, n) => `${lsn}:${String(ordinal + n + 1).padStart(10, '0')}`),
    );
    const { generation, layout, lastChange } = stored;
    const epoch = Number(blobs[name].metadata['epoch']) + 1;
    for (const { metadata } of changes) expect(metadata).toMatchObject({ generation, epoch });
    expect(messagesOf(pipeline)[0]?.properties['follows']).toBe(
      lastChange && `${lastChange.generation}/${lastChange.position}`,
    );
    expect(JSON.parse(String(await blob.downloadToBuffer()))).toMatchObject({
      version: 1,
      table: 'dbo.Orders',
      generation,
      epoch,
      ...(layout !== undefined && { layout }),
      ...(lastChange && { lastChange: { generation, position: changes.at(-1)?.metadata.position } }),
    });
  },
);

test(
  'an ingester that is announced, and the checkpoint of its table, are seen',
  { timeout: 60_000 },
  async () => {
    await using pipeline = await Pipeline.onStandIns();
    const { announcement, functions } = blobs;
    await (await putBlob(pipeline, announcement, '')).getBlobLeaseClient().acquireLease(60);
    const content = bytesOf('checkpoint-functions.json');
    await (await putBlob(pipeline, functions, content)).getBlobLeaseClient().acquireLease(60);
    const { position, generation } = JSON.parse(String(content)) as StoredCheckpoint;
    const seen = await status(pipeline, '--config', await pipeline.config({ tables: ['Orders'] }));
    expect(seen.replicas).toMatchObject([
      { instance: 'ingester-1', address: decodeURIComponent(announcement.metadata['address'] ?? '') },
    ]);
    expect(seen.tables).toMatchObject([
      { table: 'dbo.Orders', owner: 'ingester-1', epoch: 1, checkpoint: { position, generation } },
    ]);
  },
);

test('messages are delivered as version 2, with the same ids and values', { timeout: 60_000 }, async () => {
  await using pipeline = await Pipeline.onStandIns({ entities });
  expect(await delivered(pipeline, linesOf(messages))).toEqual(linesOf(messages).map(inVersion2).sort());
});

test('what a session state says is settled is not delivered again', { timeout: 60_000 }, async () => {
  await using pipeline = await Pipeline.onStandIns({ entities });
  const state = bytesOf('session-state.bin');
  const settled = JSON.parse(String(state)) as { readonly generation: number; readonly position: string };
  await using client = clientOf(pipeline);
  const receiver = await client.acceptSession('ingest-topic', 'dstream', session);
  await receiver.setSessionState(state);
  await receiver.close();

  const isNew = ({ sessionId, properties: { generation, lastPosition } }: StoredMessage) =>
    sessionId !== session ||
    Number(generation) > settled.generation ||
    String(lastPosition) > settled.position;
  const expected = linesOf(messages.filter(isNew));
  expect(linesOf(messages).length - expected.length).toBe(4);
  expect(await delivered(pipeline, expected)).toEqual(expected.map(inVersion2).sort());
});

/** The changes of the transaction of `history.sql`, in their order. */
const transaction: readonly string[] = [
  ...numbers(1, 15).map((id) => `insert ${id}`),
  ...numbers(11, 15).map((id) => `update ${id}`),
  ...numbers(16, 20).map((id) => `insert ${id}`),
];

function numbers(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from + 1 }, (_, n) => from + n);
}

function messagesOf({ standIns }: Pipeline) {
  return standIns.serviceBus.messages(subscription);
}

/** What is in the topic, in the order of the source: sessions stand side by side. */
function changesOf(pipeline: Pipeline): readonly StampedEvent[] {
  const lines = messagesOf(pipeline).flatMap(({ body }) => String(body).split('\n'));
  const changes = lines.map((line) => decodeEnvelope(line));
  return changes.toSorted((a, b) => (a.metadata.position < b.metadata.position ? -1 : 1));
}

/** A database with the LSNs of the checkpoints: commits that are committed at the time which they have seen. */
async function repeatHistory({ database }: Pipeline, at: string): Promise<void> {
  vi.useFakeTimers({ toFake: ['Date'], now: new Date(at) });
  const batches = String(bytesOf('history.sql')).split(/^GO$/m);
  for (const batch of batches) if (batch.trim() !== '') await database.batch(batch);
  vi.useRealTimers();
}

async function putBlob(
  { env, places }: Pipeline,
  { name, metadata }: StoredBlob,
  content: Buffer | string,
): Promise<BlockBlobClient> {
  const service = BlobServiceClient.fromConnectionString(env.DSTREAM_BLOB_CONNECTION_STRING);
  const container = service.getContainerClient(places.container);
  await container.createIfNotExists();
  const blob = container.getBlockBlobClient(name);
  await blob.upload(content, content.length, { metadata });
  return blob;
}

function clientOf({ env }: Pipeline): ServiceBusClient & AsyncDisposable {
  const client = new ServiceBusClient(env.DSTREAM_INGEST_CONNECTION_STRING);
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.close() });
}

/** What a processor prints when it is given all messages, sorted: sessions stand side by side. All are settled then. */
async function delivered(pipeline: Pipeline, expected: readonly string[]): Promise<readonly string[]> {
  await using client = clientOf(pipeline);
  const sender = client.createSender('ingest-topic');
  for (const { properties, body, ...message } of messages)
    await sender.sendMessages({ ...message, applicationProperties: properties, body: Buffer.from(body) });
  const config = await pipeline.config({ tables: ['Orders'] });
  const args = ['processor', '--config', config, '--log-format', 'json'];
  await using processor = new DStreamProcess(args, pipeline.env);
  const left = () => messagesOf(pipeline).length;
  await until(
    () => processor.lines.length >= expected.length && left() === 0,
    () => `${left()} messages are left:\n${processor.logs.join('\n')}`,
  );
  expect(await processor.stop()).toBe(0);
  expect(pipeline.standIns.serviceBus.messages(`${subscription}/$DeadLetterQueue`)).toEqual([]);
  expect(processor.logs.filter((line) => line.includes('missing'))).toEqual([]);
  return processor.lines.toSorted();
}

function linesOf(of: readonly StoredMessage[]): readonly string[] {
  return of.flatMap(({ body }) => body.split('\n'));
}

/** By hand, on the text: whatever is not moved is the same to the byte. */
function inVersion2(line: string): string {
  const [instance = ''] = /"captureInstance":"\w+"/.exec(line) ?? [];
  return line
    .replace('"version":1,', '"version":2,')
    .replace(`${instance},`, '')
    .replace(/("lsn":"0x\w{20}","seqval":"0x\w{20}")(,"sequence")/, `"origin":{${instance},$1}$2`);
}
