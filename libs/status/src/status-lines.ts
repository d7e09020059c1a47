/** A status document as lines for a person: tables, replicas, outputs, and what is wrong in full below them. */
import { layoutTable, plain, wrapText, type Column, type Paint, type Style } from '@dstream/terminal';
import { dash, formatCount, formatDuration, formatRate } from './figures.ts';
import type {
  OutputRow,
  ReplicaRow,
  StatusDocument,
  TableStatusRow,
  TransformRow,
} from './status-document.ts';

/** How the lines look. */
export interface StatusLinesOptions {
  /** Columns of the terminal. */
  readonly width: number;
  readonly paint?: Paint;
  /** Lines there is room for: then tables that run are left out first. When not given all are shown. */
  readonly height?: number;
}

/** The document as lines for a terminal: tables, replicas, outputs, notes. Pure. None is wider than `width`; with `height` what does not fit is left out and counted. */
export function statusLines(document: StatusDocument, options: StatusLinesOptions): readonly string[] {
  const { width, paint = plain, height = Infinity } = options;
  const below = [
    ...section(replicaColumns, document.replicas, { width, paint }),
    ...section(outputColumns, document.outputs, { width, paint }),
    ...section(transformColumns, document.transforms, { width, paint }),
    ...spaced(wordsOf(document).flatMap((words) => indented(words, width, paint))),
  ];
  return [...tableSection(document, { width, paint, height: height - below.length }), ...below];
}

function tableSection(document: StatusDocument, options: Required<StatusLinesOptions>): readonly string[] {
  const { width, paint, height } = options;
  if (document.tables.length === 0) return [paint('dim', 'no tables')];
  const { header, lines } = layoutTable(tableColumns(Date.parse(document.at)), document.tables, {
    width,
    paint,
  });
  const room = height - 1;
  if (lines.length <= room) return [header, ...lines];
  const kept = mostUrgent(document.tables, Math.max(room - 1, 1));
  const left = paint('dim', `… and ${formatCount(lines.length - kept.size)} more`);
  return [header, ...lines.filter((_, n) => kept.has(n)), left];
}

/** Indexes of at most `count` rows: those that do not run, and then the others, in their order. */
function mostUrgent(tables: readonly TableStatusRow[], count: number): ReadonlySet<number> {
  const indexes = tables.map((_, n) => n);
  const runs = (n: number) => tables[n]?.state === 'running';
  return new Set([...indexes.filter((n) => !runs(n)), ...indexes.filter(runs)].slice(0, count));
}

function section<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  options: { width: number; paint: Paint },
): readonly string[] {
  if (rows.length === 0) return [];
  const { header, lines } = layoutTable(columns, rows, options);
  return ['', header, ...lines];
}

const spaced = (lines: readonly string[]) => (lines.length === 0 ? [] : ['', ...lines]);

/** What is wrong in full, a paragraph each: the tables above only name it. */
function wordsOf({ tables, replicas, outputs, transforms, notes }: StatusDocument): readonly string[] {
  return [
    ...tables.flatMap(({ table, fault }) => (fault ? [`${table}: ${fault.code}: ${fault.message}`] : [])),
    ...outputs.flatMap(({ replica, name, failing }) =>
      failing ? [`output ${name} of ${replica}: ${failing.code}: ${failing.reason}`] : [],
    ),
    ...transforms.flatMap(({ replica, name, lastError }) =>
      lastError
        ? [`transform ${name} of ${replica}, last failure: ${lastError.code}: ${lastError.reason}`]
        : [],
    ),
    ...replicas.flatMap(({ instance, address, note }) =>
      note ? [`${instance ?? address ?? '?'}: ${note}`] : [],
    ),
    ...notes,
  ];
}

function indented(words: string, width: number, paint: Paint): readonly string[] {
  return wrapText(words, width - 2).map((line, n) => `${n === 0 ? paint('yellow', '!') : ' '} ${line}`);
}

const stateStyles: Readonly<Record<TableStatusRow['state'], Style>> = {
  running: 'green',
  fault: 'red',
  free: 'yellow',
  unseen: 'yellow',
  unknown: 'yellow',
};

function stateText({ state, fault }: TableStatusRow): string {
  if (state === 'fault') return fault?.code ?? 'fault';
  return { running: 'running', free: 'no owner', unseen: 'not seen yet', unknown: 'unknown' }[state];
}

function tableColumns(atMs: number): readonly Column<TableStatusRow>[] {
  return [
    { title: 'TABLE', cell: ({ table }) => table, least: 24, keep: 'end' },
    { title: 'OWNER', cell: ({ owner }) => (owner === '' ? '?' : (owner ?? dash)), least: 14, keep: 'end' },
    { title: 'EPOCH', cell: ({ epoch }) => formatCount(epoch), align: 'right', rank: 2 },
    { title: 'LAG', cell: ({ lagMs }) => formatDuration(lagMs), align: 'right' },
    { title: 'RATE', cell: ({ changesPerSecond }) => formatRate(changesPerSecond), align: 'right', rank: 1 },
    { title: 'STATE', cell: stateText, style: ({ state }) => stateStyles[state], least: 14 },
    { title: 'SAVED', cell: ({ checkpoint }) => age(checkpoint?.savedAt, atMs), align: 'right', rank: 3 },
    { title: 'POSITION', cell: ({ position }) => position ?? dash, least: 20, keep: 'end', rank: 4 },
  ];
}

function age(at: string | null | undefined, nowMs: number): string {
  if (at === null || at === undefined) return dash;
  const seconds = Math.floor((nowMs - Date.parse(at)) / 1_000);
  return seconds < 1 ? 'now' : `${formatDuration(seconds * 1_000).replace('.0', '')} ago`;
}

const replicaColumns: readonly Column<ReplicaRow>[] = [
  { title: 'REPLICA', cell: ({ instance }) => instance ?? dash, least: 14, keep: 'end' },
  { title: 'SERVICE', cell: ({ services }) => services.join(', ') || dash, least: 9 },
  { title: 'TABLES', cell: ({ tables }) => formatCount(tables), align: 'right' },
  { title: 'SESSIONS', cell: ({ sessions }) => formatCount(sessions), align: 'right', rank: 2 },
  {
    title: 'ADDRESS',
    cell: ({ address }) => address?.replace(/^http:\/\//, '') ?? dash,
    least: 14,
    keep: 'end',
    rank: 1,
  },
  {
    title: 'STATE',
    cell: ({ reachable }) => (reachable ? 'answers' : 'unknown'),
    style: ({ reachable }) => (reachable ? 'green' : 'yellow'),
  },
];

const outputColumns: readonly Column<OutputRow>[] = [
  { title: 'OUTPUT', cell: ({ name }) => name, least: 10 },
  { title: 'REPLICA', cell: ({ replica }) => replica, least: 10, keep: 'end' },
  { title: 'DELIVERED', cell: ({ delivered }) => formatCount(delivered), align: 'right' },
  { title: 'WAITING', cell: ({ waiting }) => formatCount(waiting), align: 'right', rank: 2 },
  { title: 'REFUSED', cell: ({ refused }) => someOf(refused), align: 'right', rank: 4 },
  { title: 'DROPPED', cell: ({ dropped }) => someOf(dropped), align: 'right', rank: 3 },
  {
    title: 'LATENCY',
    cell: ({ latencySeconds }) => formatDuration(latencySeconds === null ? null : latencySeconds * 1_000),
    align: 'right',
    rank: 1,
  },
  {
    title: 'STATE',
    cell: outputText,
    style: ({ state }) => (state === 'working' ? 'green' : 'red'),
  },
];

/** The state, and that of the breaker where it is not closed: `failing, breaker half-open`. */
function outputText({ state, breaker }: OutputRow): string {
  const words = [state ?? dash];
  if (breaker !== null && breaker.state !== 'closed')
    words.push(`breaker ${breaker.state.replace('_', '-')}`);
  return words.join(', ');
}

const transformColumns: readonly Column<TransformRow>[] = [
  { title: 'TRANSFORM', cell: ({ name }) => name, least: 10 },
  { title: 'REPLICA', cell: ({ replica }) => replica, least: 10, keep: 'end' },
  { title: 'CHANGED', cell: ({ changed }) => formatCount(changed), align: 'right' },
  { title: 'UNCHANGED', cell: ({ unchanged }) => formatCount(unchanged), align: 'right', rank: 1 },
  { title: 'DROPPED', cell: ({ dropped }) => someOf(dropped), align: 'right', rank: 2 },
  {
    title: 'FAILED',
    cell: ({ failed }) => someOf(failed),
    style: () => 'red',
    align: 'right',
  },
];

/** Empty when there is none: a column without text is left out. */
function someOf(count: number | null): string {
  return count === null || count === 0 ? '' : formatCount(count);
}
