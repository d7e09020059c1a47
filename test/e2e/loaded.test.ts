/** A `dstream` process loads what its command and its configuration file need: no client library, no engine beyond that. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { createCapturedTable, insertRows } from '../support/database.ts';
import { loadedModules, packagesOf } from '../support/loaded-modules.ts';
import { Pipeline } from '../support/pipeline.ts';
import { runDstream } from '../support/status-command.ts';

/** What is worth not loading: the engines, and the client libraries, each with all that it brings. */
const heavy = [
  'libs/ingest',
  'libs/deliver',
  'tedious',
  '@azure/identity',
  '@azure/storage-blob',
  '@azure/service-bus',
  '@azure/event-hubs',
  'undici',
  'undici',
  'quickjs-wasi',
  '@bufbuild/cel',
  'pino',
  'prom-client',
];

type Run = Parameters<typeof loadedModules>[0];

async function loaded(run: Run): Promise<readonly string[]> {
  const packages = packagesOf(await loadedModules(run));
  expect(packages).toContain('commander');
  return heavy.filter((name) => packages.has(name));
}

const full = fileURLToPath(new URL('../../config/full.hcl', import.meta.url));

test.each([
  ['--help', ['--help']],
  ['--version', ['--version']],
  ['validate, of a file that names all there is,', ['validate', full]],
])('%s loads no engine and no client library', async (_, args) => {
  const run: Run = async (env) => expect((await runDstream(args, { env })).code).toBe(0);
  expect(await loaded(run)).toEqual([]);
});

test('health loads no engine, no client library, no definition of any and no parser of HCL', async () => {
  const modules = await loadedModules(async (env) => {
    const ran = await runDstream(['health', '--address', '127.0.0.1:9'], { env });
    expect([ran.code, ran.err]).toEqual([
      1,
      'dstream: http://127.0.0.1:9 is not alive: nothing listens there\n',
    ]);
  });
  const packages = packagesOf(modules);
  expect(packages).toContain('commander');
  const known = ['apps/dstream', 'libs/config', 'libs/core', 'libs/runtime', 'libs/terminal'];
  expect(
    [...packages].filter((name) => name.includes('/') && !known.some((one) => name.startsWith(one))),
  ).toEqual([]);
  expect(heavy.filter((name) => packages.has(name))).toEqual([]);
  expect(modules.filter((path) => /hcl|schema|load\.ts$/.test(path))).toEqual([]);
});

test('a test of transforms loads the delivery engine and the log, and no client of a service', async () => {
  const of = (name: string) =>
    loaded(async (env) => {
      const example = fileURLToPath(new URL(`../../config/transforms/${name}`, import.meta.url));
      const args = ['transform', 'test', '--config', `${example}.hcl`, '--input', `${example}.jsonl`];
      const ran = await runDstream(args, { env: { ...env, HASH_SALT: 'salt' } });
      expect([ran.code, ran.err]).toEqual([0, '']);
    });
  expect(await of('mask-personal-data')).toEqual(['libs/deliver', 'pino', 'prom-client']);
});

test('a plan without the database loads none either, one with it the SQL driver, a status the blob storage, dead letters the queue', async () => {
  await using pipeline = await Pipeline.start();
  await createCapturedTable(pipeline.database, 'T');
  const config = await pipeline.config({ tables: ['T'] });
  const of = (...args: readonly string[]) =>
    loaded(async (env) => {
      const ran = await runDstream([...args, '--config', config], { env: { ...pipeline.env, ...env } });
      expect([ran.code, ran.err]).toEqual([0, '']);
    });
  expect(await of('plan', '--offline')).toEqual([]);
  expect(await of('plan')).toEqual(['tedious', '@azure/identity']);
  expect(await of('status')).toEqual(['@azure/storage-blob']);
  expect(await of('dead-letters', 'list')).toEqual(['@azure/service-bus']);
});

test('checks load the clients of what they look at, and no engine, no log and no metrics', async () => {
  await using pipeline = await Pipeline.start();
  await createCapturedTable(pipeline.database, 'T');
  const config = await pipeline.config({ tables: ['T'] });
  const packages = await loaded(async (env) => {
    const ran = await runDstream(['check', '--config', config], { env: { ...pipeline.env, ...env } });
    expect(ran.err).toBe('');
  });
  const never = ['libs/ingest', 'libs/deliver', 'pino', 'prom-client', '@azure/event-hubs', 'undici'];
  expect(packages.filter((name) => never.includes(name))).toEqual([]);
});

const rows = 10;

/** Runs a service until the changes have arrived, and stops it. */
function serving(pipeline: Pipeline, command: 'ingester' | 'processor', config: string) {
  return loaded(async (env) => {
    const service = pipeline.run(command, config, env);
    await pipeline.arrivedDistinct(rows);
    expect(await service.stop()).toBe(0);
  });
}

const always = ['@azure/service-bus', 'pino', 'prom-client'];
/** The driver brings the library that signs in. */
const ofIngester = new Set(['libs/ingest', 'tedious', '@azure/identity', '@azure/storage-blob', ...always]);
const ofProcessor = new Set(['libs/deliver', ...always]);

test('an ingester loads no Event Hubs client, a processor no SQL driver and no blob storage', async () => {
  await using pipeline = await Pipeline.start();
  await createCapturedTable(pipeline.database, 'T');
  await insertRows(pipeline.database, 'T', { from: 1, to: rows });
  const config = await pipeline.config({ tables: ['T'] });
  const [ingester, processor] = await Promise.all([
    serving(pipeline, 'ingester', config),
    serving(pipeline, 'processor', config),
  ]);
  expect(new Set(ingester)).toEqual(ofIngester);
  expect(new Set(processor)).toEqual(ofProcessor);
});

test('a processor loads the client of each of its outputs', async () => {
  await using pipeline = await Pipeline.onStandIns();
  const output = `
  output "hub" {
    type              = "azure_event_hubs"
    connection_string = "{{ env \\"DSTREAM_EVENT_HUBS_CONNECTION_STRING\\" }}"
    name              = "changes"
  }
`;
  const text = pipeline.configText({ tables: ['T'] }).replace(/ {2}output \{[^}]*\}/, output);
  const config = await pipeline.file('event-hubs.hcl', text);
  const processor = await loaded(async (env) => {
    const service = pipeline.run('processor', config, env);
    await service.logged('processor ready');
    expect(await service.stop()).toBe(0);
  });
  expect(new Set(processor)).toEqual(new Set([...ofProcessor, '@azure/event-hubs']));
});
