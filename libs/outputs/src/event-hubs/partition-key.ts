import { tableKey, type ChangeMetadata, type Value } from '@dstream/core';
import { tableIdOf } from '../destinations/change-properties.ts';

/**
 * What decides a change's partition: the value of its key; of several columns, their values as a JSON array. Changes of
 * a table without a key all have the table's identity, and so have markers that concern the whole table.
 */
export function partitionKeyOf(metadata: ChangeMetadata): string {
  if (metadata.key === null) return tableKey(tableIdOf(metadata));
  const values = Object.values(metadata.key);
  const [only] = values;
  return values.length === 1 && only !== undefined ? textOf(only) : JSON.stringify(values);
}

function textOf(value: Value): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
