/** Several outputs of a real process: all get everything, and one that is not required holds nothing up. */
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProcessorReport } from '@dstream/deliver';
import { expect, test } from 'vitest';
import { createCapturedTable, insertRows } from '../support/database.ts';
import { Pipeline } from '../support/pipeline.ts';
import { until } from '../support/until.ts';

const numbers = (last: number) => Array.from({ length: last }, (_, n) => n + 1);

async function numbersIn(file: string): Promise<readonly number[]> {
  const text = await readFile(file, 'utf8');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as { readonly data: { readonly N: number } }).data.N);
}

test('console and files get every change; a destination that is not there yet has its changes once somebody makes it', async () => {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'dstream-outputs-'));
  stack.defer(() => rm(directory, { recursive: true }));
  const pipeline = stack.use(await Pipeline.start());
  for (const table of ['A', 'B']) await createCapturedTable(pipeline.database, table);
  const text = pipeline.configText({ tables: ['A', 'B'] }).replace(
    /output \{[^}]*\}/,
    `output "screen" {
      type   = "console"
      format = "json"
    }
    output "tables" {
      type = "file"
      path = "${directory}/{{ table }}.jsonl"
    }
    output "later" {
      type     = "file"
      path     = "${directory}/later/{{ table }}.jsonl"
      required = false
    }`,
  );
  const server = pipeline.run('server', await pipeline.file('outputs.hcl', text));
  await server.logged('processor ready');
  for (const table of ['A', 'B']) await insertRows(pipeline.database, table, { from: 1, to: 300 });
  await pipeline.arrivedDistinct(600);

  const { http } = JSON.parse(await server.logged('listening')) as { http: string };
  const outputs = async () => {
    const status = (await (await fetch(`${http}/status`)).json()) as { readonly processor: ProcessorReport };
    return status.processor.outputs;
  };
  const before = await until(
    async () => {
      const seen = await outputs();
      return seen[1]?.delivered === 600 && seen[2]?.waiting.changes === 600 && seen;
    },
    () => 'the files of the tables have everything, and the buffer, too',
  );
  expect(before).toMatchObject([
    { name: 'screen', type: 'console', state: 'working', delivered: 600 },
    { name: 'tables', type: 'file', required: true, state: 'working', dropped: 0, refused: 0 },
    {
      name: 'later',
      required: false,
      state: 'connecting',
      failing: { code: 'EntityNotFound' },
      delivered: 0,
    },
  ]);

  await mkdir(join(directory, 'later'));
  await until(
    async () => (await outputs())[2]?.delivered === 600,
    () => 'what waited was delivered',
    60_000,
  );
  expect(await server.stop()).toBe(0);
  for (const file of ['A.jsonl', 'B.jsonl', 'later/A.jsonl', 'later/B.jsonl']) {
    expect(await numbersIn(join(directory, file))).toEqual(numbers(300));
  }
  const left = await readdir(directory, { recursive: true });
  expect(left.filter((name) => !name.endsWith('.jsonl'))).toEqual(['later']);
}, 90_000);

test('a processor that is killed again and again leaves a file with every change in order, and no torn line', async () => {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'dstream-outputs-'));
  stack.defer(() => rm(directory, { recursive: true }));
  const pipeline = stack.use(await Pipeline.start());
  await createCapturedTable(pipeline.database, 'A');
  const file = join(directory, 'A.jsonl');
  const output = `output {\n  type = "file"\n  path = "${file}"\n}`;
  const text = pipeline.configText({ tables: ['A'] }).replace(/output \{[^}]*\}/, output);
  const config = await pipeline.file('killed.hcl', text);
  const ingester = pipeline.run('ingester', config);
  await ingester.logged('acquired table');
  const written = async () => new Set(await numbersIn(file).catch(() => [])).size;
  const arrived = (count: number) =>
    until(
      async () => (await written()) >= count,
      () => `${count} changes are in the file`,
      60_000,
    );
  for (const life of [0, 1, 2]) {
    const processor = pipeline.run('processor', config);
    const inserting = insertRows(pipeline.database, 'A', { from: life * 500 + 1, to: (life + 1) * 500 });
    await arrived(life * 500 + 50);
    processor.signal('SIGKILL');
    await processor.ended;
    await inserting;
  }
  const last = pipeline.run('processor', config);
  await last.logged('processor ready');
  await arrived(1_500);
  expect(await last.stop()).toBe(0);
  expect([...new Set(await numbersIn(file))]).toEqual(numbers(1_500));
}, 120_000);

test('every output writes the envelope that it asks for', async () => {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'dstream-envelopes-'));
  stack.defer(() => rm(directory, { recursive: true }));
  const pipeline = stack.use(await Pipeline.start());
  await createCapturedTable(pipeline.database, 'A');
  const envelopes = ['debezium', 'cloudevents', 'plain'] as const;
  const files = envelopes.map(
    (envelope) => `output "${envelope}" {
      type     = "file"
      path     = "${directory}/${envelope}.jsonl"
      envelope = "${envelope}"
    }`,
  );
  const text = pipeline
    .configText({ tables: ['A'] })
    .replace('output {', [...files, 'output "screen" {'].join('\n'));
  const server = pipeline.run('server', await pipeline.file('envelopes.hcl', text));
  await server.logged('processor ready');
  await insertRows(pipeline.database, 'A', { from: 1, to: 20 });
  const lines = async (envelope: string) => {
    const content = await readFile(join(directory, `${envelope}.jsonl`), 'utf8');
    return content.split('\n').slice(0, -1);
  };
  const [debezium, cloudEvents, plain] = await until(
    async () => {
      const found = await Promise.all(envelopes.map(lines));
      return found.every(({ length }) => length === 20) && found;
    },
    () => 'every file has every change',
  );
  expect(await server.stop()).toBe(0);
  expect(pipeline.arrived).toHaveLength(20);
  const [first] = pipeline.arrived;
  expect(plain?.[0]).toBe(JSON.stringify(first?.data));
  expect(JSON.parse(debezium?.[0] ?? '')).toMatchObject({ before: null, after: first?.data, op: 'c' });
  expect(JSON.parse(cloudEvents?.[0] ?? '')).toMatchObject({ specversion: '1.0', data: first });
});
