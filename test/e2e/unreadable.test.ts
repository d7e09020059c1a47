import { ServiceBusClient } from '@azure/service-bus';
import { encodeEnvelope, type ChangeEvent, type Position } from '@dstream/core';
import { expect, test } from 'vitest';
import { Pipeline } from '../support/pipeline.ts';
import { until } from '../support/until.ts';

const sessions = Array.from({ length: 8 }, (_, n) => `e2e/d/dbo.T${n}`);
const perSession = 5;
const poisoned = { session: 'e2e/d/dbo.T3', n: 2 };

test('of eight sessions side by side one message is unreadable: exactly that one is dead-lettered', async () => {
  await using pipeline = await Pipeline.start();
  const client = new ServiceBusClient(pipeline.standIns.env.DSTREAM_INGEST_CONNECTION_STRING);
  await using _closing = { [Symbol.asyncDispose]: () => client.close() };
  const sender = client.createSender('ingest-topic');
  for (const sessionId of sessions) {
    await sender.sendMessages(
      Array.from({ length: perSession }, (_, n) => ({
        sessionId,
        messageId: `${sessionId}/${n}`,
        body: bodyOf(sessionId, n),
      })),
    );
  }

  const processor = pipeline.run('processor', await pipeline.config({ tables: ['T'] }));
  await pipeline.arrivedDistinct(sessions.length * perSession - 1);
  const receiver = client.createReceiver('ingest-topic', 'dstream', { subQueueType: 'deadLetter' });
  const dead = await until(
    async () => {
      const messages = await receiver.peekMessages(10);
      return messages.length > 0 && messages;
    },
    () => 'a message is in the dead-letter queue',
  );
  expect(await processor.stop()).toBe(0);
  const from = dead[0]?.sequenceNumber;
  const later = await receiver.peekMessages(10, from === undefined ? {} : { fromSequenceNumber: from });

  expect(later.map(({ messageId }) => messageId)).toEqual(['e2e/d/dbo.T3/2']);
  expect(later[0]).toMatchObject({
    deadLetterReason: 'MalformedMessage',
    deadLetterErrorDescription: 'change 0: the envelope is not JSON',
    applicationProperties: { 'failed.*': '0' },
  });
  for (const session of sessions) {
    const expected = [0, 1, 2, 3, 4].filter((n) => session !== poisoned.session || n !== poisoned.n);
    const got = pipeline.arrived
      .filter((e) => `e2e/d/dbo.${e.metadata.table}` === session)
      .map((e) => e.data?.['N']);
    expect(got).toEqual(expected);
  }
});

/** As bytes: a string body would be wrapped in quotes by the client. */
function bodyOf(session: string, n: number): Buffer {
  if (session === poisoned.session && n === poisoned.n) return Buffer.from('{"data": {"N": 2');
  return Buffer.from(
    encodeEnvelope(event(session.slice('e2e/d/dbo.'.length), n), { generation: 1, epoch: 1 }),
  );
}

function event(table: string, n: number): ChangeEvent {
  return {
    data: { N: n },
    metadata: {
      version: 1,
      id: `${table}:${n}`,
      source: 'sqlserver',
      server: 'e2e',
      database: 'd',
      schema: 'dbo',
      table,
      captureInstance: `dbo_${table}`,
      operation: 'insert',
      key: { N: n },
      lsn: '0x00000000000000000001',
      seqval: '0x00000000000000000001',
      sequence: n,
      committedAt: '2026-11-20T09:15:30.123Z',
      position: `p${n}` as Position,
    },
  };
}
