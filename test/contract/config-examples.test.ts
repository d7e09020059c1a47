/** `loadConfiguration` with real files and the parser in its own process: the examples of `config/`, and no files. */
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfiguration, type Configuration, type Use } from '@dstream/config';
import { DStreamError } from '@dstream/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { types } from '../../apps/dstream/src/configuration/load.ts';

const examples = fileURLToPath(new URL('../../config/', import.meta.url));
const broker =
  'Endpoint=sb://localhost:5672;SharedAccessKeyName=all;SharedAccessKey=x;UseDevelopmentEmulator=true';
const env = {
  DSTREAM_DB_CONNECTION_STRING: 'Server=localhost;Database=shop;User Id=sa;Password=open-sesame',
  DSTREAM_INGEST_CONNECTION_STRING: broker,
  DSTREAM_PUBLISHER_CONNECTION_STRING: broker,
  DSTREAM_ORDERS_CONNECTION_STRING: broker,
  DSTREAM_BLOB_CONNECTION_STRING: 'UseDevelopmentStorage=true',
  DSTREAM_HTTP_TOKEN: 'open-sesame-to-status',
  HOOK_TOKEN: 'open-sesame',
  HOOK_SECRET: `whsec_${Buffer.alloc(32, 'a').toString('base64')}`,
  HOOK_PREVIOUS_SECRET: `whsec_${Buffer.alloc(32, 'b').toString('base64')}`,
};

function load(file: string, use: Use): Promise<Configuration> {
  return loadConfiguration(file, { env, use, types });
}

/** Data only: functions are made anew for every file; and full.hcl has more tables than the smallest file. */
function settled(part: object | undefined): Record<string, unknown> {
  const text = JSON.stringify(part, (key, value: unknown) => (key === 'tables' ? [] : value));
  return JSON.parse(text) as Record<string, unknown>;
}

const brokerConnection = { kind: 'connection-string', connectionString: broker, transport: 'amqp' };
/** Of an output that says nothing about it. */
const unlimited = { maxInFlight: undefined, timeoutMs: undefined, retry: { firstMs: 200, maxMs: 3_000 } };
const destination = '{{ server }}.{{ database }}.{{ table }}.events';

async function refusal(file: string, use: Use): Promise<string> {
  try {
    await load(file, use);
  } catch (error) {
    if (error instanceof DStreamError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'none';
}

describe('examples', () => {
  test('all of them are valid', async () => {
    const files = (await readdir(examples)).filter((file) => file.endsWith('.hcl'));
    expect(files).toEqual(expect.arrayContaining(['full.hcl', 'minimal.hcl', 'original.hcl']));
    for (const file of files) expect(await refusal(join(examples, file), 'validate')).toBe('none');
  });

  test.each(['minimal.hcl', 'full.hcl'])('%s is loaded by the commands', async (file) => {
    const found = await load(join(examples, file), ['ingester', 'processor']);
    expect(found.ingester?.source.settings).toMatchObject({
      connectionString: env.DSTREAM_DB_CONNECTION_STRING,
    });
    expect(found.processor?.outputs[0]?.type).toBe('console');
    expect(found.notes).toEqual([]);
  });

  test('full.hcl gives the defaults wherever it can', async () => {
    const [full, minimal] = await Promise.all(
      ['full.hcl', 'minimal.hcl'].map((file) => load(join(examples, file), ['ingester', 'processor'])),
    );
    const { name: _full, ...fullIngester } = settled(full?.ingester);
    const { name: _minimal, ...minimalIngester } = settled(minimal?.ingester);
    expect(fullIngester).toEqual(minimalIngester);
    expect(settled(full?.processor?.source)).toEqual(settled(minimal?.processor?.source));
    expect(full?.service).toEqual({
      ...minimal?.service,
      httpConfigured: true,
      token: env.DSTREAM_HTTP_TOKEN,
    });
    expect(full?.processor?.outputs[0]).toEqual({
      ...minimal?.processor?.outputs[0],
      path: 'processor.output.screen',
      name: 'screen',
      open: expect.any(Function),
    });
  });

  test('full.hcl has several outputs, which have what the file says', async () => {
    const { processor } = await load(join(examples, 'full.hcl'), ['processor']);
    expect(processor?.outputs.slice(1)).toEqual([
      {
        path: 'processor.output.orders',
        name: 'orders',
        type: 'azure_service_bus',
        required: true,
        bufferBytes: 8_388_608,
        ...unlimited,
        envelope: 'cloudevents',
        settings: {
          connection: brokerConnection,
          name: destination,
          maxOpen: 1_000,
          isOnlyOne: false,
          pack: 1,
        },
        destinationNames: expect.any(Function),
        checks: expect.any(Function),
        open: expect.any(Function),
      },
      {
        path: 'processor.output.analytics',
        name: 'analytics',
        type: 'azure_event_hubs',
        required: true,
        bufferBytes: 8_388_608,
        ...unlimited,
        envelope: 'debezium',
        settings: {
          connection: {
            kind: 'namespace',
            namespace: 'shop-analytics.servicebus.windows.net',
            transport: 'websockets',
          },
          name: 'changes',
          maxOpen: 256,
          isOnlyOne: false,
        },
        destinationNames: expect.any(Function),
        checks: expect.any(Function),
        open: expect.any(Function),
      },
      {
        path: 'processor.output.archive',
        name: 'archive',
        type: 'file',
        required: false,
        bufferBytes: 8_388_608,
        maxInFlight: 8,
        timeoutMs: 30_000,
        retry: { firstMs: 200, maxMs: 3_000 },
        envelope: 'dstream',
        settings: { path: 'changes.jsonl', maxBytes: 104_857_600, maxAgeMs: 3_600_000 },
        destinationNames: expect.any(Function),
        checks: expect.any(Function),
        open: expect.any(Function),
      },
      {
        path: 'processor.output.hook',
        name: 'hook',
        type: 'http',
        required: true,
        bufferBytes: 8_388_608,
        ...unlimited,
        envelope: 'dstream',
        settings: {
          url: 'https://example.org/changes',
          method: 'POST',
          headers: { authorization: 'Bearer open-sesame' },
          limits: { form: 'array', maxChanges: 100, maxBytes: 102_400 },
          secrets: [env.HOOK_SECRET, env.HOOK_PREVIOUS_SECRET],
          lastingStatuses: [400, 409, 413, 415, 422],
        },
        destinationNames: expect.any(Function),
        checks: expect.any(Function),
        open: expect.any(Function),
      },
    ]);
  });

  test('full.hcl and transforms/every-key.hcl name every key of the reference', async () => {
    const [full, transforms, reference] = await Promise.all(
      ['full.hcl', 'transforms/every-key.hcl', 'REFERENCE.md'].map((file) =>
        readFile(join(examples, file), 'utf8'),
      ),
    );
    const text = `${full}${transforms}`;
    const keys = [...(reference ?? '').matchAll(/^- `(\w+)`/gm)].map(([, key]) => key ?? '');
    expect(keys.length).toBeGreaterThan(40);
    expect(keys.filter((key) => !new RegExp(`\\b${key}\\s+=`).test(text))).toEqual([]);
  });

  test('original.hcl is loaded as it is written', async () => {
    const { ingester, processor } = await load(join(examples, 'original.hcl'), ['ingester', 'processor']);
    expect(ingester?.source.settings).toMatchObject({
      tables: [{ schema: 'dbo', table: 'Persons', pollIntervalMs: 5000, maxPollIntervalMs: 600_000 }],
    });
    expect(processor?.source.name).toEqual({ topic: 'ingest-topic', subscription: 'dstream' });
    expect(processor?.outputs).toMatchObject([
      {
        path: 'processor.output',
        name: 'azure_service_bus',
        required: true,
        settings: {
          connection: brokerConnection,
          name: destination,
          maxOpen: 1_000,
          isOnlyOne: false,
          pack: 1,
        },
      },
    ]);
  });
});

describe('files that are none', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dstream-config-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const write = async (name: string, content: string | Uint8Array) => {
    await writeFile(join(folder, name), content);
    return join(folder, name);
  };

  test('a missing one', async () => {
    const file = join(folder, 'none.hcl');
    expect(await refusal(file, 'validate')).toBe(
      `ConfigInvalid ${file}: the file does not exist; name it with --config FILE`,
    );
  });

  test('a directory', async () => {
    expect(await refusal(folder, 'validate')).toBe(
      `ConfigInvalid ${folder}: it is a directory; name the file in it`,
    );
  });

  test.skipIf(process.getuid?.() === 0)('one without the right to read it', async () => {
    const file = await write('locked.hcl', 'service {\n}\n');
    await chmod(file, 0o000);
    expect(await refusal(file, 'validate')).toBe(
      `ConfigInvalid ${file}: the file is not readable; give this user the right to read it`,
    );
  });

  test('one that is not text', async () => {
    const file = await write('latin.hcl', Uint8Array.of(0x61, 0xe9));
    expect(await refusal(file, 'validate')).toBe(
      `ConfigInvalid ${file}: the file is not UTF-8 text; save it as UTF-8`,
    );
  });

  test('a very large one', async () => {
    const file = await write('large.hcl', '#'.repeat(1_048_577));
    expect(await refusal(file, 'validate')).toBe(
      `ConfigInvalid ${file}: the file is larger than 1 MiB; name a configuration file`,
    );
  });

  test('an empty one', async () => {
    const file = await write('empty.hcl', '');
    expect(await refusal(file, 'validate')).toBe(
      `ConfigInvalid ${file}:1: the file is empty; write an ingester block, a processor block or both`,
    );
  });

  test('one that is not HCL, by the words of the parser in the other process', async () => {
    const file = await write('wrong.hcl', 'ingester {\n  name = \n}\n');
    expect(await refusal(file, 'validate')).toBe(
      `ConfigInvalid ${file}:2: ingester: invalid expression; Expected the start of an expression, but found an invalid expression token.`,
    );
  });
});

test('a byte order mark and Windows line ends do no harm', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dstream-config-'));
  try {
    const file = join(folder, 'windows.hcl');
    const text = await readFile(join(examples, 'minimal.hcl'), 'utf8');
    await writeFile(file, `\u{feff}${text.replaceAll('\n', '\r\n')}`);
    const { ingester } = await load(file, ['ingester']);
    expect(ingester?.topic.name).toBe('ingest-topic');
  } finally {
    await rm(folder, { recursive: true });
  }
});
