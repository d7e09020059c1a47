/** How the rows of one table are found: by an index, by a hash table that is made on first use, or by reading them again. */
import type { Values } from '../storage/row.ts';
import type { Index } from '../storage/table.ts';
import { hashKey } from '../values/comparison/hash-key.ts';
import { commonType, converter } from '../values/index.ts';
import { type Equality, inColumnType } from './conjuncts.ts';
import type { Step } from './from-plan.ts';
import type { RowsOf } from './kept-rows.ts';
import type { Evaluate, Frame } from './run.ts';
import type { StoredTable } from './table-like.ts';

export function fillSlot(slot: number, rows: RowsOf): Step {
  return function* (frame) {
    for (const values of rows(frame)) {
      frame.slots[slot] = values;
      yield;
    }
  };
}

/** By the index whose columns are all given; of several the unique one. */
export function seekBy(
  { table, database }: StoredTable,
  equalities: readonly Equality[],
): RowsOf | undefined {
  const candidates = table.indexes.filter((index) =>
    index.columns.every((name) => partFor(name, table, equalities) !== undefined),
  );
  const index: Index | undefined = candidates.find((candidate) => candidate.unique) ?? candidates[0];
  if (index === undefined) return undefined;
  const parts = index.columns.map((name) => partFor(name, table, equalities) as Evaluate);
  const { keys } = index;
  return (frame) => {
    const values = parts.map((part) => part(frame));
    if (values.includes(null)) return NO_ROWS;
    const key = keys.keyOfParts(values);
    const own = database === undefined || frame.run.session.isWriterOf(database);
    const found: Values[] = [];
    for (const row of keys.at(key)) {
      const seen = own ? row.current : row.committed;
      if (seen !== undefined && keys.keyOf(seen) === key) found.push(seen);
    }
    return found;
  };
}

const NO_ROWS: readonly Values[] = [];

function partFor(
  name: string,
  table: StoredTable['table'],
  equalities: readonly Equality[],
): Evaluate | undefined {
  const position = table.position(name);
  for (const { column, other } of equalities) {
    if (column.index !== position) continue;
    const evaluate = inColumnType(column.column.type, other);
    if (evaluate !== undefined) return evaluate;
  }
  return undefined;
}

/** One hash table for each execution of the block. */
export function hashedRows(scan: RowsOf, equalities: readonly Equality[], caseSensitive: boolean): RowsOf {
  const parts = equalities.map(({ column, other }) => {
    const type = commonType(column.column.type, other.type);
    const own = converter(column.column.type, type);
    const theirs = converter(other.type, type);
    return {
      own: (values: Values) => hashKey(own(values[column.index] ?? null), caseSensitive),
      theirs: (frame: Frame) => hashKey(theirs(other.evaluate(frame)), caseSensitive),
    };
  });
  const tables = new WeakMap<Frame, Map<string, Values[]>>();
  const build = (frame: Frame): Map<string, Values[]> => {
    const map = new Map<string, Values[]>();
    for (const values of scan(frame)) {
      const key = parts.map(({ own }) => own(values)).join('\u0000');
      const bucket = map.get(key);
      if (bucket === undefined) map.set(key, [values]);
      else bucket.push(values);
    }
    tables.set(frame, map);
    return map;
  };
  return (frame) =>
    (tables.get(frame) ?? build(frame)).get(parts.map(({ theirs }) => theirs(frame)).join('\u0000')) ??
    NO_ROWS;
}
