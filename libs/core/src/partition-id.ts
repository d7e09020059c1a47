import { decodePart, encodePart, tableKey, type TableId } from './table-id.ts';

/**
 * A source's unit of reading, lease and checkpoint, as one string of percent-encoded parts: `source/database/…`. Of SQL
 * Server a partition is a table, `source/database/schema.table`; of another source it may hold many tables.
 */
export type PartitionId = string & { readonly __brand: 'PartitionId' };

/** What the ids of all partitions of a source begin with: see `ChangeSource.scope`. */
export function scopeOf({ source, database }: Pick<TableId, 'source' | 'database'>): string {
  return `${encodePart(source)}/${encodePart(database)}`;
}

/** The partition `name` of a source whose partitions are no tables. No table has the same id. */
export function partitionIn(scope: string, name: string): PartitionId {
  return `${scope}/${encodePart(name)}` as PartitionId;
}

/** The partition that is `table`, of a source whose partitions are tables. */
export function partitionOf(table: TableId): PartitionId {
  return tableKey(table) as PartitionId;
}

/** The reverse of `partitionOf`. Undefined for a partition that is no table. */
export function tableOfPartition(id: PartitionId): TableId | undefined {
  const match = /^([^/]*)\/([^/]*)\/([^/.]*)\.([^/.]*)$/.exec(id);
  if (match === null) return undefined;
  const [source = '', database = '', schema = '', table = ''] = match.slice(1).map(decodePart);
  return { source, database, schema, table };
}

/** For people: the last part of the id, decoded. Of a table `dbo.Persons`. Logs and metrics have it as `table`. */
export function partitionName(id: PartitionId): string {
  return decodePart(id.slice(id.lastIndexOf('/') + 1));
}
