/** Columns that `set` adds or replaces: constants, and templates over the change as the other rules leave it. */
import { templatePieces, type NamePart } from '@dstream/config/schema';
import {
  DStreamError,
  type Json,
  type PlainRow,
  type Row,
  type StampedEvent,
  type Unavailable,
  type Value,
} from '@dstream/core';
import { textOfValue } from './column-values.ts';
import { missingIn, withParts } from '../events/event-parts.ts';

/** Sets columns. They come last: templates see what the other rules have left. */
export class ColumnSetter {
  readonly #columns: readonly SetColumn[];
  readonly #names: ReadonlySet<string>;

  /** @param columns constants, or texts with `{{ … }}`, by name */
  constructor(columns: ReadonlyMap<string, Value>) {
    this.#columns = [...columns].map(([name, value]) => new SetColumn(name, value));
    this.#names = new Set(columns.keys());
  }

  /** The same event where there is nothing to set. Throws TransformFailed. */
  apply(event: StampedEvent): StampedEvent {
    const { data, before, metadata } = event;
    if (this.#columns.length === 0 || data === null) return event;
    const inData = this.#row(data, 'data', event);
    const inBefore = before && this.#row(before, 'before', { ...event, data: before });
    const { key, changed, unavailable = [] } = metadata;
    return {
      data: inData.row,
      ...(inBefore && { before: inBefore.row }),
      metadata: withParts(metadata, {
        key: key && this.#key(key, inData.row),
        changed: changed && this.#changed(changed),
        unavailable: [
          { in: 'data', columns: [...this.#others(unavailable, 'data'), ...inData.missing] },
          { in: 'before', columns: [...this.#others(unavailable, 'before'), ...(inBefore?.missing ?? [])] },
        ],
      }),
    };
  }

  #row(row: Row, image: Unavailable['in'], event: StampedEvent): SetRow {
    const unavailable = missingIn(image, event.metadata.unavailable);
    const isMissing = new Set(unavailable.map((column) => column.toLowerCase()));
    const columns: [string, Json][] = [];
    const missing: string[] = [];
    for (const column of this.#columns) {
      const value = column.valueFor(event, isMissing);
      if (value === undefined) missing.push(column.name);
      else columns.push([column.name, value]);
    }
    return { row: withColumns(withoutColumns(row, missing), columns), missing };
  }

  /** A key column that is set has its new value in the key, too. */
  #key(key: PlainRow, data: Row): PlainRow {
    if (!Object.keys(key).some((name) => this.#names.has(name))) return key;
    const valueOf = (name: string) => (this.#names.has(name) ? inKey(name, data) : (key[name] ?? null));
    return Object.fromEntries(Object.keys(key).map((name) => [name, valueOf(name)]));
  }

  #changed(changed: readonly string[]): readonly string[] {
    const sources = new Set(changed.map((column) => column.toLowerCase()));
    const set = this.#columns.filter((column) => column.sources.some((source) => sources.has(source)));
    return [...changed.filter((column) => !this.#names.has(column)), ...set.map(({ name }) => name)];
  }

  #others(unavailable: readonly Unavailable[], image: Unavailable['in']): readonly string[] {
    return missingIn(image, unavailable).filter((column) => !this.#names.has(column));
  }
}

interface SetRow {
  readonly row: Row;
  /** Columns that could not be set. */
  readonly missing: readonly string[];
}

/** One column that is set. */
class SetColumn {
  readonly name: string;
  /** Columns, in lower case, that its template names. */
  readonly sources: readonly string[];
  readonly #pieces: readonly (string | Part)[] | undefined;
  readonly #constant: Value;

  /** @param value a constant, or a text with `{{ … }}` */
  constructor(name: string, value: Value) {
    this.name = name;
    this.#constant = value;
    const pieces = typeof value === 'string' ? templatePieces(value).map(partOf) : [];
    const parts = pieces.filter((piece) => typeof piece !== 'string');
    this.#pieces = parts.length === 0 ? undefined : pieces;
    this.sources = parts.flatMap(({ column }) => column ?? []);
  }

  /**
   * A template that is one part has its value, of whatever type; NULL in any part makes it NULL. Undefined when a part is
   * unavailable. Throws TransformFailed when the change has no such column.
   * @param missing columns that are unavailable in this image, in lower case
   */
  valueFor(event: StampedEvent, missing: ReadonlySet<string>): Json | undefined {
    if (this.#pieces === undefined) return this.#constant;
    if (this.sources.some((source) => missing.has(source))) return undefined;
    const values = this.#pieces.map((piece) => this.#valueOf(piece, event));
    const [first = null] = values;
    if (values.length === 1) return first;
    return values.includes(null) ? null : values.map((value) => textOfValue(value ?? '')).join('');
  }

  #valueOf(piece: string | Part, event: StampedEvent): Json {
    if (typeof piece === 'string') return piece;
    const value = piece.of(event);
    if (value !== undefined) return value;
    const what = `{{ ${piece.name} }} of the column ${this.name}`;
    throw new DStreamError('TransformFailed', `${what}: the change has no such column`);
  }
}

function inKey(name: string, data: Row): Value {
  const value = Object.hasOwn(data, name) ? data[name] : undefined;
  if (value === undefined)
    throw new DStreamError(
      'TransformFailed',
      `the column ${name} is part of the key and cannot be set: its template names a column that is unavailable`,
    );
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
}

/** What a template names of a change. */
interface Part {
  readonly name: string;
  /** In lower case; undefined for what is the same for every column. */
  readonly column: string | undefined;
  /** Undefined where the change has no such column. */
  readonly of: (event: StampedEvent) => Json | undefined;
}

function partOf(piece: string | { readonly part: NamePart }): string | Part {
  if (typeof piece === 'string') return piece;
  const name: string = piece.part;
  const [, image, column] = /^(data|key)\.(.+)$/s.exec(name) ?? [];
  if (column === undefined)
    return { name, column, of: ({ metadata }) => metadata[name as keyof typeof metadata] as Value };
  const rowOf = ({ data, metadata }: StampedEvent) => (image === 'key' ? metadata.key : data);
  return { name, column: column.toLowerCase(), of: (event) => valueAt(rowOf(event), column) };
}

/** The case of the name is ignored, unless two columns differ in it. */
function valueAt(row: Row | null, column: string): Json | undefined {
  if (row === null) return undefined;
  if (Object.hasOwn(row, column)) return row[column];
  const lower = column.toLowerCase();
  const found = Object.keys(row).find((name) => name.toLowerCase() === lower);
  return found === undefined ? undefined : row[found];
}

/** The row with these columns, in their places where it has them, else at its end. */
function withColumns(row: Row, columns: readonly (readonly [string, Json])[]): Row {
  if (columns.every(([name, value]) => Object.hasOwn(row, name) && row[name] === value)) return row;
  // Entries, because a plain assignment to __proto__ would set the prototype.
  if (columns.some(([name]) => name === '__proto__') || Object.hasOwn(row, '__proto__'))
    return Object.fromEntries([...Object.entries(row), ...columns]);
  const made: Record<string, Json> = { ...row };
  for (const [name, value] of columns) made[name] = value;
  return made;
}

function withoutColumns(row: Row, columns: readonly string[]): Row {
  if (columns.length === 0) return row;
  return Object.fromEntries(Object.entries(row).filter(([column]) => !columns.includes(column)));
}
