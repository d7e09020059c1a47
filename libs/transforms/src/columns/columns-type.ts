import {
  boolean,
  choice,
  columnName,
  columnNames,
  conceal,
  defineTransform,
  faulty,
  mapOf,
  optional,
  sound,
  text,
  textOf,
  wholeNumber,
  withDefault,
  type ValueType,
} from '@dstream/config/schema';
import type { Value } from '@dstream/core';
import { checkColumns, type ColumnKeys } from './check-columns.ts';

const columns = columnNames('["Notes"]');

function byColumn<T>(value: ValueType<T>, values: string, example: string) {
  const key = (name: string) => name.toLowerCase();
  return mapOf(value, { what: `column names and ${values}`, name: columnName, example, key });
}

/** A constant of a file. */
const constant: ValueType<Value> = {
  expected: 'text, number, true, false or null',
  blank: null,
  read: (given) => {
    const value = textOf(given) ?? given.value;
    if (typeof value === 'object' && value !== null)
      return faulty(
        `${given.shown} is not a value of a column`,
        'write a text, a number, true, false or null',
      );
    if (typeof value === 'number' && !isExact(value))
      return faulty('the number has too many digits for JSON', 'write it in double quotes');
    return sound(value);
  },
};

/** What is larger than a double became infinite when the file was read. */
function isExact(value: number): boolean {
  return Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value);
}

const salt = text({ what: 'a salt', pattern: /\S/, right: 'write a long random text' });

/** `transform { type = "columns" }`. */
export const columnsType = defineTransform({
  type: 'columns',
  doc: 'Changes columns: removes, renames, hides, converts and sets them. In every part of a change alike; the case of names is ignored.',
  keys: {
    drop: optional(columns, 'none', 'Columns to remove.'),
    keep: optional(columns, 'all', 'Columns to keep: all others are removed.'),
    convert: optional(
      byColumn(
        choice(['text', 'number', 'boolean']),
        '"text", "number" or "boolean"',
        '{ Amount = "number" }',
      ),
      'none',
      'Columns to convert. A value that the type cannot hold exactly is an error of its change.',
    ),
    truncate: optional(
      byColumn(wholeNumber({ min: 0, max: 1_000_000 }), 'numbers of characters', '{ Comment = 100 }'),
      'none',
      'Text columns to shorten to so many characters.',
    ),
    hash: optional(
      columns,
      'none',
      'Columns whose values become SHA-256 of `hash_salt` and the text of the value, in hex.',
    ),
    hash_salt: optional(
      salt,
      'no `hash`',
      'Comes before each value that is hashed. Keep it secret, and the same.',
      { secret: true },
    ),
    mask: optional(columns, 'none', 'Columns whose values become `***`.'),
    rename: optional(
      byColumn(columnName, 'new names', '{ CustName = "name" }'),
      'none',
      'Columns to rename.',
    ),
    set: optional(
      byColumn(constant, 'values', '{ Region = "eu" }'),
      'none',
      'Columns to add or replace: a value, or a text with `{{ table }}`, `{{ operation }}`, `{{ data.COLUMN }}`, `{{ key.COLUMN }}` and the like, filled in after everything else.',
      { keepsNames: true },
    ),
    allow_key: withDefault(
      boolean,
      false,
      'Allows the columns of the key to be dropped, truncated, hashed, masked or set. Without it, a change with such a key fails.',
    ),
  },
  settings: (reading, findings) => {
    checkColumns(reading, findings);
    return settingsOf(reading.values);
  },
  // What `set` replaces is hidden, too.
  hides: ({ drop, keep, hash, mask, truncate, set }) =>
    keep !== undefined || [drop, hash, mask, truncate, set].some(({ size }) => size > 0),
  open: async (settings) => {
    const { ColumnsTransform } = await import('./columns-transform.ts');
    return new ColumnsTransform(settings);
  },
});

function settingsOf(values: ColumnKeys) {
  const { drop, keep, hash, mask, rename, truncate, convert, set } = values;
  const settings = {
    drop: lowerSet(drop),
    keep: keep && lowerSet(keep),
    rename: lowerKeys(rename),
    hash: lowerSet(hash),
    hashSalt: values.hash_salt ?? '',
    mask: lowerSet(mask),
    truncate: lowerKeys(truncate),
    convert: lowerKeys(convert),
    set: set ?? new Map<string, Value>(),
    allowKey: values.allow_key,
  };
  return conceal(settings, 'hashSalt');
}

function lowerSet(names: readonly string[] = []): ReadonlySet<string> {
  return new Set(names.map((name) => name.toLowerCase()));
}

function lowerKeys<T>(map: ReadonlyMap<string, T> = new Map()): ReadonlyMap<string, T> {
  return new Map([...map].map(([name, value]) => [name.toLowerCase(), value]));
}
