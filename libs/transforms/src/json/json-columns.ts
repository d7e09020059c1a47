/** The columns that `flatten` and `parse_json` read: how a file names them, and which they may not be. */
import { columnNames } from '@dstream/config/schema';
import { DStreamError, type PlainRow } from '@dstream/core';

/** The value of keys that name columns which hold JSON. */
export const jsonColumns = columnNames('["Details"]');

/**
 * A key tells rows apart, and stays plain. Throws TransformFailed.
 * @param columns in lower case
 */
export function checkKey(key: PlainRow | null, columns: ReadonlySet<string>): void {
  const inKey = Object.keys(key ?? {}).find((name) => columns.has(name.toLowerCase()));
  if (inKey === undefined) return;
  throw new DStreamError(
    'TransformFailed',
    `the column ${inKey} is part of the key, which stays as it is; name other columns`,
  );
}
