/** A kind of lease store that somebody adds, as libs/leases/README.md says: a board with keys on hooks. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { systemClock } from '@dstream/async';
import { redactor, referencePage, type AdapterTypes, type Configuration, type Use } from '@dstream/config';
import {
  conceal,
  defineLeaseStore,
  optional,
  required,
  text,
  wholeNumber,
  withDefault,
} from '@dstream/config/schema';
import type { InstanceId, LeaseServices } from '@dstream/core';
import { InMemoryLeases } from '@dstream/memory/leases';
import { composeIngester } from '@dstream/ingester';
import { openLeaseViewer } from '@dstream/ingester/lease-viewer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contextOf, inMemoryTypes, loadText, refusalOf, running } from '../support/in-memory-types.ts';
import { sent } from '../support/ingester-rig.ts';
import { sectionsOf } from '../support/page-sections.ts';
import { until } from '../support/until.ts';

const boards = new Map<string, InMemoryLeases>();
const opened: { settings: object; services: LeaseServices; scope: string }[] = [];

/** One replica's view of the board that all of one name share. */
function boardNamed(name: string, { instance, leaseDurationMs, clock }: LeaseServices): InMemoryLeases {
  const board =
    boards.get(name) ??
    new InMemoryLeases({ instance: 'board' as InstanceId, durationMs: leaseDurationMs, clock });
  boards.set(name, board);
  return board.replica(instance, clock);
}

const boardName = text({ what: 'a board', pattern: /^[a-z]+$/, right: 'lower-case letters are possible' });

const boardType = defineLeaseStore({
  type: 'board',
  doc: 'Keys on hooks.',
  keys: {
    name: required(boardName, 'Which board.'),
    hooks: withDefault(wholeNumber({ min: 1, max: 1000 }), 100, 'How many it has.'),
    code: optional(text({ what: 'a code', pattern: /./, right: '' }), 'no lock', 'Opens it.', {
      secret: true,
    }),
  },
  settings: (reading, findings) => {
    const { name, hooks, code } = reading.values;
    if (reading.isSound('name', 'hooks') && name === 'small' && hooks > 10)
      findings.add(reading.placeOf('hooks'), 'a small board has 10 hooks at most; write 10 or less');
    return conceal({ name, hooks, code }, 'code');
  },
  what: ({ name }) => `board ${name}`,
  open: async (settings, services) => {
    opened.push({ settings, services, scope: services.source.scope });
    return boardNamed(settings.name, services);
  },
});

const memory = inMemoryTypes();
const types: AdapterTypes = { ...memory.types, leases: [...memory.types.leases, boardType] };

describe('a kind of lease store that was added', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dstream-board-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const ingester = (locks: string) => `ingester {
  source {
    type = "memory"
  }
  topic {
    type = "memory"
  }
  locks {
${locks}
  }
  lease {
    duration = "15s"
  }
}
`;
  const load = (locks: string, use: Use = ['ingester']): Promise<Configuration> =>
    loadText(folder, ingester(locks), { types, use, env: { CODE: 'open-sesame' } });
  const refusal = (locks: string) => refusalOf(folder, load(locks));

  const hall = '    type = "board"\n    name = "hall"\n    code = "{{ env "CODE" }}"';
  const none = () => expect.unreachable('nobody signs in here');
  const look = async (configuration: Configuration) => {
    const viewer = await openLeaseViewer({ clock: systemClock, credential: none, configuration });
    return await viewer?.overview({ signal: AbortSignal.timeout(1_000) });
  };

  test('deals the tables among the replicas of an ingester, keeps their checkpoints, and shows both', async () => {
    memory.topic.subscription();
    const tables = ['A', 'B', 'C', 'D'];
    for (const table of tables) memory.source.addTable(table);
    const configuration = await load(hall);
    expect(configuration.ingester?.locks.what).toBe('board hall');
    await using _one = running(await composeIngester(contextOf(configuration, 'one')));
    await using _two = running(await composeIngester(contextOf(configuration, 'two')));
    expect(
      opened.map(({ settings, scope, services }) => [settings, scope, services.leaseDurationMs]),
    ).toEqual([1, 2].map(() => [{ name: 'hall', hooks: 100, code: 'open-sesame' }, 'memory/db', 15_000]));
    const owners = async () => (await look(configuration))?.partitions.map(({ owner }) => owner).sort();
    await until(
      async () => (await owners())?.join(',') === 'one,one,two,two',
      () => 'each of both owns two tables',
      30_000,
    );
    for (const table of tables) memory.source.commit([{ table, operation: 'insert', data: { Id: 1 } }]);
    await until(
      () => sent(memory.topic).length === tables.length,
      () => `${sent(memory.topic).length} of ${tables.length} changes arrived`,
    );
    const seen = await look(await load(hall, 'validate'));
    expect(seen?.instances.map(({ instance }) => instance)).toEqual(['one', 'two']);
    expect(seen?.partitions.map(({ partition }) => partition)).toEqual(
      tables.map((t) => `memory/db/dbo.${t}`),
    );
    expect(seen?.partitions.every(({ checkpoint }) => checkpoint !== undefined)).toBe(true);
  });

  test('is checked like the others, with the nearest name for what is unknown', async () => {
    expect(await refusal('    type = "bord"')).toBe(
      'dstream.hcl:9: ingester.locks.type: invalid value "bord"; did you mean "board"?',
    );
    expect(await refusal('    type = "board"\n    nmae = "hall"\n    hooks = 0')).toBe(
      [
        'dstream.hcl:8: ingester.locks.name: missing key name; write name = … (board)',
        'dstream.hcl:10: ingester.locks: unknown key "nmae"; did you mean "name"?',
        'dstream.hcl:11: ingester.locks.hooks: 0 is out of range (1–1000)',
      ].join('\n'),
    );
    expect(await refusal('    type = "board"\n    name = "small"\n    hooks = 11')).toBe(
      'dstream.hcl:11: ingester.locks.hooks: a small board has 10 hooks at most; write 10 or less',
    );
  });

  test('is where a key of its own belongs that stands elsewhere, and has no key of another type', async () => {
    expect(await refusal('    type = "memory"\n    hooks = 11')).toBe(
      'dstream.hcl:10: ingester.locks: unknown key "hooks"; it belongs in ingester.locks of type "board"',
    );
    expect(await refusal(`${hall}\n    container_name = "locks"`)).toBe(
      'dstream.hcl:12: ingester.locks: unknown key "container_name"; it belongs in ingester.locks of type "azure_blob"',
    );
  });

  test('shows no secret, and the log replaces it', async () => {
    const configuration = await load(hall);
    const shown = `${JSON.stringify(configuration)} ${inspect(configuration, { depth: 9 })}`;
    expect(shown).toContain('hall');
    expect(shown).not.toContain('sesame');
    expect(redactor(configuration)('wrong code: open-sesame')).toBe('wrong code: [secret]');
  });

  test('a variable that is not set is named by whoever only looks at the leases', async () => {
    const configuration = await load(hall.replace('CODE', 'NOT_SET'), 'validate');
    const said = 'the variable NOT_SET is not set; set it in the environment';
    await expect(look(configuration)).rejects.toMatchObject({
      code: 'ConfigInvalid',
      message: `${configuration.file}:11: ingester.locks.code: ${said}`,
    });
  });

  test('without a class it is not built: the commands say so, the reference page, too', async () => {
    const later = defineLeaseStore({
      type: 'later',
      doc: 'Some day.',
      keys: {},
      settings: () => ({}),
      what: () => '',
    });
    const withLater = { ...types, leases: [...types.leases, later] } as const;
    const file = ingester('    type = "later"');
    expect(await refusalOf(folder, loadText(folder, file, { types: withLater }))).toBe(
      'dstream.hcl:9: ingester.locks.type: the locks type "later" is not built yet; use "azure_blob"',
    );
    const configuration = await loadText(folder, file, { types: withLater, use: 'validate' });
    await expect(look(configuration)).rejects.toMatchObject({ code: 'NotBuilt' });
    expect(sectionsOf(referencePage(withLater), 'later')).toContain('Some day. Required. _Not built yet._');
  });

  test('stands in the reference page', () => {
    expect(sectionsOf(referencePage(types), 'board')).toBe(`## \`ingester.locks\` of type \`board\`

Keys on hooks. Required.

- \`type\` ("azure_blob", "memory" or "board"; default \`"azure_blob"\`): Type of lease store.
- \`name\` (board; required): Which board.
- \`hooks\` (whole number, 1 to 1000; default \`100\`): How many it has.
- \`code\` (code; if absent: no lock): Opens it. Secret.
`);
  });

  test('cannot have a key that every store has', () => {
    const keys = { type: withDefault(boardName, 'x', 'Not what it is elsewhere.') };
    // @ts-expect-error the configuration adds this key
    const type = defineLeaseStore({ type: 'x', doc: '', keys, settings: () => ({}), what: () => '' });
    expect(type.built).toBe(false);
  });
});
