/** What the configuration says of each column: which name it leaves with, and what becomes of its value. */
import { DStreamError, type Value } from '@dstream/core';
import {
  converters,
  hasher,
  mask,
  truncater,
  type ConvertedType,
  type ValueChange,
} from './column-values.ts';

/** What `ColumnsTransform` does. The names of columns that arrive are in lower case: their case is ignored. */
export interface ColumnsSettings {
  readonly drop: ReadonlySet<string>;
  /** Absent: all that are not dropped. */
  readonly keep: ReadonlySet<string> | undefined;
  readonly rename: ReadonlyMap<string, string>;
  readonly hash: ReadonlySet<string>;
  readonly hashSalt: string;
  readonly mask: ReadonlySet<string>;
  readonly truncate: ReadonlyMap<string, number>;
  readonly convert: ReadonlyMap<string, ConvertedType>;
  /** Values, texts with `{{ … }}` among them, by the names of the columns as they leave. */
  readonly set: ReadonlyMap<string, Value>;
  /** The key may lose columns, or their values. */
  readonly allowKey: boolean;
}

/** What becomes of one column. */
export interface ColumnRule {
  /** As it arrives. */
  readonly from: string;
  /** As it leaves; undefined when it is dropped. */
  readonly to: string | undefined;
  /** Undefined: its values stay. Throws TransformFailed. */
  readonly change: ValueChange | undefined;
  /** Why rows are not told apart by it any more: `hashed`. Undefined: they are. */
  readonly lost: string | undefined;
}

/** Columns whose rules are remembered. */
const maxKnown = 100_000;

/** The rules of a configuration. */
export class ColumnRules {
  readonly #settings: ColumnsSettings;
  readonly #hash: ValueChange;
  /** Names of columns that are set, by their lower case. */
  readonly #set: ReadonlyMap<string, string>;
  readonly #known = new Map<string, ColumnRule>();

  constructor(settings: ColumnsSettings) {
    this.#settings = settings;
    this.#hash = hasher(settings.hashSalt);
    this.#set = new Map([...settings.set.keys()].map((name) => [name.toLowerCase(), name]));
  }

  /** @param column as it arrives */
  ruleOf(column: string): ColumnRule {
    const known = this.#known.get(column);
    if (known !== undefined) return known;
    const rule = this.#newRule(column);
    if (this.#known.size >= maxKnown) this.#known.clear();
    this.#known.set(column, rule);
    return rule;
  }

  #newRule(column: string): ColumnRule {
    const { drop, keep, rename, set } = this.#settings;
    const name = column.toLowerCase();
    if (drop.has(name) || keep?.has(name) === false)
      return { from: column, to: undefined, change: undefined, lost: 'dropped' };
    const changes = this.#changesOf(name);
    // A column that is set in another case is replaced, not joined by a second one that leaves its value readable.
    const to = rename.get(name) ?? this.#set.get(name) ?? column;
    return { from: column, to, change: joined(column, changes), lost: this.#lost(name, set.has(to)) };
  }

  /** Steps in the order in which they happen. */
  #changesOf(name: string): readonly ValueChange[] {
    const { convert, truncate, hash, mask: masked } = this.#settings;
    const type = convert.get(name);
    const length = truncate.get(name);
    return [
      ...(type === undefined ? [] : [converters[type]]),
      ...(length === undefined ? [] : [truncater(length)]),
      ...(hash.has(name) ? [this.#hash] : []),
      ...(masked.has(name) ? [() => mask] : []),
    ];
  }

  #lost(name: string, isSet: boolean): string | undefined {
    const { truncate, hash, mask: masked } = this.#settings;
    if (isSet) return 'set';
    if (masked.has(name)) return 'masked';
    if (hash.has(name)) return 'hashed';
    return truncate.has(name) ? 'truncated' : undefined;
  }
}

function joined(column: string, changes: readonly ValueChange[]): ValueChange | undefined {
  const [first, ...others] = changes;
  if (first === undefined) return undefined;
  return (value) => {
    try {
      return others.reduce((changed, change) => change(changed), first(value));
    } catch (cause) {
      if (!(cause instanceof DStreamError)) throw cause;
      throw new DStreamError(cause.code, `column ${column}: ${cause.message}`, { cause });
    }
  };
}
