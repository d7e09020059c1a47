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
 * separator, so two tables never share a key. Sessions and change ids are built on it.
 */
export function tableKey(t: TableId): string {
  return `${encodePart(t.source)}/${encodePart(t.database)}/${encodePart(t.schema)}.${encodePart(t.table)}`;
}

// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const reserved = /[%/.?#\\\u0000-\u001f]/g;

/** A name as one part of a key: without the characters that separate parts. */
export function encodePart(name: string): string {
  return name.replace(reserved, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}

/** The reverse of `encodePart`. */
export function decodePart(part: string): string {
  return part.replace(/%([\dA-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}

/**
 * `make`, called once for each table object. While it is asked about the same table it compares a reference only: that may be
 * done for every change.
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
