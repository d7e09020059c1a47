/** Compares the envelope `debezium` of an output with what Debezium wrote of the same changes of one table. Pure. */
import type { Row } from '@dstream/core';
import { compareImage, PLACEHOLDER, readDebeziumEvent, shown, type DebeziumEvent } from './compare-events.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * Milliseconds that our commit time may be after Debezium's. A datetime counts in thirds of 10 ms: Debezium cuts its
 * milliseconds, SQL Server and dstream round them. With `data.query.mode=direct` it has the time at which the transaction began.
 */
export const laterMs: Readonly<Record<string, number>> = { function: 1, direct: 10_000 };

/** What of a table is compared. */
export interface ComparedEnvelopes {
  /** Of the columns as declared. */
  readonly types: Readonly<Record<string, string>>;
  /** See `laterMs`. */
  readonly mostLaterMs: number;
}

/** What is different and is in no list; empty when all is well. */
export function compareEnvelopes(
  table: ComparedEnvelopes,
  ours: readonly DebeziumEvent[],
  theirs: readonly DebeziumEvent[],
): readonly string[] {
  const count = ours.length === theirs.length ? [] : [`${ours.length} events, ${theirs.length} in Debezium`];
  const faults = theirs.flatMap((their, i) => {
    const our = ours[i];
    if (our === undefined) return [];
    return compareEnvelope(table, our, their, theirs[i - 1]).map((fault) => `event ${i}: ${fault}`);
  });
  return [...count, ...faults];
}

function compareEnvelope(
  { types, mostLaterMs }: ComparedEnvelopes,
  ours: DebeziumEvent,
  theirs: DebeziumEvent,
  before: DebeziumEvent | undefined,
): readonly string[] {
  return [
    ...compareFields('', { ...ours }, { ...theirs }),
    ...compareFields('source.', ours.source, {
      ...sourceOf(theirs, before),
      ...timesOf(ours, theirs, mostLaterMs),
    }),
    ...(['before', 'after'] as const).flatMap((image) =>
      [
        ...numbersAsText(types, ours[image], theirs[image]),
        ...compareImage(types, carried(types, ours[image]), theirs[image], new Set()),
      ].map((fault) => `${image} ${fault}`),
    ),
  ];
}

/** Of these only the names are compared: images are judged apart, the name and the time of writing are another one's. */
const judgedApart: ReadonlySet<string> = new Set([
  'before',
  'after',
  'source',
  'ts_ms',
  'ts_us',
  'ts_ns',
  'source.name',
]);

function compareFields(path: string, ours: Fields, theirs: Fields): readonly string[] {
  const names = Object.keys(theirs);
  if (Object.keys(ours).join() !== names.join())
    return [`${path || 'the event'} has ${Object.keys(ours).join()}, in Debezium ${names.join()}`];
  return names
    .filter((name) => !judgedApart.has(`${path}${name}`) && !Object.is(ours[name], theirs[name]))
    .map((name) => `${path}${name} ${shown(ours[name])} is ${shown(theirs[name])} in Debezium`);
}

/** Debezium counts on where a changed key is a delete and an insert with the same LSNs (docs/messages.md). */
function sourceOf({ op, source }: DebeziumEvent, before: DebeziumEvent | undefined): Fields {
  const isSecond =
    op === 'c' &&
    before?.op === 'd' &&
    before.source.commit_lsn === source.commit_lsn &&
    before.source['change_lsn'] === source['change_lsn'];
  return isSecond ? { ...source, event_serial_no: 1 } : source;
}

/** Ours where they are as much later as is known, else theirs. */
function timesOf(
  { source: ours }: DebeziumEvent,
  { source: theirs }: DebeziumEvent,
  mostLaterMs: number,
): Fields {
  const laterBy = Number(ours['ts_ms']) - Number(theirs['ts_ms']);
  const { ts_ms, ts_us, ts_ns } = laterBy > 0 && laterBy <= mostLaterMs ? ours : theirs;
  return { ts_ms, ts_us, ts_ns };
}

/** The image in the form of the envelope `dstream`, which `compareImage` knows the differences of. */
function carried(types: Readonly<Record<string, string>>, image: Fields | null): Row | null {
  if (image === null) return null;
  const values = Object.entries(image).filter(([, value]) => value !== PLACEHOLDER);
  const valueOf = (column: string, value: unknown) => {
    if (typeof value !== 'number' && typeof value !== 'bigint') return value;
    return types[column] === 'bigint' ? value.toString() : Number(value);
  };
  return Object.fromEntries(values.map(([column, value]) => [column, valueOf(column, value)])) as Row;
}

/** A bigint that one of them writes as a number and the other as text. */
function numbersAsText(
  types: Readonly<Record<string, string>>,
  ours: Fields | null,
  theirs: Fields | null,
): readonly string[] {
  return Object.keys(ours ?? {})
    .filter((column) => types[column] === 'bigint' && typeof ours?.[column] !== typeof theirs?.[column])
    .map((column) => `${column} is a ${typeof ours?.[column]}, in Debezium a ${typeof theirs?.[column]}`);
}

/** The events of a file that an output has written. */
export function envelopesIn(text: string): readonly DebeziumEvent[] {
  return text.split('\n').slice(0, -1).map(readDebeziumEvent);
}
