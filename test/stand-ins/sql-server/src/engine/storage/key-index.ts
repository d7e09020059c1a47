/**
 * Finds rows by the values of some columns. It knows a row under its committed and under its current key until the
 * transaction ends, so whoever looks up must check the version that he sees.
 */
import { hashKey } from '../values/comparison/hash-key.ts';
import type { Row, Values } from './row.ts';

export type Key = string | number;

export class KeyIndex {
  /** Positions of the columns in the table's rows. */
  readonly positions: readonly number[];
  readonly #caseSensitive: boolean;
  readonly #rows = new Map<Key, Row | Set<Row>>();

  constructor(positions: readonly number[], caseSensitive = false) {
    this.positions = positions;
    this.#caseSensitive = caseSensitive;
  }

  keyOf(values: Values): Key {
    if (this.positions.length === 1)
      return hashKey(values[this.positions[0] as number] ?? null, this.#caseSensitive);
    let key = '';
    for (let i = 0; i < this.positions.length; i++) {
      const part = hashKey(values[this.positions[i] as number] ?? null, this.#caseSensitive);
      key += `${typeof part === 'number' ? 'n' : ''}${String(part)}\u0000`;
    }
    return key;
  }

  /** Of values in the order of the index's columns. */
  keyOfParts(parts: Values): Key {
    const values: Values[number][] = [];
    this.positions.forEach((position, i) => (values[position] = parts[i] ?? null));
    return this.keyOf(values);
  }

  hasNull(values: Values): boolean {
    return this.positions.some((position) => (values[position] ?? null) === null);
  }

  sameColumns(a: Values, b: Values): boolean {
    return this.positions.every((position) => a[position] === b[position]);
  }

  add(key: Key, row: Row): void {
    const found = this.#rows.get(key);
    if (found === undefined) this.#rows.set(key, row);
    else if (found instanceof Set) found.add(row);
    else if (found !== row) this.#rows.set(key, new Set([found, row]));
  }

  remove(key: Key, row: Row): void {
    const found = this.#rows.get(key);
    if (found === row) this.#rows.delete(key);
    else if (found instanceof Set) {
      found.delete(row);
      if (found.size === 0) this.#rows.delete(key);
    }
  }

  at(key: Key): Iterable<Row> {
    const found = this.#rows.get(key);
    if (found === undefined) return NONE;
    return found instanceof Set ? found : [found];
  }
}

const NONE: readonly Row[] = [];
