import { textWidth } from '@dstream/terminal';
import { expect, test } from 'vitest';
import type { OutputRow, ReplicaRow, StatusDocument, TableStatusRow } from './status-document.ts';
import { statusLines } from './status-lines.ts';

function table(name: string, change: Partial<TableStatusRow> = {}): TableStatusRow {
  return {
    table: `dbo.${name}`,
    key: `s/d/dbo.${name}`,
    state: 'running',
    owner: 'dstream-ingester-7d9f-x2x4z',
    epoch: 12,
    position: '0000002A000001F80003:0000000007',
    lagMs: 120,
    changesPerSecond: 42,
    changes: 9_000,
    fault: null,
    checkpoint: { position: '1', generation: 1, savedAt: '2026-11-19T23:59:48.000Z' },
    note: null,
    ...change,
  };
}

const replica: ReplicaRow = {
  instance: 'dstream-ingester-7d9f-x2x4z',
  services: ['ingester'],
  address: 'http://10.244.1.17:8080',
  reachable: true,
  tables: 2,
  sessions: null,
  note: null,
};
const output: OutputRow = {
  replica: 'processor-1',
  name: 'orders',
  type: 'azure_event_hubs',
  required: true,
  state: 'working',
  failing: null,
  breaker: { state: 'closed', since: null },
  delivered: 1_234,
  waiting: 0,
  dropped: 0,
  refused: 0,
  failedAttempts: 0,
  latencySeconds: 0.25,
};

function document(change: Partial<StatusDocument> = {}): StatusDocument {
  return {
    version: 1,
    at: '2026-11-20T00:00:00.000Z',
    tables: [table('Customers')],
    replicas: [replica],
    outputs: [output],
    transforms: [],
    notes: [],
    ...change,
  };
}

test('on a wide terminal everything is whole', () => {
  expect(statusLines(document(), { width: 160 })).toEqual([
    'TABLE          OWNER                        EPOCH     LAG  RATE  STATE       SAVED  POSITION',
    'dbo.Customers  dstream-ingester-7d9f-x2x4z     12  120 ms  42/s  running  12 s ago  0000002A000001F80003:0000000007',
    '',
    'REPLICA                      SERVICE   TABLES  SESSIONS  ADDRESS           STATE',
    'dstream-ingester-7d9f-x2x4z  ingester       2         –  10.244.1.17:8080  answers',
    '',
    'OUTPUT  REPLICA      DELIVERED  WAITING  LATENCY  STATE',
    'orders  processor-1      1,234        0   250 ms  working',
  ]);
});

test('on 80 columns the position is left out and long names of replicas are cut, names of tables are not', () => {
  expect(statusLines(document({ replicas: [], outputs: [] }), { width: 80 })).toEqual([
    'TABLE          OWNER                      EPOCH     LAG  RATE  STATE       SAVED',
    'dbo.Customers  …ream-ingester-7d9f-x2x4z     12  120 ms  42/s  running  12 s ago',
  ]);
});

test('on 60 columns the least important columns are left out', () => {
  expect(statusLines(document({ replicas: [], outputs: [] }), { width: 60 })).toEqual([
    'TABLE          OWNER            EPOCH     LAG  RATE  STATE',
    'dbo.Customers  …ter-7d9f-x2x4z     12  120 ms  42/s  running',
  ]);
});

const troubled = document({
  tables: [
    table('Fine'),
    table('Lost', {
      state: 'fault',
      fault: {
        code: 'HistoryLost',
        message: 'the change table keeps history from 42 on, the checkpoint is older',
      },
    }),
    table('Free', { state: 'free', owner: null, lagMs: null, changesPerSecond: null }),
    table('Late', {
      state: 'unseen',
      owner: null,
      epoch: null,
      position: null,
      lagMs: null,
      checkpoint: null,
    }),
    table('Lock', { state: 'unknown', owner: '' }),
  ],
  replicas: [
    replica,
    { ...replica, instance: 'gone', services: [], reachable: false, note: 'nothing listens there' },
  ],
  outputs: [
    {
      ...output,
      state: 'failing',
      failing: { since: null, code: 'Unreachable', reason: 'nobody answers' },
      dropped: 5,
    },
  ],
  notes: ['no processor was found'],
});

test('what is wrong is named in the tables and in full below them', () => {
  const lines = statusLines(troubled, { width: 100 });
  expect(lines.slice(0, 6)).toEqual([
    expect.stringMatching(/^TABLE/),
    expect.stringMatching(/^dbo\.Fine .* running /),
    expect.stringMatching(/^dbo\.Lost .* HistoryLost /),
    expect.stringMatching(/^dbo\.Free +– .* no owner /),
    expect.stringMatching(/^dbo\.Late +– +– .* not seen yet /),
    expect.stringMatching(/^dbo\.Lock +\? .* unknown /),
  ]);
  expect(lines.slice(-5)).toEqual([
    '',
    '! dbo.Lost: HistoryLost: the change table keeps history from 42 on, the checkpoint is older',
    '! output orders of processor-1: Unreachable: nobody answers',
    '! gone: nothing listens there',
    '! no processor was found',
  ]);
  expect(lines.join('\n')).toContain('DROPPED');
});

test.each([
  ['open', 'failing, breaker open'],
  ['half_open', 'failing, breaker half-open'],
  ['closed', 'failing'],
])('an output whose breaker is %s is shown as "%s"', (state, shown) => {
  const failing = { ...output, state: 'failing', breaker: { state, since: null } };
  const lines = statusLines(document({ tables: [], replicas: [], outputs: [failing] }), { width: 80 });
  expect(lines.at(-1)).toBe(`orders  processor-1      1,234        0   250 ms  ${shown}`);
});

test.each([40, 60, 72, 80, 100, 132, 200])('in %i columns no line is longer', (width) => {
  const lines = statusLines(troubled, { width });
  expect(Math.max(...lines.map(textWidth))).toBeLessThanOrEqual(width);
  for (const name of ['Fine', 'Lost', 'Free']) expect(lines.join('\n')).toContain(name);
  expect(lines.join(' ').replace(/\s+/g, ' ')).toContain('keeps history from 42 on, the checkpoint is older');
});

test('where there are more tables than lines, those that do not run stay', () => {
  const many = Array.from({ length: 100 }, (_, n) => table(`T${String(n).padStart(3, '0')}`));
  const tables = many.map((row, n) => (n === 70 ? { ...row, state: 'free' as const } : row));
  const lines = statusLines(document({ tables, replicas: [], outputs: [] }), { width: 80, height: 6 });
  expect(lines.map((line) => line.slice(0, 18).trim())).toEqual([
    expect.stringMatching(/^TABLE/),
    expect.stringMatching(/^dbo\.T000/),
    expect.stringMatching(/^dbo\.T001/),
    expect.stringMatching(/^dbo\.T002/),
    expect.stringMatching(/^dbo\.T070/),
    '… and 96 more',
  ]);
});

test('without any table it reports that', () => {
  expect(statusLines(document({ tables: [], replicas: [], outputs: [] }), { width: 80 })).toEqual([
    'no tables',
  ]);
});

test('transforms are counted, and their newest failure is in full', () => {
  const transform = {
    replica: 'processor-1',
    name: 'mask',
    type: 'columns',
    unchanged: 7,
    changed: 1_234,
    dropped: 0,
    failed: 2,
    lastError: { at: '2026-11-20T00:00:00.000Z', code: 'TransformFailed', reason: 'no' },
  };
  const only = document({ tables: [], replicas: [], outputs: [], transforms: [transform] });
  expect(statusLines(only, { width: 80 }).slice(1)).toEqual([
    '',
    'TRANSFORM  REPLICA      CHANGED  UNCHANGED  FAILED',
    'mask       processor-1    1,234          7       2',
    '',
    '! transform mask of processor-1, last failure: TransformFailed: no',
  ]);
});
