/** DISTINCT and UNION: the first of several rows that compare as equal. */
import type { Values } from '../storage/row.ts';
import { hashKeyOf } from '../values/comparison/hash-key.ts';

export function* distinctRows(rows: Iterable<Values>, caseSensitive: boolean): Generator<Values> {
  const seen = new Set<string>();
  for (const row of rows) if (isNew(row, seen, caseSensitive)) yield row;
}

export function isNew(row: Values, seen: Set<string>, caseSensitive: boolean): boolean {
  const size = seen.size;
  return seen.add(hashKeyOf(row, caseSensitive)).size > size;
}
