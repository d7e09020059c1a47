import type { ChangeMetadata } from '@dstream/core';

/**
 * `make`, called again only when `same` says that its input differs from the one before. For what consecutive changes mostly share.
 */
export function memoizeLast<I, T>(make: (input: I) => T, same: (a: I, b: I) => boolean): (input: I) => T {
  let last: { readonly input: I; readonly made: T } | undefined;
  return (input) => {
    if (last === undefined || !same(input, last.input)) last = { input, made: make(input) };
    return last.made;
  };
}

/** What identifies a table of some source. */
export type SourceTable = Pick<ChangeMetadata, 'source' | 'server' | 'database' | 'schema' | 'table'>;

/** `make` for each table. */
export function perTable<T>(make: (table: SourceTable) => T): (table: SourceTable) => T {
  return memoizeLast(
    // A copy: the event would stay in memory.
    ({ source, server, database, schema, table }) => make({ source, server, database, schema, table }),
    (a, b) =>
      a.table === b.table &&
      a.schema === b.schema &&
      a.database === b.database &&
      a.server === b.server &&
      a.source === b.source,
  );
}

/** `make` for each text, such as a commit time. */
export function perText<T>(make: (text: string) => T): (text: string) => T {
  return memoizeLast(make, (a, b) => a === b);
}
