/** Compares what Debezium and dstream say of the changes of one table, one by one. Pure. */
import type { Json, Row, StampedEvent, Value } from '@dstream/core';
import { differences } from './differences.ts';

/** A change as Debezium writes it, as far as it is compared. */
export interface DebeziumEvent {
  readonly op: string;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
  readonly source: {
    readonly table: string;
    readonly commit_lsn: string;
    readonly [field: string]: unknown;
  };
}

/** Integers that a number cannot hold become a bigint. */
export const readDebeziumEvent = (line: string): DebeziumEvent =>
  JSON.parse(line, (_key, value: unknown, { source = '' }: { readonly source?: string } = {}) =>
    typeof value === 'number' && /^-?\d{16,}$/.test(source) ? BigInt(source) : value,
  ) as DebeziumEvent;

export interface Comparison {
  /** What is different and is not in the list; empty when all is well. */
  readonly faults: readonly string[];
  /** Names of the differences in the list that were met. */
  readonly met: ReadonlySet<string>;
}

export const UNAVAILABLE =
  'what CDC did not carry is null or a placeholder in Debezium; dstream leaves it out and names it as unavailable';

/** `unavailable.value.placeholder`, also as bytes. */
export const PLACEHOLDER = '__debezium_unavailable_value';
const NOT_CARRIED: ReadonlySet<unknown> = new Set([
  null,
  PLACEHOLDER,
  Buffer.from(PLACEHOLDER).toString('base64'),
]);

const OPERATIONS = { insert: 'c', update: 'u', delete: 'd' } as const;

interface Images {
  readonly op: string;
  readonly before: Row | null;
  readonly after: Row | null;
  readonly lsn: string;
}

function imagesOf({ data, before, metadata }: StampedEvent): Images {
  const { operation, origin } = metadata;
  const isDelete = operation === 'delete';
  return {
    op: operation in OPERATIONS ? OPERATIONS[operation as keyof typeof OPERATIONS] : operation,
    before: isDelete ? data : (before ?? null),
    after: isDelete ? null : data,
    lsn: String(origin['lsn']),
  };
}

const lsnOf = ({ source }: DebeziumEvent): string =>
  `0x${source.commit_lsn.replaceAll(':', '').toUpperCase()}`;

/** `types`: of the columns as declared. Both lists in the order in which they came. */
export function compareEvents(
  types: Readonly<Record<string, string>>,
  ours: readonly StampedEvent[],
  theirs: readonly DebeziumEvent[],
): Comparison {
  const met = new Set<string>();
  const faults =
    ours.length === theirs.length ? [] : [`${ours.length} changes, ${theirs.length} in Debezium`];
  for (const [i, event] of ours.entries()) {
    const their = theirs[i];
    if (their === undefined) break;
    faults.push(...compareEvent(types, imagesOf(event), their, met).map((fault) => `change ${i}: ${fault}`));
  }
  return { faults, met };
}

function compareEvent(
  types: Readonly<Record<string, string>>,
  ours: Images,
  theirs: DebeziumEvent,
  met: Set<string>,
): string[] {
  const faults: string[] = [];
  if (ours.op !== theirs.op) faults.push(`${ours.op} is ${theirs.op} in Debezium`);
  if (ours.lsn !== lsnOf(theirs)) faults.push(`LSN ${ours.lsn} is ${lsnOf(theirs)} in Debezium`);
  for (const image of ['before', 'after'] as const)
    faults.push(...compareImage(types, ours[image], theirs[image], met).map((fault) => `${image} ${fault}`));
  return faults;
}

/** What is different between two images of a row. Adds the differences of the list that were met to `met`. */
export function compareImage(
  types: Readonly<Record<string, string>>,
  ours: Row | null,
  theirs: Readonly<Record<string, unknown>> | null,
  met: Set<string>,
): string[] {
  if (ours === null || theirs === null) return ours === theirs ? [] : ['is in one of them only'];
  const columns = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
  return [...columns].flatMap((column) => {
    const type = types[column] ?? 'int';
    const expected = ours[column];
    const seen = comparable(theirs[column], expected, type, met);
    return Object.is(expected, seen)
      ? []
      : [`${column} ${type}: ${shown(expected)} is ${shown(theirs[column])} in Debezium`];
  });
}

/** A value of Debezium in the form of dstream; undefined when it was not carried. */
function comparable(theirs: unknown, ours: Json | undefined, type: string, met: Set<string>): unknown {
  if (ours === undefined && NOT_CARRIED.has(theirs)) {
    met.add(UNAVAILABLE);
    return undefined;
  }
  if (theirs === null) return null;
  const difference = differences.find(({ types }) => types.test(type));
  if (difference === undefined) return theirs;
  const converted = difference.convert(theirs, type, ours as Value | undefined);
  if (!Object.is(converted, theirs)) met.add(difference.name);
  return converted;
}

/** A value in a fault. */
export const shown = (value: unknown): string =>
  typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? 'nothing').slice(0, 120);
