import type { StatusDocument, TableStatusRow } from '@dstream/status';
import { plain, textWidth } from '@dstream/terminal';
import { expect, test } from 'vitest';
import { panelLines, type PanelParts } from './panel.ts';
import type { PlaygroundView } from './playground-view.ts';
import type { ProcessView } from './replicas.ts';

function table(name: string, change: Partial<TableStatusRow> = {}): TableStatusRow {
  return {
    table: `dbo.${name}`,
    key: `s/d/dbo.${name}`,
    state: 'running',
    owner: 'ingester-1',
    epoch: 1,
    position: null,
    lagMs: 120,
    changesPerSecond: 3.25,
    changes: 1_234,
    fault: null,
    checkpoint: null,
    note: null,
    ...change,
  };
}

function running(instance: string, does = ''): ProcessView {
  const command = instance.startsWith('ingester') ? 'ingester' : 'processor';
  return { instance, command, state: 'running', pid: 4711, address: 'http://x', does };
}

function view(change: Partial<PlaygroundView> = {}, tables = [table('Orders')]): PlaygroundView {
  const status: StatusDocument = {
    version: 1,
    at: '',
    tables,
    replicas: [],
    outputs: [],
    transforms: [],
    notes: [],
  };
  return {
    elapsedMs: 61_000,
    paused: false,
    stopping: false,
    written: 10,
    counts: { delivered: 7, repeats: 0, outOfOrder: 0 },
    latencyMs: 250,
    status,
    processes: [running('ingester-1', 'owns 1 table'), running('processor-1', 'holds 1 session')],
    ...change,
  };
}

const it = (text: string) => ({ time: '12:00:00', text });

function shown(columns: number, rows: number, change: Partial<PanelParts> = {}) {
  const parts = { view: view(), sentences: [it('began')], changes: ['one', 'two', 'three'], keys: true };
  return panelLines({ ...parts, ...change }, { columns, rows }, plain);
}

test('tables, processes, what happened, changes and keys are below each other', () => {
  expect(shown(80, 20)).toEqual([
    'DStream playground   01:01   written 10   delivered 7   on the way 3',
    '',
    'TABLE   OWNER       EPOCH     LAG    RATE    SENT  STATE',
    'Orders  ingester-1      1  120 ms   3.3/s   1,234  running',
    '',
    'PROCESS       PID  STATE    DOES',
    'ingester-1   4711  running  owns 1 table',
    'processor-1  4711  running  holds 1 session',
    `── what happened ${'─'.repeat(63)}`,
    '12:00:00  began',
    `── changes as they arrive ${'─'.repeat(54)}`,
    'one',
    'two',
    'three',
    '',
    '',
    '',
    '',
    '',
    ' k  kill an ingester     s  start one     p  pause the shop     q  quit',
  ]);
});

test('where it is wide, tables and processes are side by side', () => {
  const lines = shown(140, 20);
  expect(lines[3]).toMatch(/^Orders .* running {4,}ingester-1 .* owns 1 table$/);
});

test.each([
  [160, 50],
  [100, 30],
  [80, 24],
  [60, 15],
  [40, 10],
  [20, 5],
])('in %i columns and %i rows it is as high as the terminal, not wider, with its keys', (columns, rows) => {
  const many = {
    sentences: Array.from({ length: 50 }, (_, n) => it(`sentence ${n} ${'x'.repeat(200)}`)),
    view: view(
      {},
      ['A', 'B', 'C', 'D'].map((name) => table(name)),
    ),
  };
  const lines = shown(columns, rows, many);
  expect(lines).toHaveLength(rows);
  expect(lines[0]).toContain('DStream playground');
  expect(lines.at(-1)).toContain('kill');
  // The stream of changes is cut by the screen, as it is drawn.
  expect(Math.max(...lines.map(textWidth))).toBeLessThanOrEqual(columns);
});

test('where it is low, the processes make room for what happened and the changes', () => {
  const text = shown(80, 14).join('\n');
  expect(text).not.toContain('PROCESS');
  expect(text).toContain('began\n');
  expect(text).toContain('three');
});

test('the newest changes are shown', () => {
  const changes = Array.from({ length: 100 }, (_, n) => `change ${n}`);
  const lines = shown(80, 24, { changes });
  expect(lines.at(-2)).toBe('change 99');
  expect(lines.join('\n')).not.toContain('change 50\n');
});

test('before the processes are started all that happened is shown', () => {
  const lines = shown(80, 10, { view: undefined, sentences: ['a', 'b', 'c'].map(it) });
  expect(lines.slice(0, 6)).toEqual([
    'DStream playground   starting',
    '',
    `── what happened ${'─'.repeat(63)}`,
    '12:00:00  a',
    '12:00:00  b',
    '12:00:00  c',
  ]);
});

test('the start shows what it waits for, and how long already', () => {
  const waiting = { what: 'a shop', forMs: 1_200 };
  expect(shown(80, 10, { view: undefined, waiting })[0]).toBe('DStream playground   starting 1.2 s: a shop');
  const started = view({ elapsedMs: undefined, latencyMs: undefined });
  expect(shown(100, 20, { view: started, waiting })[0]).toMatch(
    /^DStream playground   starting 1\.2 s   written 10 .* latency –/,
  );
});

test('where it is narrow no state is cut, a sentence continues below, and keys keep their names', () => {
  const killed: ProcessView = { ...running('ingester-1'), state: 'killed' };
  const gone = table('OrderLines', { state: 'unknown', lagMs: null, changesPerSecond: null, changes: null });
  const lines = shown(44, 24, {
    view: view({ processes: [killed] }, [gone]),
    sentences: [it('one two three '.repeat(3))],
  });
  expect(lines[3]).toMatch(/ lease runs out$/);
  expect(lines).toContain('12:00:00  one two three one two three one');
  expect(lines).toContain('          two three');
  expect(lines.at(-1)).toBe(' k  kill  s  start  p  pause  q  quit');
});

test('what a table waits for is said', () => {
  const unknown = { state: 'unknown', lagMs: null, changesPerSecond: null, changes: null } as const;
  const unseen = { ...unknown, state: 'unseen', owner: null, epoch: null } as const;
  const fault = { state: 'fault', fault: { code: 'HistoryLost', message: '' } } as const;
  const killed: ProcessView = { ...running('ingester-1'), state: 'killed' };
  const states = (processes: readonly ProcessView[]) =>
    shown(100, 30, {
      view: view({ processes }, [table('A', unknown), table('B', unseen), table('C', fault)]),
    })
      .slice(3, 6)
      .map((line) => line.slice(line.lastIndexOf('  ') + 2));
  expect(states([killed, running('ingester-2')])).toEqual(['lease runs out', 'no owner yet', 'HistoryLost']);
  expect(states([killed])).toEqual(['lease runs out', 'no ingester', 'HistoryLost']);
});

test('it shows that it pauses, stops, and that something is out of order', () => {
  expect(shown(80, 20, { view: view({ paused: true }) })[0]).toContain('paused');
  expect(shown(80, 20, { view: view({ paused: true }) }).at(-1)).toContain('resume writing');
  const stopping = shown(80, 20, { view: view({ stopping: true }) });
  expect([stopping[0], stopping.at(-1)]).toEqual([
    expect.stringContaining('stopping'),
    ' q  again: kill everything now',
  ]);
  const counts = { delivered: 7, repeats: 0, outOfOrder: 2 };
  expect(shown(80, 20, { view: view({ counts }) })[0]).toContain('out of order 2');
});

test('where no keys are read none is named', () => {
  expect(shown(80, 20, { keys: false }).at(-1)).toBe('Ctrl-C stops');
});
