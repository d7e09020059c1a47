/** The picture of the playground as lines: pure. Tables and processes above, what happened, changes, keys below. */
import { formatCount, formatDuration } from '@dstream/status';
import {
  fitLine,
  layoutTable,
  padTo,
  textWidth,
  wrapText,
  type Column,
  type Paint,
  type Size,
} from '@dstream/terminal';
import { processColumns, tableColumns } from './panel-columns.ts';
import type { PlaygroundView } from './playground-view.ts';

/** Everything that the panel shows. */
export interface PanelParts {
  /** Undefined before the processes are started. */
  readonly view: PlaygroundView | undefined;
  /** What the start is waiting for, and how long already; undefined once it is over. */
  readonly waiting?: { readonly what: string; readonly forMs: number } | undefined;
  /** What happened, oldest first. */
  readonly sentences: readonly Sentence[];
  /** Changes as they arrived, oldest first. */
  readonly changes: readonly string[];
  /** Whether keys are read. */
  readonly keys: boolean;
}

/** One thing that happened. */
export interface Sentence {
  /** Of the day, as `12:34:56`. */
  readonly time: string;
  readonly text: string;
}

/** From this width on, tables and processes are side by side. */
const wideColumns = 118;
const gap = 4;
const leastChanges = 3;

/** The panel as exactly `rows` lines, none wider than `columns`. */
export function panelLines(parts: PanelParts, { columns, rows }: Size, paint: Paint): readonly string[] {
  const { view, sentences, changes } = parts;
  const head = [header(parts, columns, paint), ''];
  const foot = [help(parts, columns, paint)];
  const room = rows - head.length - foot.length;
  const state = view === undefined ? [] : stateLines(view, columns, room, paint);
  const share = shareOf(rows, view);
  const said = sentences.slice(-share).flatMap((sentence) => wrapped(sentence, columns, paint));
  const happened = [rule('what happened', columns, paint), ...last(said, share)];
  const left = room - state.length - happened.length - 1;
  const stream = left < 1 ? [] : [rule('changes as they arrive', columns, paint), ...last(changes, left)];
  const body = [...state, ...happened, ...stream];
  return [...head, ...padded(body, room), ...foot];
}

function wrapped({ time, text }: Sentence, columns: number, paint: Paint): readonly string[] {
  const indent = time.length + 2;
  return wrapText(text, columns - indent).map(
    (line, n) => `${n === 0 ? paint('dim', time) : ' '.repeat(time.length)}  ${line}`,
  );
}

/** Lines for what happened: more where there is room, all of it before there is anything else. */
function shareOf(rows: number, view: PlaygroundView | undefined): number {
  if (view === undefined) return rows;
  return Math.max(2, Math.min(5, Math.floor(rows / 10)));
}

function last(lines: readonly string[], count: number): readonly string[] {
  return lines.slice(-count);
}

function padded(lines: readonly string[], rows: number): readonly string[] {
  const cut = lines.slice(0, rows);
  return [...cut, ...Array.from({ length: rows - cut.length }, () => '')];
}

function header({ view, waiting }: PanelParts, columns: number, paint: Paint): string {
  const title = paint('bold', 'DStream playground');
  if (view === undefined) {
    const step = waiting === undefined ? '' : `: ${waiting.what}`;
    return fitLine(`${title}   ${starting(waiting, paint)}${step}`, columns);
  }
  const { written, counts, latencyMs } = view;
  const faults = counts.outOfOrder > 0 ? [paint('red', `out of order ${counts.outOfOrder}`)] : [];
  return joined(
    [
      title,
      doing(view, waiting, paint),
      ...faults,
      `written ${formatCount(written)}`,
      `delivered ${formatCount(counts.delivered)}`,
      `on the way ${formatCount(Math.max(0, written - counts.delivered))}`,
      `latency ${formatDuration(latencyMs ?? null)}`,
      `repeats ${formatCount(counts.repeats)}`,
    ],
    columns,
  );
}

function doing(view: PlaygroundView, waiting: PanelParts['waiting'], paint: Paint): string {
  if (view.stopping) return paint('yellow', 'stopping');
  if (view.elapsedMs === undefined) return starting(waiting, paint);
  return view.paused ? paint('yellow', 'paused') : clockOf(view.elapsedMs);
}

function starting(waiting: PanelParts['waiting'], paint: Paint): string {
  const time = waiting === undefined ? '' : ` ${formatDuration(waiting.forMs)}`;
  return paint('yellow', `starting${time}`);
}

/** As many parts as fit. */
function joined(parts: readonly string[], columns: number): string {
  let line = '';
  for (const part of parts) {
    const longer = line === '' ? part : `${line}   ${part}`;
    if (textWidth(longer) > columns) return line;
    line = longer;
  }
  return line;
}

function clockOf(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(Math.floor(seconds / 60))}:${two(seconds % 60)}`;
}

function rule(title: string, columns: number, paint: Paint): string {
  const text = `── ${title} `;
  return paint('dim', `${text}${'─'.repeat(Math.max(0, columns - textWidth(text)))}`);
}

function stateLines(view: PlaygroundView, columns: number, room: number, paint: Paint): readonly string[] {
  const tables = (width: number) => section(tableColumns(view), view.status.tables, width, paint);
  const processes = (width: number) => section(processColumns, view.processes, width, paint);
  if (columns >= wideColumns) {
    const right = processes(Math.floor((columns - gap) * 0.45));
    const rightWidth = Math.max(...right.map(textWidth));
    return beside(tables(columns - gap - rightWidth), right);
  }
  const both = [...tables(columns), '', ...processes(columns)];
  // What happened and some changes are worth more than the processes, which the owners name too.
  return both.length + leastChanges + 4 <= room ? both : tables(columns);
}

function section<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number,
  paint: Paint,
): readonly string[] {
  const { header, lines } = layoutTable(columns, rows, { width, paint });
  return [header, ...lines];
}

function beside(left: readonly string[], right: readonly string[]): readonly string[] {
  const width = Math.max(...left.map(textWidth)) + gap;
  const count = Math.max(left.length, right.length);
  return Array.from({ length: count }, (_, n) => `${padTo(left[n] ?? '', width)}${right[n] ?? ''}`);
}

function help({ view, keys }: PanelParts, columns: number, paint: Paint): string {
  if (!keys) return paint('dim', 'Ctrl-C stops');
  if (view?.stopping === true) return `${key('q', paint)} again: kill everything now`;
  const texts = [
    ['k', 'kill', ' an ingester'],
    ['s', 'start', ' one'],
    ['p', view?.paused === true ? 'resume' : 'pause', view?.paused === true ? ' writing' : ' the shop'],
    ['q', 'quit', ''],
  ] as const;
  const long = texts.map(([name, text, more]) => `${key(name, paint)} ${text}${more}`).join('    ');
  const short = texts.map(([name, text]) => `${key(name, paint)} ${text}`).join(' ');
  return fitLine(textWidth(long) <= columns ? long : short, columns);
}

function key(name: string, paint: Paint): string {
  return paint('inverse', ` ${name} `);
}
