/**
 * `envelope = "debezium"`: changes as Debezium's connector for SQL Server writes them with its JSON converter and
 * `schemas.enable=false` ("Debezium connector for SQL Server", "Data change events"). docs/messages.md has the options that
 * the values are equal to; test/foreign compares with the connector itself.
 */
import {
  changeMatcher,
  type ChangeEvent,
  type ChangeMetadata,
  type Clock,
  type Operation,
  type Row,
  type RoutedEvent,
  type Json,
} from '@dstream/core';
import { json } from './plain.ts';
import { debeziumSource, debeziumTimes } from './debezium-source.ts';
import { memoizeLast } from './memoize-last.ts';
import type { Encode } from './with-envelope.ts';

/** What can be set about the envelope. */
export interface DebeziumSettings {
  /** Each value is `{"schema":null,"payload":…}`. */
  readonly wrapper: boolean;
  /** A delete of a table with a key is followed by an event without a body. */
  readonly tombstones: boolean;
  /** Columns that are written as numbers out of their digits: `Orders.Id`. */
  readonly bigint: readonly string[];
}

/** What Debezium writes for a value that CDC did not carry: the default of `unavailable.value.placeholder`. */
const unavailable = '__debezium_unavailable_value';

const operations: Readonly<Record<Operation, string>> = {
  insert: 'c',
  update: 'u',
  delete: 'd',
  read: 'r',
  gap: 'm',
};

const noBody = Buffer.alloc(0);

/** Changes as Debezium writes them; `clock` says when. */
export function debeziumEnvelope(settings: DebeziumSettings, clock: Pick<Clock, 'wallMs'>): Encode {
  const valueOf = changeValue(settings.bigint, clock);
  return (routed) => {
    const value = valueOf(routed.event);
    const body = json(settings.wrapper ? `{"schema":null,"payload":${value}}` : value);
    const encoded = { ...routed, ...body };
    return settings.tombstones && isOfRow(routed.event) ? [encoded, tombstoneOf(encoded)] : encoded;
  };
}

/** A delete whose row has a key: after it there is nothing under the key. */
function isOfRow({ metadata: { operation, key } }: ChangeEvent): boolean {
  return operation === 'delete' && key !== null;
}

function tombstoneOf(encoded: RoutedEvent): RoutedEvent {
  return { ...encoded, line: noBody };
}

function changeValue(
  bigint: readonly string[],
  clock: Pick<Clock, 'wallMs'>,
): (event: ChangeEvent) => string {
  const sourceOf = debeziumSource();
  const textOf = rowText(bigint);
  const now = memoizeLast(debeziumTimes, (a, b) => a === b);
  return (event) => {
    const { operation } = event.metadata;
    const { ms, finer } = now(clock.wallMs());
    const op = `"op":"${operations[operation]}",${ms},${finer}`;
    const end = `"source":${sourceOf(event.metadata)},"transaction":null,${op}`;
    if (operation === 'gap') return `{${end},"message":${gapMessage(event.metadata)}}`;
    const isDelete = operation === 'delete';
    const before = isDelete ? textOf(event, event.data, 'data') : textOf(event, event.before, 'before');
    const after = isDelete ? 'null' : textOf(event, event.data, 'data');
    return `{"before":${before},"after":${after},${end}}`;
  };
}

/** Debezium knows no gaps. Its events of operation `m` hold what is no change of a row, with the content in base64. */
function gapMessage({ gap }: ChangeMetadata): string {
  const content = Buffer.from(JSON.stringify(gap)).toString('base64');
  return JSON.stringify({ prefix: 'dstream.gap', content });
}

/** One image of a row as JSON, with a placeholder for each column that CDC did not carry. */
function rowText(
  bigint: readonly string[],
): (event: ChangeEvent, row: Row | null | undefined, image: 'data' | 'before') => string {
  const numbersOf = bigintColumns(bigint);
  return (event, row, image) => {
    if (row === null || row === undefined) return 'null';
    const whole = withPlaceholders(row, event.metadata, image);
    const numbers = numbersOf(event);
    return numbers === undefined ? JSON.stringify(whole) : textWithNumbers(whole, numbers);
  };
}

function withPlaceholders(row: Row, metadata: ChangeMetadata, image: 'data' | 'before'): Row {
  const columns = metadata.unavailable?.filter((one) => one.in === image).flatMap((one) => one.columns) ?? [];
  if (columns.length === 0) return row;
  return { ...Object.fromEntries(columns.map((column) => [column, unavailable])), ...row };
}

type Columns = ReadonlySet<string>;

/** For each table the columns that are written as numbers, in lower case; undefined where there are none. */
function bigintColumns(patterns: readonly string[]): (event: ChangeEvent) => Columns | undefined {
  if (patterns.length === 0) return () => undefined;
  const known = patterns.map((pattern) => {
    const dot = pattern.lastIndexOf('.');
    return {
      matches: changeMatcher({ tables: [pattern.slice(0, dot)] }),
      column: pattern.slice(dot + 1).toLowerCase(),
    };
  });
  return memoizeLast(
    (event) => {
      const here = known.filter(({ matches }) => matches(event)).map(({ column }) => column);
      return here.length === 0 ? undefined : new Set(here);
    },
    ({ metadata: a }, { metadata: b }) => a.table === b.table && a.schema === b.schema,
  );
}

/** Digits as they are: a JavaScript number would lose some of them. */
function textWithNumbers(row: Row, numbers: Columns): string {
  const text = (column: string, value: Json) =>
    numbers.has(column.toLowerCase()) && isInteger(value) ? value : JSON.stringify(value);
  let fields = '';
  for (const [column, value] of Object.entries(row))
    fields += `${fields === '' ? '' : ','}${JSON.stringify(column)}:${text(column, value)}`;
  return `{${fields}}`;
}

/** As JSON has it: no leading zeros. */
function isInteger(value: Json): value is string {
  return typeof value === 'string' && /^-?(?:0|[1-9]\d{0,18})$/.test(value);
}
