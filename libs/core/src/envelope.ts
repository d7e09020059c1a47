/**
 * Reads and checks the envelope of a change (docs/messages.md), field by field, in every version. What passes can be published by
 * every output: its types are those of `StampedEvent` or of version 1, its ids and names fit where brokers and files have
 * limits, and it may be walked recursively.
 */
import type { StampedEvent } from './change-event.ts';
import { DStreamError } from './errors.ts';

/**
 * Reads one line of any version. Throws MalformedMessage, which names what is wrong but never repeats the content: it is
 * the user's data.
 */
export function decodeEnvelope(line: string): StampedEvent {
  return inCurrentVersion(parseEnvelope(line));
}

/** The event in the current version; the same object when it is already. */
export function inCurrentVersion(event: StampedEvent | EventOfVersion1): StampedEvent {
  return isOfVersion1(event) ? fromVersion1(event) : event;
}

function isOfVersion1(event: StampedEvent | EventOfVersion1): event is EventOfVersion1 {
  return event.metadata.version === 1;
}

/** As `decodeEnvelope`, but in the version in which it was written. */
export function parseEnvelope(line: string): StampedEvent | EventOfVersion1 {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch (cause) {
    const problem = line.trim() === '' ? 'is empty' : 'is not JSON';
    throw new DStreamError('MalformedMessage', `the envelope ${problem}`, { cause });
  }
  const problem = envelopeProblem(parsed);
  if (problem !== undefined) throw new DStreamError('MalformedMessage', `the envelope ${problem}`);
  return withoutNullBefore(parsed as StampedEvent | EventOfVersion1);
}

/** Serializers of other languages write an absent `before` as null. */
export function withoutNullBefore<E extends StampedEvent | EventOfVersion1>(event: E): E {
  if ((event as { readonly before?: unknown }).before !== null) return event;
  const { before: _absent, ...rest } = event;
  return rest as E;
}

/**
 * An event of version 1, which had no `metadata.origin`: its fields were beside the others. A processor still reads it,
 * because a topic holds what older ingesters sent.
 */
interface EventOfVersion1 extends Omit<StampedEvent, 'metadata'> {
  readonly metadata: Omit<StampedEvent['metadata'], 'version' | 'origin'> & {
    readonly version: 1;
    readonly captureInstance: string;
    readonly lsn: string;
    readonly seqval: string;
  };
}

/** The same change as an event of version 2, its fields in the order in which they are written today. */
function fromVersion1(event: EventOfVersion1): StampedEvent {
  const { captureInstance, lsn, seqval, sequence, committedAt, position, generation, epoch, ...rest } =
    event.metadata;
  const origin = { captureInstance, lsn, seqval };
  const end = { sequence, committedAt, position, generation, epoch };
  return { ...event, metadata: { ...rest, version: 2, origin, ...end } };
}

/** Longest change id (docs/messages.md): with what packing adds, it fits into the 128 characters of a message id (Service Bus quotas). */
export const maxIdLength = 96;

/** Names and positions become properties of messages, parts of names of destinations, and the state of a session. */
const maxNameLength = 512;

/** Levels of objects and arrays, the envelope included. Ours has five. */
const maxDepth = 32;

/** Dates of the Gregorian calendar; the 29th of February last, because it is rare. */
const date = [
  String.raw`\d{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)`,
  String.raw`(?:\d\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29`,
].join('|');

const time = String.raw`(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?|24:00:00(?:\.0{1,9})?`;

/**
 * `2026-11-20T09:15:30.123Z`, with any number of digits of a second. `Date.parse` costs more, and takes 30 February for
 * 2 March.
 */
const utcTime = new RegExp(`^(?:${date})T(?:${time})Z$`);

/** Whether a value is columns by their names. */
type IsRow = (value: unknown) => boolean;

interface Field {
  readonly expected: string;
  readonly holds: (value: unknown, isRow: IsRow) => boolean;
  readonly optional?: true;
}

const name = textOf(maxNameLength);
const integer = { expected: 'a whole number that is not negative', holds: isCount } as const satisfies Field;

/** The fields of every version. */
const common: Readonly<
  Record<Exclude<keyof StampedEvent['metadata'], 'version' | 'origin' | 'replay'>, Field>
> = {
  operation: oneOf('insert', 'update', 'delete', 'read', 'gap'),
  id: textOf(maxIdLength),
  source: name,
  server: name,
  database: name,
  schema: name,
  table: name,
  key: {
    expected: 'null or an object of plain values',
    holds: (value, isRow) => value === null || isRow(value),
  },
  changed: { expected: 'a list of column names', holds: isTexts, optional: true },
  unavailable: {
    expected: 'a list of columns in data or before',
    holds: (value) => Array.isArray(value) && value.every(isUnavailable),
    optional: true,
  },
  gap: { expected: 'a reason, a from and a to', holds: isGap, optional: true },
  sequence: integer,
  committedAt: { expected: 'a time in ISO 8601, UTC', holds: isUtcTime },
  position: name,
  generation: integer,
  epoch: integer,
};

const origin: Field = { expected: 'an object of plain values', holds: isPlainRow };

/** The fields of each `metadata.version`. */
const fieldsOf: ReadonlyMap<unknown, readonly (readonly [string, Field])[]> = new Map([
  [1, Object.entries({ ...common, captureInstance: name, lsn: name, seqval: name })],
  [2, Object.entries({ ...common, origin })],
]);

/** The fields that the metadata of a change may have today. */
export const metadataFields: readonly string[] = ['version', ...Object.keys(common), 'origin', 'replay'];

/**
 * What is wrong with the envelope, of any version: it reads after "the envelope", and never repeats the content. Undefined:
 * nothing. `envelope` is what `JSON.parse` gives.
 */
export function envelopeProblem(envelope: unknown): string | undefined {
  return problemOf(envelope, isPlainRow);
}

/** As `envelopeProblem`, of what a transform made: its columns may also hold lists and objects, as `parse_json` makes them. */
export function madeEnvelopeProblem(envelope: unknown): string | undefined {
  return problemOf(envelope, isObject);
}

function problemOf(envelope: unknown, isRow: IsRow): string | undefined {
  if (!isObject(envelope)) return 'is not a JSON object';
  if (isDeeper(envelope, maxDepth)) return `is nested deeper than ${maxDepth} levels`;
  const { data, before, metadata } = envelope;
  if (data !== null && !isRow(data)) return 'has no data: null or an object of plain values is expected';
  if (before !== undefined && before !== null && !isRow(before))
    return 'has a before that is not an object of plain values';
  if (!isObject(metadata)) return 'has no metadata';
  const { version, replay } = metadata;
  const fields = fieldsOf.get(version);
  if (fields === undefined) return wrongField('version', version, [...fieldsOf.keys()].join(' or '));
  for (const [field, { expected, holds, optional }] of fields) {
    const value = metadata[field];
    if (value === undefined ? !optional : !holds(value, isRow)) return wrongField(field, value, expected);
  }
  // Not with the others: what is nearly always absent costs less by its name.
  if (replay !== undefined && !integer.holds(replay)) return wrongField('replay', replay, integer.expected);
  if (metadata['operation'] === 'gap' && metadata['gap'] === undefined) return 'has no metadata.gap';
  return undefined;
}

function wrongField(field: string, value: unknown, expected: string): string {
  return value === undefined ? `has no metadata.${field}` : `has a metadata.${field} that is not ${expected}`;
}

function textOf(maxLength: number) {
  return {
    expected: `a text of 1 to ${maxLength} characters`,
    holds: (value: unknown) => typeof value === 'string' && value.length > 0 && value.length <= maxLength,
  };
}

function oneOf(...values: readonly string[]): Field {
  const known: ReadonlySet<unknown> = new Set(values);
  return { expected: `one of ${values.join(', ')}`, holds: (value) => known.has(value) };
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isUtcTime(value: unknown): boolean {
  return typeof value === 'string' && utcTime.test(value);
}

function isUnavailable(value: unknown): boolean {
  return isObject(value) && (value['in'] === 'data' || value['in'] === 'before') && isTexts(value['columns']);
}

function isGap(value: unknown): boolean {
  return isObject(value) && name.holds(value['reason']) && isGapEnd(value['from']) && isGapEnd(value['to']);
}

function isGapEnd(value: unknown): boolean {
  return isObject(value) && name.holds(value['lsn']) && (value['at'] === undefined || isUtcTime(value['at']));
}

/** An object whose values are all plain: see `Value`. */
function isPlainRow(value: unknown): boolean {
  if (!isObject(value)) return false;
  for (const column in value) if (typeof value[column] === 'object' && value[column] !== null) return false;
  return true;
}

/** Called for every change: a loop over names makes no list of the values. */
function isDeeper(value: object, levels: number): boolean {
  if (levels === 0) return true;
  for (const name in value) {
    const inner = (value as Readonly<Record<string, unknown>>)[name];
    if (typeof inner === 'object' && inner !== null && isDeeper(inner, levels - 1)) return true;
  }
  return false;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
