import { type ChangeMetadata, type PropertyValue, type TableId } from '@dstream/core';

/** Who the table is, out of a change: `server` is the source's name (DESIGN 5, rule 1). */
export function tableIdOf({ server, database, schema, table }: ChangeMetadata): TableId {
  return { source: server, database, schema, table };
}

/** Application properties of a message with the changes from `first` to `last` of one table (DESIGN 7). */
export function changeProperties(
  first: ChangeMetadata,
  last: ChangeMetadata,
  changes: number,
): Record<string, PropertyValue> {
  return {
    schema: first.schema,
    table: first.table,
    database: first.database,
    server: first.server,
    changes,
    firstPosition: first.position,
    lastPosition: last.position,
  };
}
