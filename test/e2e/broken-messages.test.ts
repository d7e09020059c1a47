/** Messages that no ingester writes, and a real process with several outputs. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ServiceBusClient, type ServiceBusReceivedMessage } from '@azure/service-bus';
import { expect, test } from 'vitest';
import { brokenMessages, content, soundBetween } from '../support/broken-messages.ts';
import { DStreamProcess } from '../support/dstream-process.ts';
import { Pipeline } from '../support/pipeline.ts';
import { until } from '../support/until.ts';

/** The largest message of the standard tier has 256 KB; larger ones are in the unit test. */
const sendable = brokenMessages.flatMap((one, i) => (one.body.length < 200_000 ? [{ ...one, i }] : []));

const sessionId = 's/d/dbo.T';

test('each is dead-lettered with its reason and named in the log, and everything else of its session is delivered', async () => {
  await using pipeline = await Pipeline.onStandIns();
  const { env } = pipeline;
  const text = pipeline.configText({ tables: ['T'] }).replace(
    /output \{[^}]*\}/,
    `output "screen" {
      type   = "console"
      format = "pretty"
    }
    output "hub" {
      type              = "azure_event_hubs"
      connection_string = "{{ env \\"DSTREAM_EVENT_HUBS_CONNECTION_STRING\\" }}"
      name              = "changes"
    }
    output "lines" {
      type = "file"
      path = "{{ env \\"DSTREAM_FOLDER\\" }}/lines.jsonl"
    }`,
  );
  const config = await pipeline.file('broken.hcl', text);
  const folder = dirname(config);
  await using processor = new DStreamProcess(['processor', '--config', config, '--log-format', 'json'], {
    ...env,
    DSTREAM_FOLDER: folder,
  });
  await processor.logged('processor ready');
  const client = new ServiceBusClient(env.DSTREAM_INGEST_CONNECTION_STRING);
  await using _closing = { [Symbol.asyncDispose]: () => client.close() };
  const sender = client.createSender('ingest-topic');
  const expected: string[] = [];
  for (const { i, body, delivered } of sendable) {
    const between = soundBetween(i);
    await sender.sendMessages([
      { sessionId, subject: 'dbo.T', messageId: `broken-${i}`, body: Buffer.from(body) },
      { sessionId, subject: 'dbo.T', messageId: `sound-${i}`, body: Buffer.from(between.line) },
    ]);
    expected.push(...delivered.map((line) => Buffer.from(line).toString()), between.line);
  }

  await until(
    () => processor.lines.length >= expected.length,
    () => `${expected.length} changes arrived; the log says\n${processor.logs.slice(-20).join('\n')}`,
  );
  expect(await processor.stop()).toBe(0);
  expect((await readFile(join(folder, 'lines.jsonl'), 'utf8')).split('\n').slice(0, -1)).toEqual(expected);
  const refused = sendable.filter((one) => one.refused.size > 0);
  const said = processor.logs
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ msg }) => msg === 'dead-lettered message');
  expect(said).toMatchObject(
    refused.map(({ i }) => ({
      messageId: `broken-${i}`,
      session: sessionId,
      table: 'dbo.T',
      reason: 'MalformedMessage',
    })),
  );
  expect(processor.logs.filter((line) => line.includes(content))).toEqual([]);
  const receiver = client.createReceiver('ingest-topic', 'dstream', { subQueueType: 'deadLetter' });
  const dead: ServiceBusReceivedMessage[] = [];
  for (let page; (page = await receiver.peekMessages(100)).length > 0;) dead.push(...page);
  expect(dead.map((message) => message.deadLetterErrorDescription)).toEqual(
    refused.map((one) => {
      const [[index, reason] = [0, '']] = one.refused;
      const more = one.refused.size > 1 ? ` (and ${one.refused.size - 1} more)` : '';
      return `change ${index}: ${reason}${more}`;
    }),
  );
});

type AmqpAnnotatedMessage = ServiceBusReceivedMessage['_rawAmqpMessage'];

/** Bodies and marks that only other senders than ours write, and what is said of them; none for what is delivered. */
const foreign: readonly (readonly [
  what: string,
  message: Partial<AmqpAnnotatedMessage>,
  reason: string | undefined,
])[] = [
  ['a null value', { bodyType: 'value', body: null }, 'the envelope is not a JSON object'],
  ['a number', { bodyType: 'value', body: 4711 }, 'the envelope is not a JSON object'],
  ['a time', { bodyType: 'value', body: new Date(0) }, 'the envelope is not a JSON object'],
  ['a text', { bodyType: 'value', body: content }, 'the envelope is not JSON'],
  ['a map that is no envelope', { bodyType: 'value', body: { N: content } }, 'the envelope has no data'],
  ['a sequence', { bodyType: 'sequence', body: [[content]] }, 'the envelope is not a JSON object'],
  ['no bytes', { bodyType: 'data', body: Buffer.alloc(0) }, 'the body is empty'],
  ['an envelope as a text', { bodyType: 'value', body: soundBetween(0).line }, undefined],
  [
    'an envelope as a map',
    { bodyType: 'value', body: JSON.parse(soundBetween(1).line) as object },
    undefined,
  ],
  [
    'properties of every type',
    {
      bodyType: 'data',
      body: Buffer.from(soundBetween(2).line),
      applicationProperties: {
        follows: 'x',
        generation: 'now',
        lastPosition: 7,
        changes: -1,
        when: new Date(0),
        nothing: null as never,
        ['__proto__']: 'x',
        'replay-outputs': '{',
        'replay-count': Number.NaN,
        'failed.*': '9-0',
      },
    },
    undefined,
  ],
];

test('bodies that are no bytes, and properties of any type, stop nothing either', async () => {
  await using pipeline = await Pipeline.onStandIns();
  const config = await pipeline.config({ tables: ['T'] });
  await using processor = new DStreamProcess(
    ['processor', '--config', config, '--log-format', 'json'],
    pipeline.env,
  );
  await processor.logged('processor ready');
  const client = new ServiceBusClient(pipeline.env.DSTREAM_INGEST_CONNECTION_STRING);
  await using _closing = { [Symbol.asyncDispose]: () => client.close() };
  const sender = client.createSender('ingest-topic');
  for (const [messageId, message] of foreign) {
    const properties = { messageId, groupId: sessionId };
    await sender.sendMessages({ ...message, properties } as AmqpAnnotatedMessage);
  }
  const last = soundBetween(3);
  await sender.sendMessages({ sessionId, messageId: 'last', body: Buffer.from(last.line) });
  await until(
    () => processor.lines.some((line) => line.includes(`"${last.id}"`)),
    () => `the last message arrived\n${processor.logs.slice(-5).join('\n')}`,
  );
  expect(await processor.stop()).toBe(0);
  const ids = processor.lines.map((line) => (JSON.parse(line) as { metadata: { id: string } }).metadata.id);
  expect(ids).toEqual([0, 1, 2, 3].map((i) => soundBetween(i).id));
  const receiver = client.createReceiver('ingest-topic', 'dstream', { subQueueType: 'deadLetter' });
  const dead = await receiver.peekMessages(100);
  const said = dead.map(({ messageId, deadLetterErrorDescription: why }) => [messageId, why]);
  expect(said).toEqual(
    foreign
      .filter(([, , reason]) => reason !== undefined)
      .map(([what, , reason]) => [what, expect.stringContaining(`change 0: ${reason}`)]),
  );
});
