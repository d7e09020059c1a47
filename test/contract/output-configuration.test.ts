/** Outputs of the real destinations, from a file to the settings of their publishers. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { loadConfiguration, redactor, type Configuration } from '@dstream/config';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fixedTypes as types } from '../support/fixed-types.ts';

const broker =
  'Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=all;SharedAccessKey=open-sesame';
const env = { BUS: broker, ENTITY: `${broker};EntityPath=Orders` };
const template = '{{ server }}.{{ database }}.{{ table }}.events';
const toBus = { kind: 'connection-string', connectionString: broker, transport: 'amqp' };
const toEntity = { kind: 'connection-string', connectionString: env.ENTITY, transport: 'amqp' };

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dstream-outputs-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** The file has its outputs from line 5 on. */
async function load(outputs: string): Promise<Configuration> {
  const file = join(folder, 'dstream.hcl');
  const source = 'connection_string = "{{ env "BUS" }}"';
  await writeFile(file, `processor {\n  source {\n    ${source}\n  }\n${outputs.trim()}\n}\n`);
  return await loadConfiguration(file, { env, use: ['processor'], types });
}

const refusal = (outputs: string) =>
  load(outputs).then(
    () => expect.unreachable('it was loaded'),
    (error: unknown) =>
      (error as Error).message.split('\n').map((line) => line.slice(line.indexOf('hcl:') + 4)),
  );

const settingsOf = (found: Configuration) =>
  Object.fromEntries(found.processor?.outputs.map(({ name, settings }) => [name, settings]) ?? []);

describe('outputs', () => {
  test('of one type and of several stand side by side, each with what it says', async () => {
    const found = await load(`
output "bus" {
  type              = "azure_service_bus"
  connection_string = "{{ env "BUS" }}"
}
output "identity" {
  type      = "azure_service_bus"
  namespace = "shop.servicebus.windows.net"
  name      = "cdc/{{ schema }}.{{ table }}"
  pack      = "auto"
}
output "hubs" {
  type      = "azure_event_hubs"
  namespace = "shop.servicebus.windows.net"
  name      = "changes"
  required  = false
  buffer    = 1048576
  max_destinations = 8
}
output "files" {
  type     = "file"
  path     = "{{ table }}.jsonl"
}
output "screen" {
  type   = "console"
  format = "pretty"
}`);
    const identity = { kind: 'namespace', namespace: 'shop.servicebus.windows.net', transport: 'amqp' };
    expect(settingsOf(found)).toEqual({
      bus: { connection: toBus, name: template, maxOpen: 1_000, isOnlyOne: false, pack: 1 },
      identity: {
        connection: identity,
        name: 'cdc/{{ schema }}.{{ table }}',
        maxOpen: 1_000,
        isOnlyOne: false,
        pack: 'auto',
      },
      hubs: { connection: identity, name: 'changes', maxOpen: 8, isOnlyOne: false },
      files: { path: '{{ table }}.jsonl', maxBytes: 104_857_600, maxAgeMs: undefined },
      screen: { format: 'pretty' },
    });
    expect(found.processor?.outputs.map(({ required, bufferBytes }) => [required, bufferBytes])).toEqual([
      [true, 8_388_608],
      [true, 8_388_608],
      [false, 1_048_576],
      [true, 8_388_608],
      [true, 8_388_608],
    ]);
    expect(found.notes).toEqual([]);
  });

  test('go to the entity that their connection string names', async () => {
    const found = await load(`
output "a" {
  type              = "azure_service_bus"
  connection_string = "{{ env "ENTITY" }}"
}
output "b" {
  type              = "azure_service_bus"
  connection_string = "{{ env "ENTITY" }}"
  name              = "orders"
}`);
    const settings = { connection: toEntity, name: 'Orders', maxOpen: 1_000, isOnlyOne: true, pack: 1 };
    expect(settingsOf(found)).toEqual({ a: settings, b: settings });
  });

  test('show no secret, and the log replaces it', async () => {
    const found = await load(`
output {
  type              = "azure_service_bus"
  connection_string = "{{ env "BUS" }}"
}`);
    expect(`${JSON.stringify(found)} ${inspect(found, { depth: 9 })}`).not.toContain('sesame');
    expect(redactor(found)(`cannot sign in with ${broker}`)).toBe('cannot sign in with [secret]');
  });

  test('have any envelope that their destination can carry', async () => {
    const found = await load(`
output "bus" {
  type              = "azure_service_bus"
  connection_string = "{{ env "BUS" }}"
  envelope          = "cloudevents"
  cloudevents {
    mode = "binary"
  }
}
output "hub" {
  type              = "azure_event_hubs"
  connection_string = "{{ env "BUS" }}"
  envelope          = "debezium"
  debezium {
    tombstones = true
    wrapper    = true
    bigint     = ["Orders.Id", "sales.*.Total"]
  }
}
output "screen" {
  type = "console"
}`);
    expect(found.processor?.outputs.map(({ envelope }) => envelope)).toEqual([
      'cloudevents',
      'debezium',
      'dstream',
    ]);
  });

  test('with a buffer that has no effect are noted', async () => {
    const found = await load('output {\n  type = "console"\n  buffer = 4096\n}');
    expect(found.notes.map((note) => note.slice(note.indexOf('hcl:')))).toEqual([
      'hcl:7: processor.output.buffer: no effect on a required output; add required = false',
    ]);
  });
});

describe('a wrong output is refused with what would be right', () => {
  test('its type', async () => {
    expect(await refusal('output {\n  type = "azure_servicebus"\n}')).toEqual([
      '6: processor.output.type: invalid value "azure_servicebus"; did you mean "azure_service_bus"?',
    ]);
    expect(await refusal('output {\n  type = "kafka"\n}')).toEqual([
      '6: processor.output.type: invalid value "kafka"; write "console", "azure_service_bus", "azure_event_hubs" or "file"',
    ]);
  });

  test('its connection', async () => {
    expect(
      await refusal(`
output "neither" {
  type = "azure_service_bus"
}
output "both" {
  type              = "azure_event_hubs"
  namespace         = "shop.servicebus.windows.net"
  connection_string = "{{ env "BUS" }}"
}`),
    ).toEqual([
      '5: processor.output.neither.connection_string: missing key connection_string; write connection_string = "{{ env "NAME" }}"',
      '10: processor.output.both.namespace: connection_string and namespace cannot be combined; remove one of the two',
    ]);
  });

  test('its name', async () => {
    expect(
      await refusal(`
output "hubs" {
  type      = "azure_event_hubs"
  namespace = "shop.servicebus.windows.net"
  name      = "cdc/{{ table }}"
}
output "bus" {
  type      = "azure_service_bus"
  namespace = "shop.servicebus.windows.net"
  name      = "{{ column }}"
}
output "entity" {
  type              = "azure_service_bus"
  connection_string = "{{ env "ENTITY" }}"
  name              = "invoices"
}`),
    ).toEqual([
      '8: processor.output.hubs.name: "cdc/{{ table }}" is not the name of an event hub; use letters, digits, ".", "-" and "_", at most 256 characters, with a letter or digit at both ends; {{ server }}, {{ database }}, {{ schema }}, {{ table }}, {{ operation }}, {{ data.COLUMN }} and {{ key.COLUMN }} are replaced',
      '13: processor.output.bus.name: unknown template {{ column }}; expected one of {{ env "NAME" }}, {{ server }}, {{ database }}, {{ schema }}, {{ table }}, {{ operation }}, {{ data.COLUMN }}, {{ key.COLUMN }}',
      '18: processor.output.entity.name: name contradicts the EntityPath of the connection string; remove one of the two',
    ]);
  });

  test('its keys', async () => {
    expect(
      await refusal(`
output {
  type     = "file"
  paht     = "x"
  max_size = 1
  name     = "x"
}`),
    ).toEqual([
      '5: processor.output.path: missing key path; write path = … (path)',
      '7: processor.output: unknown key "paht"; did you mean "path"?',
      '8: processor.output: unknown key "max_size"; expected one of type, path, max_bytes, max_age, required, buffer, max_in_flight, timeout, envelope, retry, debezium, cloudevents',
      '9: processor.output: unknown key "name"; it belongs in processor.output of type "azure_service_bus" or processor.output of type "azure_event_hubs"',
    ]);
  });

  test('its envelope', async () => {
    expect(
      await refusal(`
output "text" {
  type     = "console"
  format   = "pretty"
  envelope = "plain"
}
output "packed" {
  type              = "azure_service_bus"
  connection_string = "{{ env "BUS" }}"
  pack              = "auto"
  envelope          = "cloudevents"
  cloudevents {
    mode = "binary"
  }
}
output "files" {
  type     = "file"
  path     = "x"
  envelope = "debezium"
  debezium {
    tombstones = true
  }
}`),
    ).toEqual([
      '8: processor.output.text.envelope: format = "pretty" has no envelope; write format = "json"',
      '16: processor.output.packed.cloudevents.mode: a message of several changes has no attributes of each; write pack = 1',
      '24: processor.output.files.debezium.tombstones: the destination has no keys; remove tombstones',
    ]);
  });
});
