/** Makes columns of the JSON objects in columns: `Details` with `{"a":{"b":1}}` becomes `Details_a_b`. */
import {
  DStreamError,
  type CallOptions,
  type Json,
  type Row,
  type StampedEvent,
  type Transform,
  type Transformed,
  type Unavailable,
  type Value,
} from '@dstream/core';
import { eachEvent } from '../events/each-event.ts';
import { missingIn, withParts } from '../events/event-parts.ts';
import { checkKey } from './json-columns.ts';
import { parsedJson } from './json-text.ts';

/** What `FlattenTransform` does. */
export interface FlattenSettings {
  /** In lower case: the case of names is ignored. */
  readonly columns: ReadonlySet<string>;
  /** Between the name of the column and those of the fields. */
  readonly separator: string;
  /** Levels of objects that become columns; what is deeper stays JSON text. */
  readonly depth: number;
  /** What happens when a column has the name already. */
  readonly collisions: 'error' | 'suffix';
}

/** More are a mistake: objects with keys of data. */
const maxColumns = 1_000;

/** The transform of type `flatten`. */
export class FlattenTransform implements Transform {
  readonly #settings: FlattenSettings;

  constructor(settings: FlattenSettings) {
    this.#settings = settings;
  }

  apply(events: readonly StampedEvent[], call: CallOptions): Promise<readonly Transformed[]> {
    return eachEvent(events, call, (event) => [this.#one(event)]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #one(event: StampedEvent): StampedEvent {
    checkKey(event.metadata.key, this.#settings.columns);
    const { data, before, metadata } = event;
    const images = { data: data && this.#leaves(data), before: before && this.#leaves(before) };
    const made = this.#names(images, event);
    if (made.size === 0) return event;
    return {
      data: data && flatRow(data, images.data, made),
      ...(before && { before: flatRow(before, images.before, made) }),
      metadata: withParts(metadata, {
        key: metadata.key,
        changed: metadata.changed?.flatMap((column) => changedOf(column, made, images)),
        unavailable: metadata.unavailable?.map((one) => ({ in: one.in, columns: one.columns.flatMap((column) => namesOf(column, made)) })), // prettier-ignore
      }),
    };
  }

  /** Of the columns that hold an object: what becomes columns, by path. */
  #leaves(row: Row): Leaves {
    const leaves = new Map<string, ReadonlyMap<string, Leaf>>();
    for (const [column, value] of Object.entries(row)) {
      if (!this.#settings.columns.has(column.toLowerCase())) continue;
      const parsed = parsedJson(column, value);
      if (isObject(parsed)) leaves.set(column, new Map(this.#walk(parsed, '', column, this.#settings.depth)));
    }
    return leaves;
  }

  *#walk(object: JsonObject, path: string, name: string, levels: number): Generator<[string, Leaf]> {
    for (const [field, value] of Object.entries(object)) {
      // Lengths keep the paths of {"a":{"b":1}} and {"a_b":1} apart, whatever the fields are called.
      const [innerPath, innerName] = [
        `${path}${field.length}:${field}`,
        `${name}${this.#settings.separator}${field}`,
      ];
      if (isObject(value) && levels > 1 && Object.keys(value).length > 0)
        yield* this.#walk(value, innerPath, innerName, levels - 1);
      else yield [innerPath, { name: innerName, value: plain(value) }];
    }
  }

  /** The names of the new columns by column and path, the same in both images. Throws TransformFailed. */
  #names({ data, before }: Images, event: StampedEvent): Names {
    const names = new Map<string, Map<string, string>>();
    const taken = new Set(otherColumns(event, new Set([...(data?.keys() ?? []), ...(before?.keys() ?? [])])));
    let count = 0;
    for (const [column, leaves] of [...(data ?? []), ...(before ?? [])]) {
      const ofColumn = names.get(column) ?? new Map<string, string>();
      names.set(column, ofColumn);
      for (const [path, leaf] of leaves) {
        if (ofColumn.has(path)) continue;
        if ((count += 1) > maxColumns)
          throw failed(`column ${column}: more than ${maxColumns} columns would be made of it`);
        const name = this.#free(leaf.name, taken);
        taken.add(name);
        ofColumn.set(path, name);
      }
    }
    return names;
  }

  #free(wanted: string, taken: ReadonlySet<string>): string {
    if (!taken.has(wanted)) return wanted;
    const { collisions, separator } = this.#settings;
    if (collisions === 'error')
      throw failed(`there is a column ${wanted} already; write another separator, or collisions = "suffix"`);
    for (let n = 2; ; n += 1) if (!taken.has(`${wanted}${separator}${n}`)) return `${wanted}${separator}${n}`;
  }
}

type JsonObject = Readonly<Record<string, Json>>;

/** A value that becomes a column, and the name that it would have. */
interface Leaf {
  readonly name: string;
  readonly value: Value;
}

type Leaves = ReadonlyMap<string, ReadonlyMap<string, Leaf>>;

interface Images {
  readonly data: Leaves | null | undefined;
  readonly before: Leaves | null | undefined;
}

type Names = ReadonlyMap<string, ReadonlyMap<string, string>>;

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function plain(value: Json): Value {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
}

/** Columns of either image that stay. */
function otherColumns(
  { data, before, metadata }: StampedEvent,
  flattened: ReadonlySet<string>,
): readonly string[] {
  const away = (image: Unavailable['in']) => missingIn(image, metadata.unavailable);
  const all = [...Object.keys(data ?? {}), ...Object.keys(before ?? {}), ...away('data'), ...away('before')];
  return all.filter((column) => !flattened.has(column));
}

/** New columns stand where the column stood. What one image has and the other lacks is NULL there. */
function flatRow(row: Row, leaves: Leaves | null | undefined, names: Names): Row {
  return Object.fromEntries(
    Object.entries(row).flatMap(([column, value]): [string, Json][] => {
      const made = names.get(column);
      if (made === undefined) return [[column, value]];
      return [...made].map(([path, name]) => [name, leaves?.get(column)?.get(path)?.value ?? null]);
    }),
  );
}

function namesOf(column: string, names: Names): readonly string[] {
  return [...(names.get(column)?.values() ?? [column])];
}

/** Of a column that changed: those of its new columns that differ, or all where one image lacks it. */
function changedOf(column: string, names: Names, { data, before }: Images): readonly string[] {
  const [now, then] = [data?.get(column), before?.get(column)];
  if (now === undefined || then === undefined) return namesOf(column, names);
  const made = [...(names.get(column) ?? [])];
  return made.filter(([path]) => now.get(path)?.value !== then.get(path)?.value).map(([, name]) => name);
}

function failed(why: string): DStreamError {
  return new DStreamError('TransformFailed', why);
}
