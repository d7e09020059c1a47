import { ServiceBusClient, type ServiceBusReceivedMessage } from '@azure/service-bus';
import { encodeEnvelope, type ChangeEvent, type Position } from '@dstream/core';
import { expect, test } from 'vitest';
import { Pipeline } from '../support/pipeline.ts';
import { until } from '../support/until.ts';

/** Sessions that no other run has: what was settled in them before would be taken for repeats. */
const source = `e2e-${Math.random().toString(36).slice(2, 10)}`;
const tables = Array.from({ length: 8 }, (_, n) => `T${n}`);
const perTable = 5;
const poisoned = { table: 'T3', n: 2 };

test('of eight sessions side by side one message is unreadable: exactly that one is dead-lettered', async () => {
  await using pipeline = await Pipeline.start();
  const { topic, subscription, databaseName } = pipeline.places;
  const client = new ServiceBusClient(pipeline.env.DSTREAM_INGEST_CONNECTION_STRING);
  await using _closing = { [Symbol.asyncDispose]: () => client.close() };
  const sender = client.createSender(topic);
  for (const table of tables) {
    const sessionId = `${source}/${databaseName}/dbo.${table}`;
    await sender.sendMessages(
      Array.from({ length: perTable }, (_, n) => ({
        sessionId,
        messageId: `${sessionId}/${n}`,
        body: bodyOf(databaseName, table, n),
      })),
    );
  }

  const processor = pipeline.run('processor', await pipeline.config({ tables: ['T'] }));
  await pipeline.arrivedDistinct(tables.length * perTable - 1);
  const receiver = client.createReceiver(topic, subscription, { subQueueType: 'deadLetter' });
  const dead: ServiceBusReceivedMessage[] = [];
  // A receiver goes on peeking where its last peek ended; others may have left dead letters too.
  const look = async () => {
    const page = await receiver.peekMessages(100);
    dead.push(...page.filter(({ messageId }) => String(messageId).startsWith(source)));
    return page.length;
  };
  await until(
    async () => (await look(), dead.length > 0),
    () => 'a message is in the dead-letter queue',
  );
  expect(await processor.stop()).toBe(0);
  while ((await look()) > 0);

  expect(dead.map(({ messageId }) => messageId)).toEqual([`${source}/${databaseName}/dbo.T3/2`]);
  expect(dead[0]).toMatchObject({
    deadLetterReason: 'MalformedMessage',
    deadLetterErrorDescription: 'change 0: the envelope is not JSON',
    applicationProperties: { 'failed.*': '0' },
  });
  for (const table of tables) {
    const expected = [0, 1, 2, 3, 4].filter((n) => table !== poisoned.table || n !== poisoned.n);
    const got = pipeline.arrived.filter((e) => e.metadata.table === table).map((e) => e.data?.['N']);
    expect(got).toEqual(expected);
  }
});

/** As bytes: a string body would be wrapped in quotes by the client. */
function bodyOf(database: string, table: string, n: number): Buffer {
  if (table === poisoned.table && n === poisoned.n) return Buffer.from('{"data": {"N": 2');
  return Buffer.from(encodeEnvelope(event(database, table, n), { generation: 1, epoch: 1 }));
}

function event(database: string, table: string, n: number): ChangeEvent {
  return {
    data: { N: n },
    metadata: {
      version: 2,
      id: `${source}:${table}:${n}`,
      source: 'sqlserver',
      server: source,
      database,
      schema: 'dbo',
      table,
      operation: 'insert',
      key: { N: n },
      origin: {},
      sequence: n,
      committedAt: '2026-11-20T09:15:30.123Z',
      position: `p${n}` as Position,
    },
  };
}
