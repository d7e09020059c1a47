/** A kind of destination that somebody adds, as libs/outputs/README.md says: a shelf of books. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { loadConfiguration, redactor, referencePage, type Configuration } from '@dstream/config';
import {
  conceal,
  defineOutput,
  optional,
  required,
  text,
  wholeNumber,
  withDefault,
} from '@dstream/config/schema';
import { pack, silentLog, type InstanceId, type OutgoingMessage } from '@dstream/core';
import { InMemoryDestination } from '@dstream/memory/destination';
import { composeProcessor } from '@dstream/processor';
import { Metrics, sha256Hex } from '@dstream/runtime';
import { systemClock } from '@dstream/async';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fixedTypes as types } from '../support/fixed-types.ts';
import { anEncodedChange } from '../support/a-change.ts';
import { openStandInBroker } from '../support/service-bus-broker.ts';
import { sectionsOf } from '../support/page-sections.ts';
import { until } from '../support/until.ts';

const never = new AbortController().signal;
const opened: { settings: object; output: string; book: InMemoryDestination }[] = [];

const bookTitle = text({ what: 'a title', pattern: /^[A-Z]/, right: 'begin it with a capital letter' });

const bookType = defineOutput({
  type: 'book',
  doc: 'Books on a shelf.',
  keys: {
    title: required(bookTitle, 'What stands on its back.'),
    pages: withDefault(wholeNumber({ min: 1, max: 1000 }), 100, 'How many it has.'),
    password: optional(text({ what: 'a password', pattern: /./, right: '' }), 'no lock', 'Opens it.', {
      secret: true,
    }),
  },
  settings: (reading, findings) => {
    const { title, pages, password } = reading.values;
    if (reading.isSound('title', 'pages') && title === 'Atlas' && pages < 10)
      findings.add(reading.placeOf('pages'), 'an atlas has more pages; write 10 or more');
    return conceal({ title, pages, password }, 'password');
  },
  open: async (settings, { name }) => {
    const book = new InMemoryDestination();
    opened.push({ settings, output: name, book });
    return book.publisher();
  },
});

const outputs = [...types.outputs, bookType] as const;

describe('a kind of destination that was added', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dstream-book-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function load(output: string, connectionString = anyBroker): Promise<Configuration> {
    const file = join(folder, 'dstream.hcl');
    await writeFile(
      file,
      `publisher {
  source {
    connection_string = "{{ env "BUS" }}"
    topic             = "changes"
  }
  output "shelf" {
${output}
  }
}
`,
    );
    const env = { BUS: connectionString, PASSWORD: 'open-sesame' };
    return await loadConfiguration(file, { env, use: ['processor'], types: { ...types, outputs } });
  }

  const refusal = (output: string) =>
    load(output).then(
      () => expect.unreachable('it was loaded'),
      (error: unknown) => String(error).replaceAll(`${join(folder, 'dstream.hcl')}:`, ''),
    );

  test('receives every change, in order, in each of its outputs', async () => {
    await using broker = await openStandInBroker();
    const configuration = await load(
      `    type     = "book"
    title    = "Atlas"
    password = "{{ env "PASSWORD" }}"
  }
  output "copy" {
    type     = "book"
    title    = "Copy"
    required = false`,
      broker.endpoint.connectionString,
    );
    await using service = await composeProcessor({
      instance: 'p' as InstanceId,
      clock: systemClock,
      log: silentLog,
      metrics: new Metrics(),
      configuration,
      credential: () => expect.unreachable('nothing signs in here'),
      httpAddress: () => undefined,
    });
    const [shelf, copy] = opened;
    expect(shelf).toMatchObject({
      output: 'shelf',
      settings: { title: 'Atlas', pages: 100, password: 'open-sesame' },
    });
    expect(copy?.output).toBe('copy');
    await using topic = broker.topic();
    const stop = new AbortController();
    const running = service.run({ draining: stop.signal, aborted: never });
    await topic.send(messages(30), { signal: never });
    await until(
      () => shelf?.book.events.length === 30 && copy?.book.events.length === 30,
      () => `${shelf?.book.events.length} and ${copy?.book.events.length} of 30 changes arrived`,
    );
    stop.abort(new Error('enough'));
    await running;
    const ids = Array.from({ length: 30 }, (_, i) => `c${i + 1}`);
    expect(shelf?.book.events.map(({ event }) => event.metadata.id)).toEqual(ids);
    expect(copy?.book.events.map(({ event }) => event.metadata.id)).toEqual(ids);
  });

  test('is checked like the others, with the nearest name for what is unknown', async () => {
    expect(await refusal('    type = "boook"')).toBe(
      'DStreamError: 7: publisher.output.shelf.type: invalid value "boook"; did you mean "book"?',
    );
    expect(await refusal('    type = "bird"')).toContain('"azure_event_hubs", "file" or "book"');
    expect(await refusal('    type = "book"\n    titel = "Atlas"\n    pages = 0')).toBe(
      [
        'DStreamError: 6: publisher.output.shelf.title: missing key title; write title = … (title)',
        '8: publisher.output.shelf: unknown key "titel"; did you mean "title"?',
        '9: publisher.output.shelf.pages: 0 is out of range (1–1000)',
      ].join('\n'),
    );
    expect(await refusal('    type = "book"\n    title = "Atlas"\n    pages = 9')).toBe(
      'DStreamError: 9: publisher.output.shelf.pages: an atlas has more pages; write 10 or more',
    );
  });

  test('is where a key of its own belongs that stands elsewhere', async () => {
    expect(await refusal('    type = "console"\n    title = "Atlas"')).toContain(
      'unknown key "title"; it belongs in processor.output of type "book"',
    );
  });

  test('shows no secret, and the log replaces it', async () => {
    const configuration = await load(
      '    type = "book"\n    title = "Atlas"\n    password = "{{ env "PASSWORD" }}"',
    );
    const shown = `${JSON.stringify(configuration)} ${inspect(configuration.processor, { depth: 9 })}`;
    expect(shown).toContain('Atlas');
    expect(shown).not.toContain('sesame');
    expect(redactor(configuration)('wrong password: open-sesame')).toBe('wrong password: [secret]');
  });

  test('without a class it is not built: the commands say so, the reference page, too', async () => {
    const later = defineOutput({ type: 'later', doc: 'Some day.', keys: {}, settings: () => ({}) });
    const file = join(folder, 'later.hcl');
    const source = '  source {\n    connection_string = "{{ env "BUS" }}"\n  }';
    await writeFile(file, `processor {\n${source}\n  output {\n    type = "later"\n  }\n}\n`);
    const outputs = [bookType, later] as const;
    const options = { env: { BUS: anyBroker }, types: { ...types, outputs } };
    const said = `${file}:6: processor.output.type: the output type "later" is not built yet; use "book"`;
    await expect(loadConfiguration(file, { ...options, use: ['processor'] })).rejects.toMatchObject({
      code: 'NotBuilt',
      message: said,
    });
    const { processor, notes } = await loadConfiguration(file, { ...options, use: 'validate' });
    expect([processor?.outputs, notes]).toEqual([[], [said]]);
    expect(sectionsOf(referencePage({ ...types, outputs }), 'later')).toContain(
      'Some day. May be repeated. May have a label. _Not built yet._',
    );
  });

  test('stands in the reference page', () => {
    expect(sectionsOf(referencePage({ ...types, outputs }), 'book'))
      .toContain(`## \`processor.output\` of type \`book\`

Books on a shelf. May be repeated. May have a label.

- \`type\` ("console", "azure_service_bus", "azure_event_hubs", "file" or "book"; required): Type of output.
- \`title\` (title; required): What stands on its back.
- \`pages\` (whole number, 1 to 1000; default \`100\`): How many it has.
- \`password\` (password; if absent: no lock): Opens it. Secret.
- \`required\` (true or false; default \`true\`)`);
  });

  test('cannot have a key that every output has', () => {
    const keys = { required: withDefault(wholeNumber({ min: 1, max: 2 }), 1, 'Not what it is elsewhere.') };
    // @ts-expect-error the configuration adds this key
    const type = defineOutput({ type: 'x', doc: '', keys, settings: () => ({}) });
    expect(type.built).toBe(false);
  });
});

const anyBroker =
  'Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=all;SharedAccessKey=secret-key';

/** So many changes of one table, packed as the ingester packs them. */
function messages(count: number): OutgoingMessage[] {
  const changes = Array.from({ length: count }, (_, i) => anEncodedChange(i + 1));
  return pack(
    changes,
    { generation: 1, epoch: 1 },
    {
      hash: sha256Hex,
      maxBytes: 1_000,
      maxChanges: 10,
    },
  );
}
