/** Names of columns, as every key that names some takes them. */
import { listOf } from './list-of.ts';
import { text } from './scalars.ts';
import type { ValueType } from './value-type.ts';

/** One column. */
export const columnName = text({
  what: 'a column name',
  pattern: /^.{1,128}$/su,
  right: 'write at most 128 characters',
});

/**
 * Columns, each once: the case of names is ignored, as SQL Server does by default.
 * @param example for advice: `["Notes"]`
 */
export function columnNames(example: string): ValueType<readonly string[]> {
  return listOf(columnName, {
    what: 'column names',
    one: 'column',
    example,
    key: (name) => name.toLowerCase(),
  });
}
