/** The picture of the playground as lines: pure. Tables and processes above, what happened, changes, keys below. */
import { formatCount, formatDuration } from '@dstream/status';
import {
  fitLine,
  layoutTable,
  padTo,
  textWidth,
  type Column,
  type Paint,
  type Size,
} from '@dstream/terminal';
import { processColumns, tableColumns } from './panel-columns.ts';
import type { PlaygroundView } from './playground-view.ts';

export interface PanelParts {
  /** Undefined before the processes are started. */
  readonly view: PlaygroundView | undefined;
  /** What happened, oldest first. */
  readonly sentences: readonly string[];
  /** Changes as they arrived, oldest first. */
  readonly changes: readonly string[];
  /** Whether keys are read. */
  readonly keys: boolean;
}

/** From this width on tables and processes stand side by side. */
const wideColumns = 118;
const gap = 4;
const leastChanges = 3;

export function panelLines(parts: PanelParts, { columns, rows }: Size, paint: Paint): readonly string[] {
  const { view, sentences, changes } = parts;
  const head = [header(view, columns, paint), ''];
  const foot = [help(parts, columns, paint)];
  const room = rows - head.length - foot.length;
  const state = view === undefined ? [] : stateLines(view, columns, room, paint);
  const said = sentences.slice(-shareOf(rows, view)).map((text) => fitLine(text, columns));
  const happened = [rule('what happened', columns, paint), ...said];
  const left = room - state.length - happened.length - 1;
  const stream = left < 1 ? [] : [rule('changes as they arrive', columns, paint), ...last(changes, left)];
  const body = [...state, ...happened, ...stream];
  return [...head, ...padded(body, room), ...foot];
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

function header(view: PlaygroundView | undefined, columns: number, paint: Paint): string {
  const title = paint('bold', 'DStream playground');
  if (view === undefined) return `${title}   ${paint('dim', 'starting')}`;
  const { written, counts, latencyMs, elapsedMs } = view;
  const doing = view.stopping
    ? paint('yellow', 'stopping')
    : view.paused
      ? paint('yellow', 'paused')
      : clockOf(elapsedMs);
  const faults = counts.outOfOrder > 0 ? [paint('red', `out of order ${counts.outOfOrder}`)] : [];
  return joined(
    [
      title,
      doing,
      ...faults,
      `written ${formatCount(written)}`,
      `delivered ${formatCount(counts.delivered)}`,
      `on the way ${formatCount(Math.max(0, written - counts.delivered))}`,
      `latency ${formatDuration(latencyMs)}`,
      `repeats ${formatCount(counts.repeats)}`,
    ],
    columns,
  );
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
    ['k', 'kill an ingester'],
    ['s', 'start one'],
    ['p', view?.paused === true ? 'go on writing' : 'pause the shop'],
    ['q', 'quit'],
  ] as const;
  const long = texts.map(([name, text]) => `${key(name, paint)} ${text}`).join('    ');
  return fitLine(long, columns);
}

function key(name: string, paint: Paint): string {
  return paint('inverse', ` ${name} `);
}
