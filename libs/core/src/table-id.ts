/**
 * Who a table is (DESIGN 5, rule 1): the source's configured name, the database, and schema and table in the
 * catalogue's spelling. Never the capture instance, which may change, nor `@@SERVERNAME`, which changes on failover.
 */
export interface TableId {
  readonly source: string;
  readonly database: string;
  readonly schema: string;
  readonly table: string;
}

/** `schema.table`, for people and for the message's subject. Not unique when a name holds a dot: see `tableKey`. */
export function tableName(t: Pick<TableId, 'schema' | 'table'>): string {
  return `${t.schema}.${t.table}`;
}

/**
 * The identity as one string: `source/database/schema.table`. Each part is percent-encoded where it holds a
 * separator, so two tables never share a key. Leases, sessions and change ids are built on it.
 */
export function tableKey(t: TableId): string {
  return `${part(t.source)}/${part(t.database)}/${part(t.schema)}.${part(t.table)}`;
}

/** The table that a key stands for: the reverse of `tableKey`. Undefined for what is no key. */
export function tableOfKey(key: string): TableId | undefined {
  const match = /^([^/]*)\/([^/]*)\/([^/.]*)\.([^/.]*)$/.exec(key);
  if (match === null) return undefined;
  const [source = '', database = '', schema = '', table = ''] = match.slice(1).map(unescaped);
  return { source, database, schema, table };
}

function unescaped(text: string): string {
  return text.replace(/%([\dA-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}

// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const reserved = /[%/.?#\\\u0000-\u001f]/g;

function part(text: string): string {
  return text.replace(reserved, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}
