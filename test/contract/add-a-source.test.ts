/** A kind of source that somebody adds, as libs/sources/README.md says: a ledger. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { systemClock } from '@dstream/async';
import {
  redactor,
  referencePage,
  type AdapterTypes,
  type Configuration,
  type IngesterConfig,
  type Use,
} from '@dstream/config';
import {
  child,
  choice,
  conceal,
  defineSource,
  optional,
  required,
  text,
  wholeNumber,
  withDefault,
  type BlockSchema,
} from '@dstream/config/schema';
import { noSourceObserver, scopeOf, silentLog, type SourceServices } from '@dstream/core';
import { InMemoryChangeSource } from '@dstream/memory/change-source';
import { composeIngester } from '@dstream/ingester';
import { planOffline, planOnline } from '@dstream/ingester/plan';
import { sha256Hex } from '@dstream/runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contextOf, inMemoryTypes, loadText, refusalOf, running } from '../support/in-memory-types.ts';
import { sent } from '../support/ingester-rig.ts';
import { sectionsOf } from '../support/page-sections.ts';
import { until } from '../support/until.ts';

const opened: { settings: object; services: SourceServices; source: InMemoryChangeSource }[] = [];

const word = text({ what: 'a word', pattern: /^[a-z]+$/, right: 'lower-case letters are possible' });

const entriesSchema = {
  type: 'entries',
  doc: 'Which entries are read.',
  keys: {
    from: withDefault(wholeNumber({ min: 1, max: 99 }), 1, 'The first.'),
    to: withDefault(wholeNumber({ min: 1, max: 99 }), 99, 'The last.'),
  },
  blocks: [],
} as const satisfies BlockSchema;

const accountSchema = {
  type: 'account',
  doc: 'An account of the ledger.',
  keys: { of: required(word, 'Whose it is.') },
  blocks: [],
} as const satisfies BlockSchema;

const ledgerType = defineSource({
  type: 'ledger',
  doc: 'Accounts in a ledger.',
  keys: {
    book: required(word, 'Which ledger.'),
    order: withDefault(choice(['date', 'page']), 'date', 'How it is read.'),
    password: optional(text({ what: 'a password', pattern: /./, right: '' }), 'no lock', 'Opens it.', {
      secret: true,
    }),
  },
  blocks: [child(entriesSchema, 'optional'), child(accountSchema, 'many')],
  settings: (reading, findings) => {
    const { book, order, password } = reading.values;
    const entries = reading.block(entriesSchema);
    const { from, to } = entries.values;
    if (entries.isSound('from', 'to') && from > to)
      findings.add(entries.placeOf('to'), `it is before from = ${from}; write ${from} or more`);
    const accounts = reading.blocks(accountSchema).map(({ values }) => values.of);
    return conceal({ book, order, password, from, to, accounts }, 'password');
  },
  what: ({ book }) => `ledger ${book}`,
  outline: ({ book, order, accounts }, name = book) => ({
    name,
    database: 'ledger',
    scope: scopeOf({ source: name, database: 'ledger' }),
    server: `the shelf of ${book}`,
    mode: order,
    tables: accounts.map((table) => ({ schema: 'accounts', table })),
  }),
  open: async (settings, services) => {
    const { name = settings.book, clock, start } = services;
    const source = new InMemoryChangeSource({ clock, name, database: 'ledger', start });
    for (const account of settings.accounts) source.addTable(account, { schema: 'accounts' });
    opened.push({ settings, services, source });
    return source;
  },
});

const services: SourceServices = {
  clock: systemClock,
  log: silentLog,
  random: Math.random,
  hash: sha256Hex,
  credential: () => expect.unreachable('nobody signs in here'),
  name: undefined,
  start: 'earliest',
  onGap: 'stop',
  observer: noSourceObserver,
};

function ingesterOf({ ingester }: Configuration): IngesterConfig {
  if (ingester === undefined) throw new Error('the file has no ingester');
  return ingester;
}

/** Of a source that nobody opens. */
const what = () => '';
const outline = () => ({ name: '', database: '', scope: '', server: '', tables: [] });

const memory = inMemoryTypes();
const types: AdapterTypes = { ...memory.types, sources: [...memory.types.sources, ledgerType] };

describe('a kind of source that was added', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dstream-ledger-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const ingester = (source: string, own = '') => `ingester {
  source {
${source}
  }
${own}
  topic {
    type = "memory"
  }
  locks {
    type = "memory"
  }
}
`;
  const load = (source: string, own?: string, use: Use = ['ingester']): Promise<Configuration> =>
    loadText(folder, ingester(source, own), { types, use, env: { PASSWORD: 'open-sesame' } });
  const refusal = (source: string, own?: string) => refusalOf(folder, load(source, own));

  const ledger = `    type     = "ledger"
    book     = "sales"
    password = "{{ env "PASSWORD" }}"
    account {
      of = "anna"
    }
    account {
      of = "bert"
    }`;

  test('runs through the whole ingester, on a queue and a lease store in memory', async () => {
    memory.topic.subscription();
    const configuration = await load(ledger, '  name = "main"\n  start = "latest"\n  on_gap = "skip"');
    await using _ingester = running(await composeIngester(contextOf(configuration)));
    const [ours] = opened;
    expect(ours).toMatchObject({
      settings: { book: 'sales', order: 'date', password: 'open-sesame', from: 1, to: 99 },
      services: { name: 'main', start: 'latest', onGap: 'skip' },
    });
    const insert = (table: string, Id: number) =>
      ({ schema: 'accounts', table, operation: 'insert', data: { Id } }) as const;
    const state = async () =>
      (await memory.leases.overview({ signal: AbortSignal.timeout(1_000) })).partitions;
    await until(
      async () => (await state()).filter(({ checkpoint }) => checkpoint !== undefined).length === 2,
      () => 'both accounts are owned and have their first checkpoint',
    );
    for (let id = 1; id <= 30; id += 1) ours?.source.commit([insert('anna', id), insert('bert', id)]);
    await until(
      () => sent(memory.topic).length === 60,
      () => `${sent(memory.topic).length} of 60 changes arrived`,
    );
    expect((await state()).map(({ partition }) => partition)).toEqual([
      'main/ledger/accounts.anna',
      'main/ledger/accounts.bert',
    ]);
    const ids = sent(memory.topic, 'anna');
    expect([new Set(ids).size, [...ids].sort()]).toEqual([30, ids]);
  });

  test('is checked like the others, with the nearest name for what is unknown', async () => {
    expect(await refusal('    type = "leger"')).toBe(
      'dstream.hcl:3: ingester.source.type: invalid value "leger"; did you mean "ledger"?',
    );
    expect(
      await refusal(`    type  = "ledger"
    bok   = "sales"
    order = "size"
    entries {
      from = 100
    }
    account {
      off = "anna"
    }`),
    ).toBe(
      [
        'dstream.hcl:2: ingester.source.book: missing key book; write book = … (word)',
        'dstream.hcl:4: ingester.source: unknown key "bok"; did you mean "book"?',
        'dstream.hcl:5: ingester.source.order: invalid value "size"; write "date" or "page"',
        'dstream.hcl:7: ingester.source.entries.from: 100 is out of range (1–99)',
        'dstream.hcl:9: ingester.source.account.of: missing key of; write of = … (word)',
        'dstream.hcl:10: ingester.source.account: unknown key "off"; did you mean "of"?',
      ].join('\n'),
    );
    expect(await refusal(`${ledger}\n    entries {\n      from = 9\n      to   = 8\n    }`)).toBe(
      'dstream.hcl:14: ingester.source.entries.to: it is before from = 9; write 9 or more',
    );
  });

  test('is where a key of its own belongs that stands elsewhere, and has no key of another type', async () => {
    expect(await refusal(ledger, '  book = "sales"')).toContain(
      'ingester: unknown key "book"; it belongs in ingester.source of type "ledger"',
    );
    expect(await refusal(`${ledger}\n    tables = ["Persons"]`)).toContain(
      'ingester.source: unknown key "tables"; it belongs in ingester.source of type "sqlserver"',
    );
    expect(await refusal(ledger, '  tables = ["Persons"]')).toBe(
      'dstream.hcl:13: ingester.tables: duplicate source: tables here, and the block source on line 2; remove one of the two',
    );
  });

  test('shows no secret, and the log replaces it', async () => {
    const configuration = await load(ledger);
    const shown = `${JSON.stringify(configuration)} ${inspect(configuration.ingester, { depth: 9 })}`;
    expect(shown).toContain('anna');
    expect(shown).not.toContain('sesame');
    expect(redactor(configuration)('wrong password: open-sesame')).toBe('wrong password: [secret]');
  });

  test('is planned from the file, and asked where nothing else is said', async () => {
    const config = ingesterOf(await load(ledger, '', 'validate'));
    const planned = planOffline(config);
    expect(planned).toMatchObject({
      source: { name: 'sales', database: 'ledger', server: 'the shelf of sales', mode: 'date' },
      tables: [
        { table: 'accounts.anna', sessions: ['sales/ledger/accounts.anna'], captureInstances: undefined },
        { table: 'accounts.bert', sessions: ['sales/ledger/accounts.bert'] },
      ],
    });
    expect(await planOnline(config, services, { signal: AbortSignal.timeout(1_000) })).toEqual(planned);
  });

  test('a variable that is not set is named by whoever opens a file that was only validated', async () => {
    const unset = ledger.replace('PASSWORD', 'NOT_SET');
    const { ingester: config, notes, file } = await load(unset, '', 'validate');
    const said = `${file}:5: ingester.source.password: the variable NOT_SET is not set`;
    expect(notes).toEqual([said]);
    await expect(config?.source.open(services)).rejects.toMatchObject({
      code: 'ConfigInvalid',
      message: `${said}; set it in the environment`,
    });
    expect(config?.source.outline('main', sha256Hex).scope).toBe('main/ledger');
  });

  test('without a class it is not built: the commands say so, the reference page, too', async () => {
    const later = defineSource({
      type: 'later',
      doc: 'Some day.',
      keys: {},
      settings: () => ({}),
      what,
      outline,
    });
    const withLater = { ...types, sources: [...types.sources, later] } as const;
    const file = ingester('    type = "later"');
    const said =
      'dstream.hcl:3: ingester.source.type: the source type "later" is not built yet; use "sqlserver"';
    expect(await refusalOf(folder, loadText(folder, file, { types: withLater }))).toBe(said);
    const { ingester: config, notes } = await loadText(folder, file, { types: withLater, use: 'validate' });
    expect(notes.map((note) => note.replace(`${folder}/`, ''))).toEqual([said]);
    await expect(config?.source.open(services)).rejects.toMatchObject({ code: 'NotBuilt' });
    expect(sectionsOf(referencePage(withLater), 'later')).toContain('Some day. _Not built yet._');
  });

  test('is refused when it is opened in another place than plan and status look for it', async () => {
    const clock = systemClock;
    const source = new InMemoryChangeSource({ clock, name: 'here', database: 'db' });
    const lost = defineSource({
      type: 'lost',
      doc: '',
      keys: {},
      settings: () => ({}),
      what: () => 'place',
      outline: (_, _name, hash) => ({
        ...outline(),
        scope: scopeOf({ source: hash('x').slice(0, 4), database: 'db' }),
      }),
      open: () => Promise.resolve(source),
    });
    const { ingester: config } = await loadText(folder, ingester('    type = "lost"'), {
      types: { ...types, sources: [lost] },
    });
    await expect(config?.source.open(services)).rejects.toThrow(
      'the source type "lost" opened a source with the scope here/db and outlines it with 2d71/db: make both by the same function',
    );
  });

  test('stands in the reference page, with its blocks', () => {
    expect(sectionsOf(referencePage(types), 'ledger')).toBe(`## \`ingester.source\` of type \`ledger\`

Accounts in a ledger.

- \`type\` ("sqlserver", "memory" or "ledger"; required): Type of source.
- \`book\` (word; required): Which ledger.
- \`order\` ("date" or "page"; default \`"date"\`): How it is read.
- \`password\` (password; if absent: no lock): Opens it. Secret.

## \`ingester.source.entries\` of type \`ledger\`

Which entries are read.

- \`from\` (whole number, 1 to 99; default \`1\`): The first.
- \`to\` (whole number, 1 to 99; default \`99\`): The last.

## \`ingester.source.account\` of type \`ledger\`

An account of the ledger. May be repeated.

- \`of\` (word; required): Whose it is.
`);
  });

  test('cannot have a key that every source has, nor ask for a block it has not named', async () => {
    const keys = { type: withDefault(word, 'x', 'Not what it is elsewhere.') };
    // @ts-expect-error the configuration adds this key
    expect(defineSource({ type: 'x', doc: '', keys, settings: () => ({}), what, outline }).built).toBe(false);
    const careless = defineSource({
      type: 'careless',
      doc: '',
      keys: {},
      settings: (reading) => reading.block(entriesSchema).values,
      what,
      outline,
    });
    const file = ingester('    type = "careless"');
    const loading = loadText(folder, file, { types: { ...types, sources: [careless] } });
    await expect(loading).rejects.toThrow('the schema of source has no block entries');
  });
});
