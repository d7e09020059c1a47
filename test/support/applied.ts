import type { ChangeEvent, Row } from '@dstream/core';

/**
 * The table that the changes give when they are applied in their order to an empty one, by the text of the key. Throws
 * when one does not fit: an insert of what is there, an update or a delete of what is not, or of other values.
 */
export function applied(changes: readonly ChangeEvent[]): ReadonlyMap<string, Row> {
  const table = new Map<string, Row>();
  for (const { data, before, metadata } of changes) {
    const key = JSON.stringify(metadata.key);
    const found = table.get(key);
    const old = metadata.operation === 'insert' ? undefined : metadata.operation === 'delete' ? data : before;
    if (JSON.stringify(found) !== JSON.stringify(old ?? undefined))
      throw new Error(
        `${metadata.operation} of ${key} at ${metadata.position} meets ${JSON.stringify(found)} for ${JSON.stringify(old)}`,
      );
    if (metadata.operation === 'delete' || data === null) table.delete(key);
    else table.set(key, data);
  }
  return table;
}
