/**
 * A change as a line for a person: when, what, which row, and what changed. Names and values are not ours: none of their
 * control characters reaches the terminal.
 */
import {
  tableName,
  type ChangeEvent,
  type GapEnd,
  type GapFacts,
  type Row,
  type RoutedEvent,
  type Json,
} from '@dstream/core';
import { visibleText } from '@dstream/terminal';

interface PrettyOptions {
  readonly colour: boolean;
}

/** Longer values are cut, with an ellipsis: a line should stay a line. */
const maxValue = 40;

const colours = { insert: 32, update: 33, delete: 31, read: 36, gap: 35 } as const;

/** The format of a terminal. `colour`: with ANSI colours. */
export function prettyLine(options: PrettyOptions): (routed: Pick<RoutedEvent, 'event'>) => string {
  return ({ event }) => {
    const { metadata } = event;
    const time = visibleText(metadata.committedAt.slice(11, 23));
    const operation = paint(metadata.operation.padEnd(6), colours[metadata.operation], options);
    return `${paint(time, 2, options)}  ${operation}  ${visibleText(`${tableName(metadata)}  ${detail(event)}`)}`;
  };
}

function paint(text: string, code: number, { colour }: PrettyOptions): string {
  return colour ? `\u001b[${code}m${text}\u001b[0m` : text;
}

function detail(event: ChangeEvent): string {
  if (event.metadata.gap !== undefined) return missing(event.metadata.gap);
  const key = event.metadata.key === null ? '' : values(event.metadata.key);
  if (event.metadata.operation === 'update') return `${key}  ${differences(event)}`;
  if (event.metadata.operation === 'delete' && key !== '') return key;
  return values(event.data ?? {});
}

function missing({ reason, from, to }: GapFacts): string {
  const end = ({ lsn, at }: GapEnd) => (at === undefined ? lsn : `${lsn} (${at})`);
  return `${reason}: nothing is known from ${end(from)} to ${end(to)}`;
}

function differences({ data, before, metadata }: ChangeEvent): string {
  const changed = metadata.changed ?? Object.keys(data ?? {});
  return changed
    .map((column) => `${column}: ${show(valueOf(before, column))} → ${show(valueOf(data, column))}`)
    .join('  ');
}

/** A column may have any name, `constructor` too. */
function valueOf(row: Row | null | undefined, column: string): Json | undefined {
  return row && Object.hasOwn(row, column) ? row[column] : undefined;
}

function values(row: Row): string {
  return Object.entries(row)
    .map(([column, value]) => `${column}=${show(value)}`)
    .join('  ');
}

function show(value: Json | undefined): string {
  if (value === undefined) return '(unavailable)';
  const text = JSON.stringify(value);
  return text.length > maxValue ? `${text.slice(0, maxValue)}…` : text;
}
