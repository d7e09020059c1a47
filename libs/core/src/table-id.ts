/** The identities of tables and partitions as text (docs/guarantees.md, rule 1). */

/**
 * Which table: the source's configured name, the database, and schema and table in the catalogue's spelling. Never the
 * capture instance, which may change, nor `@@SERVERNAME`, which changes on failover.
 */
export interface TableId {
  readonly source: string;
  readonly database: string;
  readonly schema: string;
  readonly table: string;
}

/**
 * A source's unit of reading, lease and checkpoint, as one string of percent-encoded parts: `source/database/…`. Of SQL
 * Server a partition is a table, `source/database/schema.table`; of another source it may hold many tables.
 */
export type PartitionId = string & { readonly __brand: 'PartitionId' };

/** `schema.table`, for people and for the message's subject. Not unique when a name holds a dot: see `tableKey`. */
export function tableName(t: Pick<TableId, 'schema' | 'table'>): string {
  return `${t.schema}.${t.table}`;
}

/**
 * The identity as one string: `source/database/schema.table`. Each part is percent-encoded where it holds a
 * separator, so two tables never share a key. Sessions and change ids are built on it.
 */
export function tableKey(t: TableId): string {
  return `${encodePart(t.source)}/${encodePart(t.database)}/${encodePart(t.schema)}.${encodePart(t.table)}`;
}

/** What the ids of all partitions of a source begin with: see `ChangeSource.scope`. */
export function scopeOf({ source, database }: Pick<TableId, 'source' | 'database'>): string {
  return `${encodePart(source)}/${encodePart(database)}`;
}

/** The partition `name` of a source whose partitions are not tables. No table has the same id. */
export function partitionIn(scope: string, name: string): PartitionId {
  return `${scope}/${encodePart(name)}` as PartitionId;
}

/** The partition that is `table`, of a source whose partitions are tables. */
export function partitionOf(table: TableId): PartitionId {
  return tableKey(table) as PartitionId;
}

/** The reverse of `partitionOf`. Undefined for a partition that is not a table. */
export function tableOfPartition(id: PartitionId): TableId | undefined {
  const match = /^([^/]*)\/([^/]*)\/([^/.]*)\.([^/.]*)$/.exec(id);
  if (match === null) return undefined;
  const [source = '', database = '', schema = '', table = ''] = match.slice(1).map(decodePart);
  return { source, database, schema, table };
}

/** The name for people: the last part of the id, decoded; `dbo.Persons` for a table. Logs and metrics have it as `table`. */
export function partitionName(id: PartitionId): string {
  return decodePart(id.slice(id.lastIndexOf('/') + 1));
}

/**
 * `make`, called once for each table object. For a change of the same table as the one before it only compares a
 * reference, so that it may be called for every change.
 */
export function perTable<T>(make: (table: TableId) => T): (table: TableId) => T {
  const made = new Map<TableId, { readonly table: TableId; readonly value: T }>();
  const madeOf = (table: TableId) => {
    const entry = made.get(table) ?? { table, value: make(table) };
    made.set(table, entry);
    return entry;
  };
  let last: ReturnType<typeof madeOf> | undefined;
  return (table) => {
    if (last?.table !== table) last = madeOf(table);
    return last.value;
  };
}

/**
 * Hex digest of a text's UTF-8, at least 16 digits. Passed in: core computes no hashes itself. A lone surrogate, which
 * SQL Server allows in a name, has no UTF-8: all of them are hashed as U+FFFD, and texts that differ in nothing else get
 * one digest. Where the digest alone distinguishes two, hash `JSON.stringify(text)`, which escapes them.
 */
export type Hash = (text: string) => string;

/**
 * `text` if it has at most `max` characters and is plain ASCII, else as much of its start as fits followed by `~`
 * and 16 digits of its hash. The same text always gives the same result.
 */
export function shorten(text: string, max: number, hash: Hash): string {
  if (text.length <= max && /^[\x20-\x7e]*$/.test(text)) return text;
  const readable = text.replace(/[^\x20-\x7e]/g, '_').slice(0, max - 17);
  return `${readable}~${hash(text).slice(0, 16)}`;
}

// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const reserved = /[%/.?#\\\u0000-\u001f]/g;

/** A name as one part of a key: without the characters that separate parts. */
function encodePart(name: string): string {
  return name.replace(reserved, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}

function decodePart(part: string): string {
  return part.replace(/%([\dA-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}
