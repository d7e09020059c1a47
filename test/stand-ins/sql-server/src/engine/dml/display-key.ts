/** The values of a key as messages show them. */
import type { KeyIndex } from '../storage/key-index.ts';
import type { Values } from '../storage/row.ts';
import type { Table } from '../storage/table.ts';
import { textOf } from '../query/text-of.ts';
import { converter } from '../values/index.ts';

export function displayKey(table: Table, keys: KeyIndex, values: Values): string {
  return keys.positions
    .map((position) => {
      const value = values[position] ?? null;
      const type = table.columns[position]?.type;
      if (value === null || type === undefined) return '<NULL>';
      return textOf(
        converter(
          type,
          { name: 'nvarchar', length: 'max' },
          type.name.includes('binary') ? 1 : undefined,
        )(value),
      );
    })
    .join(', ');
}
