/** `dstream status` over real processes, as a program sees it; `status-terminal.test.ts` has what a person sees. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StatusDocument } from '@dstream/status';
import { expect, test } from 'vitest';
import { createCapturedTable, insertRows } from '../support/database.ts';
import type { DStreamProcess } from '../support/dstream-process.ts';
import { freePort } from '../support/free-port.ts';
import { Pipeline } from '../support/pipeline.ts';
import { dstream, runStatus, status } from '../support/status-command.ts';
import { until } from '../support/until.ts';

const address = async (process: DStreamProcess) =>
  (JSON.parse(await process.logged('"http":')) as { http: string }).http;

const secretsIn = (env: Readonly<Record<string, string>>) =>
  Object.values(env)
    .flatMap((text) => [...text.matchAll(/(?:Password|SharedAccessKey|AccountKey)=([^;]+)/g)])
    .map(([, secret = '']) => secret);

test(
  'status gathers tables, replicas and outputs, and says what nobody knows',
  { timeout: 90_000 },
  async () => {
    await using pipeline = await Pipeline.start();
    for (const table of ['A', 'B', 'C']) await createCapturedTable(pipeline.database, table);
    const config = await pipeline.config({ tables: ['A', 'B', 'C', 'Missing', 'sales.*'] });

    const before = await status(pipeline, '--config', config);
    expect(before.tables.map(({ table, state }) => [table, state])).toEqual(
      ['dbo.A', 'dbo.B', 'dbo.C', 'dbo.Missing', 'sales.*'].map((table) => [table, 'unseen']),
    );
    expect(before.notes).toContainEqual(expect.stringContaining('no ingester is running'));

    const [one, two] = [pipeline.run('ingester', config), pipeline.run('ingester', config)];
    const processor = pipeline.run('processor', config);
    const at = await address(processor);
    for (const table of ['A', 'B', 'C']) await insertRows(pipeline.database, table, { from: 1, to: 10 });
    await pipeline.arrivedDistinct(30);

    const seen = await until(
      async () => {
        const now = await status(pipeline, '--config', config, '--address', at.slice('http://'.length));
        const owners = new Set(now.tables.map(({ owner }) => owner));
        // A new owner knows no lag before its first look at the table.
        const ready = now.tables.filter(
          ({ checkpoint, lagMs }) => checkpoint !== null && lagMs !== null,
        ).length;
        return owners.has('ingester-1') && owners.has('ingester-2') && ready >= 3 && now;
      },
      () => 'both ingesters own tables, have saved and know their lag',
      60_000,
    );
    expect(seen).toMatchObject({ version: 1, at: expect.stringMatching(/^20.*Z$/), notes: [] });
    const running = seen.tables.filter(({ state }) => state === 'running');
    expect(running.map(({ table }) => table)).toEqual(['dbo.A', 'dbo.B', 'dbo.C']);
    for (const row of running) {
      expect(row).toEqual({
        table: row.table,
        key: `e2e/shop/${row.table}`.replace('shop', row.key?.split('/')[1] ?? ''),
        state: 'running',
        owner: expect.stringMatching(/^ingester-[12]$/),
        epoch: expect.any(Number),
        position: expect.any(String),
        lagMs: expect.any(Number),
        changesPerSecond: expect.any(Number),
        changes: expect.any(Number),
        fault: null,
        checkpoint: {
          position: expect.any(String),
          generation: expect.any(Number),
          savedAt: expect.stringMatching(/^20.*Z$/),
        },
        note: null,
      });
    }
    expect(seen.tables.find(({ table }) => table === 'dbo.Missing')).toMatchObject({
      state: 'fault',
      fault: { code: 'TableNotFound' },
    });
    expect(seen.tables.find(({ table }) => table === 'sales.*')).toMatchObject({
      state: 'unseen',
      key: null,
    });
    expect(seen.replicas).toMatchObject([
      { instance: 'ingester-1', services: ['ingester'], reachable: true, address: await address(one) },
      { instance: 'ingester-2', services: ['ingester'], reachable: true, address: await address(two) },
      { instance: 'processor-3', services: ['processor'], reachable: true, address: at, tables: null },
    ]);
    expect(seen.outputs).toMatchObject([{ replica: 'processor-3', name: 'console' }]);
    for (const secret of secretsIn({ ...pipeline.env })) expect(JSON.stringify(seen)).not.toContain(secret);

    one.signal('SIGKILL');
    two.signal('SIGKILL');
    await Promise.all([one.ended, two.ended]);
    const orphaned = await status(pipeline, '--config', config);
    for (const row of orphaned.tables.filter(({ checkpoint }) => checkpoint !== null)) {
      expect(row).toMatchObject({
        state: 'unknown',
        owner: expect.stringMatching(/^ingester-[12]$/),
        position: expect.any(String),
        lagMs: null,
        changesPerSecond: null,
        note: expect.stringMatching(/^ingester-[12] cannot be asked: nothing listens there$/),
      });
    }
    const [alone] = (await runStatus(['--address', at.slice('http://'.length)], {})).out.split('\n');
    expect(JSON.parse(alone ?? '')).toMatchObject({ tables: [], replicas: [{ instance: 'processor-3' }] });
  },
);

test('a processor is found where the configuration says it serves its status, and missed when it is not there', async () => {
  await using pipeline = await Pipeline.start();
  const port = await freePort();
  const text = pipeline.configText({ tables: ['A'] }).replace('127.0.0.1:0', `127.0.0.1:${port}`);
  const config = await pipeline.file('fixed-port.hcl', text);
  const missed = [expect.stringContaining('no processor found'), expect.stringContaining('no ingester')];
  expect((await status(pipeline, '--config', config)).notes).toEqual(missed);
  const processor = pipeline.run('processor', config);
  await processor.logged('processor ready');
  const found = await status(pipeline, '--config', config);
  expect(found.replicas).toMatchObject([{ instance: 'processor-1', address: `http://127.0.0.1:${port}` }]);
  expect(found.outputs).toMatchObject([
    { replica: 'processor-1', name: 'console', type: 'console', state: 'working', delivered: 0, waiting: 0 },
  ]);
  expect(found.notes).toEqual(missed.slice(1));
});

test('a storage that cannot be reached is one line and exit code 1, and shows no secret', async () => {
  await using pipeline = await Pipeline.start();
  const config = await pipeline.config({ tables: ['A'] });
  const env = {
    ...pipeline.env,
    DSTREAM_BLOB_CONNECTION_STRING:
      'DefaultEndpointsProtocol=http;AccountName=a;AccountKey=c2VjcmV0;BlobEndpoint=http://127.0.0.1:9/a',
  };
  const { code, out, err } = await runStatus(['--config', config], env);
  expect([code, out]).toEqual([1, '']);
  expect(err.trimEnd().split('\n')).toEqual([
    expect.stringMatching(
      /^dstream: \S+\.hcl:\d+: ingester\.locks: reading the leases failed: .*cannot be reached/,
    ),
  ]);
  expect(err).not.toContain('c2VjcmV0');
});

test('watched by a program it is an object a line until a signal; what fails meanwhile is said once', async () => {
  await using pipeline = await Pipeline.onStandIns();
  const config = await pipeline.config({ tables: ['A'] });
  const watching = spawn(process.execPath, [dstream, 'status', '--config', config, '--watch', '100ms'], {
    env: { ...process.env, ...pipeline.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  watching.stdout.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
  watching.stderr.setEncoding('utf8').on('data', (chunk: string) => (err += chunk));
  const ended = once(watching, 'close');
  try {
    await until(
      () => out.split('\n').length > 3,
      () => `three looks; it said ${err}`,
    );
    const times = out
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as StatusDocument).at);
    expect(times).toEqual([...new Set(times)].sort());
    await pipeline.standIns.close();
    await until(
      () => err !== '',
      () => 'the storage that is gone is said',
    );
    const lines = out.length;
    await sleep(300);
    expect(out.length).toBe(lines);
    expect(err.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^dstream: \S+:\d+: ingester\.locks: reading the leases failed/),
    ]);
    watching.kill('SIGTERM');
    expect((await ended)[0]).toBe(0);
  } finally {
    watching.kill('SIGKILL');
  }
});

test('only what the leases need has to be set: without it status says which line of the file', async () => {
  await using pipeline = await Pipeline.start();
  const config = await pipeline.config({ tables: ['A'] });
  const { DSTREAM_DB_CONNECTION_STRING, DSTREAM_BLOB_CONNECTION_STRING } = pipeline.env;
  const unset = {
    DSTREAM_INGEST_CONNECTION_STRING: undefined,
    DSTREAM_PUBLISHER_CONNECTION_STRING: undefined,
  };
  const some = await runStatus(['--config', config], {
    ...unset,
    DSTREAM_DB_CONNECTION_STRING,
    DSTREAM_BLOB_CONNECTION_STRING,
  });
  expect(some.code, some.err).toBe(0);
  const none = await runStatus(['--config', config], {
    ...unset,
    DSTREAM_DB_CONNECTION_STRING,
    DSTREAM_BLOB_CONNECTION_STRING: undefined,
  });
  expect(none.code).toBe(2);
  expect(none.err).toMatch(/dstream\.hcl:\d+: ingester\.locks\.connection_string/);
});

test.each([
  { args: [] },
  { args: ['--address', 'nowhere'] },
  { args: ['--address', 'h:1/status'] },
  { args: ['--address', 'h:1', '--watch', 'soon'] },
])('status $args is a wrong usage and exits 2', async ({ args }) => {
  const { code, out, err } = await runStatus(args, {});
  expect([code, out]).toEqual([2, '']);
  expect(err).not.toMatch(/^\s+at /m);
});
