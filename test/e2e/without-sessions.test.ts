/** `sessions = false`: without order, and otherwise everything as with sessions. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ServiceBusClient } from '@azure/service-bus';
import { encodeEnvelope } from '@dstream/core';
import { expect, test } from 'vitest';
import { aChange } from '../support/a-change.ts';
import type { DStreamProcess } from '../support/dstream-process.ts';
import { Pipeline } from '../support/pipeline.ts';
import { until } from '../support/until.ts';

const address = 'ingest-topic/Subscriptions/plain';
const sentence = 'processor.source: sessions = false: changes are delivered without order';

const hcl = `
processor {
  source {
    type              = "azure_service_bus"
    connection_string = "{{ env \\"DSTREAM_INGEST_CONNECTION_STRING\\" }}"
    subscription      = "plain"
    sessions          = false
  }
  transform "short" {
    type = "columns"
    match {
      tables = ["A"]
    }
    drop = ["Name"]
  }
  route "a" {
    match {
      tables = ["A"]
    }
    outputs = ["a", "all"]
  }
  route "judged" {
    match {
      tables = ["B"]
    }
    when    = "int(data.N) % 2 == 0"
    outputs = ["all"]
  }
  default_outputs = []
  output "a" {
    type = "file"
    path = "{{ env \\"DSTREAM_FOLDER\\" }}/a.jsonl"
  }
  output "all" {
    type = "file"
    path = "{{ env \\"DSTREAM_FOLDER\\" }}/all.jsonl"
  }
}
service {
  http = "127.0.0.1:0"
}
`;

interface Line {
  readonly data: Readonly<Record<string, unknown>>;
  readonly metadata: { readonly id: string; readonly table: string };
}

const rows = 40;
const numbers = (count: number, step = 1) => Array.from({ length: count / step }, (_, i) => (i + 1) * step);

function line(table: string, n: number, data: Readonly<Record<string, unknown>> = {}): string {
  const { metadata } = aChange(n, { table, id: `${table}${n}` });
  const stamp = { generation: 1, epoch: 1 };
  return encodeEnvelope({ data: { N: n, Name: 'x', ...(data as object) }, metadata }, stamp);
}

async function linesOf(file: string): Promise<readonly Line[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text
    .split('\n')
    .slice(0, -1)
    .map((one) => JSON.parse(one) as Line);
}

/** The rows of a table in a file, each once, sorted: there is no order. */
function distinct(lines: readonly Line[], table: string): readonly unknown[] {
  const own = new Map(
    lines.filter((one) => one.metadata.table === table).map((one) => [one.metadata.id, one]),
  );
  return [...own.values()].map(({ data }) => data['N'] as number).sort((a, b) => a - b);
}

const said = ({ logs }: DStreamProcess) => logs.filter((one) => one.includes(sentence)).length;

test('transforms, routes, dead letters and repeats work, also after a kill; the start says that there is no order', async () => {
  await using pipeline = await Pipeline.onStandIns();
  const { env, standIns } = pipeline;
  const config = await pipeline.file('without-sessions.hcl', hcl);
  const folder = dirname(config);
  const file = (name: string) => linesOf(join(folder, `${name}.jsonl`));
  const first = pipeline.run('processor', config, { DSTREAM_FOLDER: folder });
  await first.logged('processor ready');
  expect(said(first)).toBe(1);

  const client = new ServiceBusClient(env.DSTREAM_INGEST_CONNECTION_STRING);
  await using _closing = { [Symbol.asyncDispose]: () => client.close() };
  const sender = client.createSender('ingest-topic');
  const send = (table: string, n: number, body: string) =>
    sender.sendMessages({
      messageId: `${table}-${n}`,
      sessionId: `s/d/dbo.${table}`,
      body: Buffer.from(body),
    });
  const sendRows = async (from: number, to: number) => {
    for (let n = from; n <= to; n += 2)
      for (const table of ['A', 'B', 'C']) await send(table, n, `${line(table, n)}\n${line(table, n + 1)}`);
  };
  await sendRows(1, rows / 2);
  await send('A', 1_000, `${line('A', 1_000)}\nno JSON`);
  await send('B', 1_000, `${line('B', 1_000)}\n${line('B', 1_001, { N: 'text' })}`);
  await send('A', 1, `${line('A', 1)}\n${line('A', 2)}`);
  await until(
    async () =>
      (await file('all')).length >= rows / 2 + rows / 4 + 2 &&
      standIns.serviceBus.messages(address).length === 0,
    () => `the first half arrived\n${first.logs.slice(-5).join('\n')}`,
  );
  expect((await file('a')).length, 'the repeat was dropped').toBe(rows / 2 + 1);

  const sending = sendRows(rows / 2 + 1, rows);
  await until(
    async () => (await file('all')).length > rows,
    () => 'a part of the second half arrived',
  );
  first.signal('SIGKILL');
  await Promise.all([first.ended, sending]);
  standIns.serviceBus.expireMessageLocks(address);
  const second = pipeline.run('processor', config, { DSTREAM_FOLDER: folder });
  await until(
    () =>
      second.logs.some((one) => one.includes('processor ready')) &&
      standIns.serviceBus.messages(address).length === 0,
    () => `all is settled\n${second.logs.slice(-5).join('\n')}`,
  );
  expect(said(second)).toBe(1);
  expect(await second.stop()).toBe(0);

  const [a, all] = [await file('a'), await file('all')];
  expect([distinct(a, 'A'), distinct(all, 'A')]).toEqual([
    [...numbers(rows), 1_000],
    [...numbers(rows), 1_000],
  ]);
  expect(a.filter(({ data }) => 'Name' in data)).toEqual([]);
  expect(distinct(all, 'B')).toEqual([...numbers(rows, 2), 1_000]);
  expect(all.filter(({ metadata, data }) => metadata.table === 'B' && data['Name'] !== 'x')).toEqual([]);
  expect(distinct(all, 'C')).toEqual([]);
  const dead = standIns.serviceBus.messages(`${address}/$DeadLetterQueue`);
  expect(dead.map(({ messageId }) => messageId).sort()).toEqual(['A-1000', 'B-1000']);
  const receiver = client.createReceiver('ingest-topic', 'plain', { subQueueType: 'deadLetter' });
  const seen = await receiver.peekMessages(2);
  expect(Object.fromEntries(seen.map((one) => [one.messageId, one.deadLetterReason]))).toEqual({
    'A-1000': 'MalformedMessage',
    'B-1000': 'TransformFailed',
  });
  expect(seen.map(({ applicationProperties }) => applicationProperties?.['failed.*'])).toEqual(['1', '1']);
}, 60_000);
