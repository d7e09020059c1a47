import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { fixedTypes as types } from '../../../test/support/fixed-types.ts';
import type { Configuration } from './blocks/configuration.ts';
import { someOutputs } from './corpus/some-outputs.ts';
import type { BrokerConnection } from './definitions/broker-connection.ts';
import type { OutputType } from './definitions/output-type.ts';
import { required } from './schema/schema.ts';
import { parseHcl } from './text/parse-hcl.ts';
import { filePath } from './values/scalars.ts';
import { readConfiguration, type Use } from './read-configuration.ts';
import { redactor } from './redact.ts';

const env = {
  DB: 'Server=db1;Database=shop;User Id=dstream;Password=open-sesame\n',
  BUS: 'Endpoint=sb://shop/;SharedAccessKeyName=all;SharedAccessKey=k+e/y=="x"',
  BLOB: 'UseDevelopmentStorage=true',
  TOKEN: 'status-for-operators\n',
};

function load(
  text: string,
  use: Use = ['ingester'],
  more: Record<string, string> = {},
): Promise<Configuration> {
  const options = { env: { ...env, ...more }, use, types: { ...types, outputs: someOutputs } };
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

/** Of an output that says nothing about it. */
const unlimited = { maxInFlight: undefined, timeoutMs: undefined, retry: { firstMs: 200, maxMs: 3_000 } };
const toBus = { kind: 'connection-string', connectionString: env.BUS, transport: 'amqp' };
const poll = (pollIntervalMs: number, maxPollIntervalMs: number) => ({ pollIntervalMs, maxPollIntervalMs });

describe('defaults', () => {
  test('of the ingester', async () => {
    const { ingester: found } = await load(ingester());
    expect(found).toEqual({
      path: 'ingester',
      name: undefined,
      assertOrderingSet: expect.any(Function),
      start: 'earliest',
      ordering: 'table',
      keySessions: 32,
      onGap: 'stop',
      oversize: 'claim_check',
      lease: { durationMs: 30_000 },
      checkpoint: { intervalMs: 1000, idleIntervalMs: 60_000 },
      source: {
        path: 'ingester',
        type: 'sqlserver',
        settings: {
          connectionString: env.DB.trim(),
          tables: [{ schema: 'dbo', table: 'Persons', ...poll(5000, 120_000) }],
          mode: 'functions',
          maxRows: 5000,
          maxBytes: 8_388_608,
        },
        what: 'database',
        outline: expect.any(Function),
        catalogue: expect.any(Function),
        open: expect.any(Function),
        checks: expect.any(Function),
      },
      topic: {
        path: 'ingester.topic',
        type: 'azure_service_bus',
        name: 'ingest-topic',
        settings: { name: 'ingest-topic', connection: toBus },
        pack: 'auto',
        packMaxBytes: 131_072,
        packMaxChanges: 500,
        checks: expect.any(Function),
        open: expect.any(Function),
      },
      locks: {
        path: 'ingester.locks',
        type: 'azure_blob',
        what: 'container locks',
        settings: {
          connection: { kind: 'connection-string', connectionString: env.BLOB },
          containerName: 'locks',
        },
        checks: expect.any(Function),
        open: expect.any(Function),
      },
    });
  });

  test('of the processor and the service', async () => {
    const { processor: found, service } = await load(processor(), ['processor']);
    expect(found).toEqual({
      path: 'processor',
      source: {
        path: 'processor.source',
        type: 'azure_service_bus',
        name: { topic: 'ingest-topic', subscription: 'dstream' },
        settings: {
          connection: toBus,
          topic: 'ingest-topic',
          subscription: 'dstream',
          sessions: true,
          lockDurationMs: 60_000,
        },
        maxSessions: 32,
        maxWaitingSessions: 256,
        maxBytes: 67_108_864,
        onHole: 'log',
        clockToleranceMs: 600_000,
        checks: expect.any(Function),
        open: expect.any(Function),
        openDeadLetters: expect.any(Function),
      },
      transforms: [],
      routes: [],
      defaultOutputs: undefined,
      outputs: [
        {
          path: 'processor.output',
          name: 'console',
          type: 'console',
          required: true,
          bufferBytes: 8_388_608,
          ...unlimited,
          envelope: 'dstream',
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
      metricsAnonymous: false,
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
  expect(found?.source.settings).toMatchObject({
    tables: [
      { schema: 'dbo', table: 'Persons', ...poll(1000, 120_000) },
      { schema: 'sales', table: 'Orders', ...poll(200, 120_000) },
      { schema: 'stock', table: '*', ...poll(1000, 120_000) },
      { schema: 'stock', table: 'Levels', ...poll(1000, 5_400_000) },
    ],
  });
});

test('a source in a block of its own is the same as one whose keys are in the ingester', async () => {
  const more = `  read {
    max_rows = 7
  }
  tables_overrides {
    overrides {
      table_name = "Persons"
      poll_interval = "200ms"
    }
  }
`;
  const ofSource = `  db_connection_string = "{{ env "DB" }}"\n  tables = ["Persons"]\n`;
  const inline = await load(ingester(more));
  const block = await load(
    ingester().replace(ofSource, `  source {\n    type = "sqlserver"\n${ofSource}${more}  }\n`),
  );
  expect(block.ingester?.source).toEqual({
    ...inline.ingester?.source,
    path: 'ingester.source',
    outline: expect.any(Function),
    catalogue: expect.any(Function),
    open: expect.any(Function),
    checks: expect.any(Function),
  });
  expect(block.ingester?.source.outline('shop', (text) => text)).toEqual(
    inline.ingester?.source.outline('shop', (text) => text),
  );
  expect(block.where('ingester.source.read.max_rows')).toBe('dstream.hcl:7: ingester.source.read.max_rows');
});

test("the processor's topic is that of the ingester in the same file", async () => {
  const text = ingester().replace('topic {', 'topic {\n    name = "{{ env "TOPIC" }}"') + processor();
  const { processor: found } = await load(text, ['processor'], { TOPIC: 'changes' });
  expect(found?.source.name.topic).toBe('changes');
});

test('an output has what its type makes of its keys, and what every output has', async () => {
  const text = processor(`  output "stock" {
    type      = "warehouse"
    namespace = "shop.example.com"
    required  = false
    buffer    = 4096
    timeout       = "30s"
    max_in_flight = 8
    retry {
      min_wait = "1s"
      max_wait = "1m"
    }
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
      maxInFlight: 8,
      timeoutMs: 30_000,
      retry: { firstMs: 1_000, maxMs: 60_000 },
      envelope: 'dstream',
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
      ...unlimited,
      envelope: 'dstream',
      settings: {
        name: 'cdc.{{ table }}',
        connection: { kind: 'connection-string', connectionString: env.BUS, transport: 'amqp' },
      },
      open: expect.any(Function),
    },
  ]);
  expect(found.notes).toEqual([
    'dstream.hcl:25: processor.output.again.buffer: no effect on a required output; add required = false',
  ]);
});

test('an output that is not read although nothing was wrong stops the command', async () => {
  const [first, ...others] = someOutputs;
  const outputs = [{ ...first, read: () => undefined }, ...others] as const;
  const options = { env, use: ['processor'] as const, types: { ...types, outputs } };
  const text = processor(`  output "b" {\n    type = "warehouse"\n    namespace = "shop.example.com"\n  }`);
  await expect(readConfiguration('dstream.hcl', text, options, parseHcl)).rejects.toThrow(
    'dstream.hcl: an output of the processor was not read, and no problem says why',
  );
});

test('AMQP travels as transport says, else as the connection string does', async () => {
  const bus = `${env.BUS};TransportType=AmqpWebSockets`;
  const transports = async (source: string, more: Record<string, string> = {}) => {
    const found = await load(ingester() + processor('', source), ['ingester', 'processor'], more);
    return [found.ingester?.topic, found.processor?.source].map(
      (side) => (side?.settings as { connection: BrokerConnection } | undefined)?.connection.transport,
    );
  };
  expect(await transports('')).toEqual(['amqp', 'amqp']);
  expect(await transports('    transport = "websockets"')).toEqual(['amqp', 'websockets']);
  expect(await transports('', { BUS: bus })).toEqual(['websockets', 'websockets']);
});

test('a connection string that its source would not take is refused', async () => {
  await expect(load(ingester(), ['ingester'], { DB: 'Server=db1:1433;Database=shop' })).rejects.toMatchObject(
    {
      code: 'ConfigInvalid',
      message: expect.stringMatching(/^dstream\.hcl:2: ingester\.db_connection_string: .* Server=HOST,1433$/),
    },
  );
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
  expect(found.ingester?.source.settings).toMatchObject({ connectionString: DB });
  expect(found.ingester?.topic.settings).toMatchObject({ connection: namespace });
  expect(found.processor?.source.settings).toMatchObject({ connection: namespace });
  expect(found.ingester?.locks.settings).toMatchObject({
    connection: { kind: 'account-url', accountUrl: 'https://shop.blob.core.windows.net' },
  });
});

test('a command needs only the variables of its own blocks, and sees only those blocks', async () => {
  const text = ingester('  on_gap = "snapshot"') + processor().replace('"BUS"', '"OTHER"');
  const found = await load(text, ['processor'], { DB: '', OTHER: env.BUS });
  expect(found.ingester).toBeUndefined();
  expect(found.processor?.source.name.topic).toBe('ingest-topic');
  expect(found.notes).toEqual([]);
});

test('a route or default_outputs of optional outputs only is noted', async () => {
  const text = processor(`  output "log" {
    type = "console"
    required = false
  }
  route "all" {
    outputs = ["log"]
  }
  default_outputs = ["log"]`);
  const note = 'none of these outputs is required: what their buffers drop, or a crash loses, is gone';
  const { notes } = await load(text, 'validate');
  expect(notes.map((one) => one.replace(/^[^ ]* /, ''))).toEqual([
    `processor.route.all.outputs: ${note}`,
    `processor.default_outputs: ${note}`,
  ]);
});

test('default_outputs that drop every change are noted', async () => {
  const notesOf = async (text: string) => (await load(processor(text), 'validate')).notes;
  const drops = [
    expect.stringMatching(
      /: processor\.default_outputs: no route names an output: every change is dropped, unless a script routes it$/,
    ),
  ];
  expect(await notesOf('  default_outputs = []')).toEqual(drops);
  expect(await notesOf('  default_outputs = []\n  route "no" {\n    outputs = []\n  }')).toEqual(drops);
  expect(await notesOf('  default_outputs = []\n  route "all" {\n    outputs = ["console"]\n  }')).toEqual(
    [],
  );
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
  expect(found.unready).toEqual(found.notes.map((note) => ({ path: /: ([\w.]+):/.exec(note)?.[1], note })));
  expect(found.processor?.outputs).toHaveLength(1);
});

describe('a file that was only validated reports the variables that are not set where they are needed', () => {
  const ofSource = `  db_connection_string = "{{ env "DB" }}"\n  tables = ["Persons"]\n`;
  const inBlock = (text: string, type = 'sqlserver') =>
    text.replace(ofSource, `  source {\n    type = "${type}"\n${ofSource}  }\n`);
  const hash = (text: string) => text;
  const notSet = (at: string, variable: string) =>
    `dstream.hcl:${at}: the variable ${variable} is not set; set it in the environment`;

  test('the type of the source: the file has an ingester all the same', async () => {
    const { ingester: found } = await load(inBlock(ingester(), '{{ env "KIND" }}'), 'validate');
    const said = notSet('3: ingester.source.type', 'KIND');
    expect(() => found?.source.outline('shop', hash)).toThrow(said);
    await expect(found?.source.catalogue({} as never, {} as never)).rejects.toThrow(said);
    await expect(found?.source.open({} as never)).rejects.toThrow(said);
  });

  test('the checks of an output, which would look at blanks', async () => {
    const looking: OutputType = {
      ...someOutputs[0],
      type: 'looking',
      keys: { at: required(filePath, 'What is looked at.') },
      read: () => ({
        settings: {},
        open: () => Promise.reject(new Error('it is not opened')),
        async *checks() {
          yield { outcome: 'passed', check: 'test.looked', message: 'there' };
        },
      }),
    };
    const options = {
      env,
      use: 'validate',
      types: { ...types, outputs: [...someOutputs, looking] },
    } as const;
    const firstOf = async (at: string) => {
      const text = processor(`  output "w" {\n    type = "looking"\n    at = "${at}"\n  }`);
      const { processor: found } = await readConfiguration('dstream.hcl', text, options, parseHcl);
      const checks = found?.outputs[1]?.checks?.({} as never, {} as never);
      return checks?.[Symbol.asyncIterator]().next();
    };
    expect(await firstOf('here')).toMatchObject({ value: { outcome: 'passed' } });
    await expect(firstOf('{{ env "WH" }}')).rejects.toThrow(notSet('11: processor.output.w.at', 'WH'));
  });

  test.each([
    { form: 'in ingester itself', text: ingester, line: 10 },
    { form: 'in a block', text: (more: string) => inBlock(ingester(more)), line: 13 },
  ])('the name, with the source $form', async ({ text, line }) => {
    const file = text('  name = "{{ env "NM" }}"\n  start = "{{ env "START" }}"');
    const { ingester: found } = await load(file, 'validate');
    const said = notSet(`${line}: ingester.name`, 'NM');
    expect(() => found?.source.outline(found.name, hash)).toThrow(said);
    await expect(found?.source.catalogue({} as never, {} as never)).rejects.toMatchObject({ message: said });
    const blank = await load(file, 'validate', { DB: '' });
    expect(() => blank.ingester?.source.outline(undefined, hash)).toThrow(/the variable DB is empty.*\n.*NM/);
    const set = await load(file, 'validate', { NM: 'shop' });
    expect(set.ingester?.source.outline(set.ingester.name, hash).name).toBe('shop');
  });

  test('ordering and key_sessions, unless the order is known not to need them', async () => {
    const more = (ordering: string) =>
      ingester(`  ordering = "${ordering}"\n  key_sessions = "{{ env "KS" }}"`);
    const checked = async (ordering: string) => {
      const { ingester: found } = await load(more(ordering), 'validate');
      return () => found?.assertOrderingSet();
    };
    const sessions = notSet('11: ingester.key_sessions', 'KS');
    expect(await checked('table')).not.toThrow();
    expect(await checked('key')).toThrow(sessions);
    const both = `${notSet('10: ingester.ordering', 'ORDER')}\n${sessions}`;
    expect(await checked('{{ env "ORDER" }}')).toThrow(both);
  });
});

test('numbers and booleans may come from variables', async () => {
  const text =
    ingester('  read {\n    max_rows = "{{ env "ROWS" }}"\n  }') +
    processor('', 'sessions = "{{ env "S" }}"');
  const found = await load(text, ['ingester', 'processor'], { ROWS: '7', S: 'false' });
  expect(found.ingester?.source.settings).toMatchObject({ maxRows: 7 });
  expect(found.processor?.source.settings).toMatchObject({ sessions: false });
});

test('one change a message is a limit of one change', async () => {
  const text = ingester().replace('topic {', 'topic {\n    pack = 1');
  expect((await load(text)).ingester?.topic).toMatchObject({ pack: 1, packMaxChanges: 1 });
});

test('what would be asked for by an endpoint that is turned off has no effect', async () => {
  const service = (http: string) =>
    `service {\n  http = "${http}"\n  token = "{{ env "TOKEN" }}"\n  metrics_anonymous = true\n}\n`;
  const { service: served, notes } = await load(`${service(':8080')}${ingester()}`);
  expect([served.token, served.metricsAnonymous, notes]).toEqual([env.TOKEN.trim(), true, []]);
  expect((await load(`${service('')}${ingester()}`)).notes).toEqual([
    'dstream.hcl:3: service.token: no effect with http = ""; remove it',
    'dstream.hcl:4: service.metrics_anonymous: no effect with http = ""; remove it',
  ]);
});

test('the service block is read, and DSTREAM_LOG_LEVEL goes before it', async () => {
  const text = `${ingester()}service {\n  log_level = "warn"\n  http = ""\n  shutdown_timeout = "1m"\n}\n`;
  const service = {
    path: 'service',
    http: undefined,
    httpConfigured: true,
    metricsAnonymous: false,
    shutdownTimeoutMs: 60_000,
  };
  expect((await load(text)).service).toEqual({ ...service, logLevel: 'warn' });
  expect((await load(text, ['ingester'], { DSTREAM_LOG_LEVEL: 'DEBUG' })).service.logLevel).toBe('debug');
  await expect(load(text, ['ingester'], { DSTREAM_LOG_LEVEL: 'loud' })).rejects.toThrow(
    'dstream.hcl:1: the value of DSTREAM_LOG_LEVEL is invalid; write "debug", "info", "warn" or "error"',
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
  const both = `${ingester()}${processor()}service { token = "{{ env "TOKEN" }}" }\n`;

  test('are neither in the JSON nor in the inspection of a configuration or of any part of it', async () => {
    const found = await load(both, ['ingester', 'processor']);
    const { ingester: part, service } = found;
    const parts = [found, part, part?.topic, { log: found.processor?.source.settings }, service];
    const shown = parts.flatMap((part) => [JSON.stringify(part), inspect(part, { depth: 9 })]).join('\n');
    expect(shown).not.toMatch(/sesame|k\+e|operators/);
    expect(shown).toContain('[secret]');
    expect(found.ingester?.source.settings).toMatchObject({ connectionString: env.DB.trim() });
    expect(service.token).toBe(env.TOKEN.trim());
  });

  test('are replaced in any text, whole or in part, encoded or escaped', async () => {
    const redact = redactor(await load(both, ['ingester', 'processor']));
    expect(
      redact(`a ${env.BUS} b open-sesame c ${encodeURIComponent('k+e/y=="x"')} d ${JSON.stringify(env)}`),
    ).toBe(
      'a [secret] b [secret] c [secret] d {"DB":"[secret]","BUS":"[secret]","BLOB":"[secret]","TOKEN":"[secret]"}',
    );
  });
});
