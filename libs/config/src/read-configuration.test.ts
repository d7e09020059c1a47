import { inspect } from 'node:util';
import { DStreamError } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import type { Configuration } from './blocks/configuration.ts';
import { someOutputs } from './corpus/some-outputs.ts';
import { parseHcl } from './text/parse-hcl.ts';
import { readConfiguration, type Use } from './read-configuration.ts';
import { redactor } from './redact.ts';

const env = {
  DB: 'Server=db1;Password=open-sesame\n',
  BUS: 'Endpoint=sb://shop/;SharedAccessKeyName=all;SharedAccessKey=k+e/y=="x"',
  BLOB: 'UseDevelopmentStorage=true',
};

function load(
  text: string,
  use: Use = ['ingester'],
  more: Record<string, string> = {},
): Promise<Configuration> {
  const options = { env: { ...env, ...more }, use, outputs: someOutputs, checkDatabase: () => undefined };
  return readConfiguration('dstream.hcl', text, options, parseHcl);
}

const ingester = (more = '', tables = '"Persons"') => `ingester {
  db_connection_string = "{{ env "DB" }}"
  tables = [${tables}]
  topic {
    connection_string = "{{ env "BUS" }}"
  }
  locks {
    connection_string = "{{ env "BLOB" }}"
  }
${more}
}
`;

const processor = (more = '', source = '') => `processor {
  source {
    connection_string = "{{ env "BUS" }}"
${source}
  }
  output {
    type = "console"
  }
${more}
}
`;

const poll = (pollIntervalMs: number, maxPollIntervalMs: number) => ({ pollIntervalMs, maxPollIntervalMs });

describe('defaults', () => {
  test('of the ingester', async () => {
    const { ingester: found } = await load(ingester());
    expect(found).toEqual({
      path: 'ingester',
      name: undefined,
      dbType: 'sqlserver',
      dbConnectionString: 'Server=db1;Password=open-sesame',
      start: 'earliest',
      ordering: 'table',
      keySessions: 32,
      onGap: 'stop',
      oversize: 'claim_check',
      read: { mode: 'functions', maxRows: 5000, maxBytes: 8_388_608 },
      lease: { durationMs: 30_000 },
      checkpoint: { intervalMs: 1000, idleIntervalMs: 60_000 },
      topic: {
        path: 'ingester.topic',
        name: 'ingest-topic',
        connection: { kind: 'connection-string', connectionString: env.BUS, transport: 'amqp' },
        pack: 'auto',
        packMaxBytes: 131_072,
        packMaxChanges: 500,
      },
      locks: {
        path: 'ingester.locks',
        type: 'azure_blob',
        connection: { kind: 'connection-string', connectionString: env.BLOB },
        containerName: 'locks',
      },
      tables: [
        { path: 'ingester.tables[0]', name: { schema: 'dbo', table: 'Persons' }, ...poll(5000, 120_000) },
      ],
    });
  });

  test('of the processor and the service', async () => {
    const { processor: found, service } = await load(processor(), ['processor']);
    expect(found).toEqual({
      path: 'processor',
      source: {
        path: 'processor.source',
        type: 'azure_service_bus',
        connection: { kind: 'connection-string', connectionString: env.BUS, transport: 'amqp' },
        topic: 'ingest-topic',
        subscription: 'dstream',
        sessions: true,
        maxSessions: 32,
        maxBytes: 67_108_864,
        lockDurationMs: 60_000,
        onHole: 'log',
        clockToleranceMs: 600_000,
      },
      outputs: [
        {
          path: 'processor.output',
          name: 'console',
          type: 'console',
          required: true,
          bufferBytes: 8_388_608,
          settings: { format: 'auto' },
          open: expect.any(Function),
        },
      ],
    });
    expect(service).toEqual({
      path: 'service',
      logLevel: 'info',
      http: { host: '127.0.0.1', port: 8080 },
      httpConfigured: false,
      shutdownTimeoutMs: 30_000,
    });
  });
});

test('tables have the intervals of their override, else the defaults', async () => {
  const text = ingester(
    `poll_interval_defaults {
      poll_interval = "1s"
    }
    tables_overrides {
      overrides {
        table_name = "[sales].[ORDERS]"
        poll_interval = "200ms"
      }
      overrides {
        table_name = "stock.Levels"
        max_poll_interval = "1h30m"
      }
    }`,
    '"Persons", "sales.Orders", "stock.*"',
  );
  const { ingester: found } = await load(text);
  expect(found?.tables).toEqual([
    { path: 'ingester.tables[0]', name: { schema: 'dbo', table: 'Persons' }, ...poll(1000, 120_000) },
    { path: 'ingester.tables[1]', name: { schema: 'sales', table: 'Orders' }, ...poll(200, 120_000) },
    { path: 'ingester.tables[2]', name: { schema: 'stock', pattern: '*' }, ...poll(1000, 120_000) },
    {
      path: 'ingester.tables_overrides.overrides[1]',
      name: { schema: 'stock', table: 'Levels' },
      ...poll(1000, 5_400_000),
    },
  ]);
});

test("the processor's topic is that of the ingester in the same file", async () => {
  const text = ingester().replace('topic {', 'topic {\n    name = "{{ env "TOPIC" }}"') + processor();
  const { processor: found } = await load(text, ['processor'], { TOPIC: 'changes' });
  expect(found?.source.topic).toBe('changes');
});

test('an output has what its type makes of its keys, and what every output has', async () => {
  const text = processor(`  output "stock" {
    type      = "warehouse"
    namespace = "shop.example.com"
    required  = false
    buffer    = 4096
  }
  output "again" {
    type              = "warehouse"
    connection_string = "{{ env "BUS" }}"
    name              = "{{ env "NAME" }}.{{ table }}"
    buffer            = 4096
  }`);
  const found = await load(text, ['processor'], { NAME: 'cdc' });
  expect(found.processor?.outputs.slice(1)).toEqual([
    {
      path: 'processor.output.stock',
      name: 'stock',
      type: 'warehouse',
      required: false,
      bufferBytes: 4096,
      settings: {
        name: '{{ table }}',
        connection: { kind: 'namespace', namespace: 'shop.example.com', transport: 'amqp' },
      },
      open: expect.any(Function),
    },
    {
      path: 'processor.output.again',
      name: 'again',
      type: 'warehouse',
      required: true,
      bufferBytes: 4096,
      settings: {
        name: 'cdc.{{ table }}',
        connection: { kind: 'connection-string', connectionString: env.BUS, transport: 'amqp' },
      },
      open: expect.any(Function),
    },
  ]);
  expect(found.notes).toEqual([
    'dstream.hcl:19: processor.output.again.buffer: it has no effect on a required output; add required = false',
  ]);
});

test('AMQP travels as transport says, else as the connection string does', async () => {
  const bus = `${env.BUS};TransportType=AmqpWebSockets`;
  const transports = async (source: string, more: Record<string, string> = {}) => {
    const found = await load(ingester() + processor('', source), ['ingester', 'processor'], more);
    return [found.ingester?.topic.connection.transport, found.processor?.source.connection.transport];
  };
  expect(await transports('')).toEqual(['amqp', 'amqp']);
  expect(await transports('    transport = "websockets"')).toEqual(['amqp', 'websockets']);
  expect(await transports('', { BUS: bus })).toEqual(['websockets', 'websockets']);
});

test('the database is asked whether it would take its connection string', async () => {
  const checkDatabase = (text: string) => {
    throw new DStreamError('ConfigInvalid', `it has ${text.length} characters`);
  };
  const options = { env, use: ['ingester'] as const, outputs: someOutputs, checkDatabase };
  await expect(readConfiguration('dstream.hcl', ingester(), options, parseHcl)).rejects.toMatchObject({
    code: 'ConfigInvalid',
    message: `dstream.hcl:2: ingester.db_connection_string: it has ${env.DB.trim().length} characters`,
  });
});

test('nothing needs a secret where the managed identity signs in', async () => {
  const text = `${ingester()}${processor()}`
    .replaceAll('connection_string = "{{ env "BUS" }}"', 'namespace = "shop.servicebus.windows.net"')
    .replace('connection_string = "{{ env "BLOB" }}"', 'account_url = "https://shop.blob.core.windows.net"');
  const DB = 'Server=db1;Database=shop;Authentication=Active Directory Default';
  const found = await load(text, ['ingester', 'processor'], { DB, BUS: '', BLOB: '' });
  const namespace = {
    kind: 'namespace',
    namespace: 'shop.servicebus.windows.net',
    transport: 'amqp',
  };
  expect(found.ingester?.dbConnectionString).toBe(DB);
  expect(found.ingester?.topic.connection).toEqual(namespace);
  expect(found.processor?.source.connection).toEqual(namespace);
  expect(found.ingester?.locks.connection).toEqual({
    kind: 'account-url',
    accountUrl: 'https://shop.blob.core.windows.net',
  });
});

test('a command needs only the variables of its own blocks, and sees only those blocks', async () => {
  const text = ingester('  on_gap = "snapshot"') + processor().replace('"BUS"', '"OTHER"');
  const found = await load(text, ['processor'], { DB: '', OTHER: env.BUS });
  expect(found.ingester).toBeUndefined();
  expect(found.processor?.source.topic).toBe('ingest-topic');
  expect(found.notes).toEqual([]);
});

test('validate needs no variable, and notes what is not set and what is not built', async () => {
  const text =
    ingester('  on_gap = "snapshot"') +
    processor('  output "x" {\n    type = "archive"\n    path = "x"\n  }');
  const found = await load(text, 'validate', { DB: '' });
  expect(found.notes).toEqual([
    'dstream.hcl:2: ingester.db_connection_string: the variable DB is empty',
    'dstream.hcl:10: ingester.on_gap: "snapshot" is not built yet; use "stop"',
    'dstream.hcl:21: processor.output.x.type: the output type "archive" is not built yet; use "console"',
  ]);
  expect(found.processor?.outputs).toHaveLength(1);
});

test('numbers and booleans may come from variables', async () => {
  const text =
    ingester('  read {\n    max_rows = "{{ env "ROWS" }}"\n  }') +
    processor('', 'sessions = "{{ env "S" }}"');
  const found = await load(text, ['ingester', 'processor'], { ROWS: '7', S: 'false' });
  expect([found.ingester?.read.maxRows, found.processor?.source.sessions]).toEqual([7, false]);
});

test('one change a message is a limit of one change', async () => {
  const text = ingester().replace('topic {', 'topic {\n    pack = 1');
  expect((await load(text)).ingester?.topic).toMatchObject({ pack: 1, packMaxChanges: 1 });
});

test('the service block is read, and DSTREAM_LOG_LEVEL goes before it', async () => {
  const text = `${ingester()}service {\n  log_level = "warn"\n  http = ""\n  shutdown_timeout = "1m"\n}\n`;
  const service = { path: 'service', http: undefined, httpConfigured: true, shutdownTimeoutMs: 60_000 };
  expect((await load(text)).service).toEqual({ ...service, logLevel: 'warn' });
  expect((await load(text, ['ingester'], { DSTREAM_LOG_LEVEL: 'DEBUG' })).service.logLevel).toBe('debug');
  await expect(load(text, ['ingester'], { DSTREAM_LOG_LEVEL: 'loud' })).rejects.toThrow(
    'dstream.hcl:1: the value of DSTREAM_LOG_LEVEL is not known here; write "debug", "info", "warn" or "error"',
  );
});

test('where names file, line and path in the spelling of the file', async () => {
  const text = ingester('', '\n  "A",\n  "B"') + processor().replace('processor', 'publisher');
  const found = await load(text, ['ingester', 'processor']);
  const where = (path: string) => found.where(path);
  expect([
    where('ingester.tables[1]'),
    where('ingester.topic.name'),
    where('processor.source.connection_string'),
    where('ingester.read.max_rows'),
    where('service.http'),
  ]).toEqual([
    'dstream.hcl:5: ingester.tables[1]',
    'dstream.hcl:6: ingester.topic.name',
    'dstream.hcl:16: publisher.source.connection_string',
    'dstream.hcl:1: ingester.read.max_rows',
    'dstream.hcl:1: service.http',
  ]);
});

describe('secrets', () => {
  const both = ingester() + processor();

  test('are neither in the JSON nor in the inspection of a configuration or of any part of it', async () => {
    const found = await load(both, ['ingester', 'processor']);
    const parts = [found, found.ingester, found.ingester?.topic, { log: found.processor?.source.connection }];
    const shown = parts.flatMap((part) => [JSON.stringify(part), inspect(part, { depth: 9 })]).join('\n');
    expect(shown).not.toMatch(/sesame|k\+e/);
    expect(shown).toContain('[secret]');
    expect(found.ingester?.dbConnectionString).toContain('sesame');
  });

  test('are replaced in any text, whole or in part, encoded or escaped', async () => {
    const redact = redactor(await load(both, ['ingester', 'processor']));
    expect(
      redact(`a ${env.BUS} b open-sesame c ${encodeURIComponent('k+e/y=="x"')} d ${JSON.stringify(env)}`),
    ).toBe('a [secret] b [secret] c [secret] d {"DB":"[secret]","BUS":"[secret]","BLOB":"[secret]"}');
  });
});
