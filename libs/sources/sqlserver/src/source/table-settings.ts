import type { TableId } from '@dstream/core';
import type { CatalogueTable } from '../sql/catalogue.ts';

/** How often one table is polled, in milliseconds. */
export interface PollIntervals {
  readonly intervalMs: number;
  readonly maxIntervalMs: number;
}

/** A table, or with `*` all captured tables of a schema, and how often it is polled. */
export interface TableSettings {
  readonly schema: string;
  readonly table: string;
  readonly pollIntervalMs: number;
  readonly maxPollIntervalMs: number;
}

/** The name that means all captured tables of a schema. */
export const everyTable = '*';

/**
 * The tables that are meant, each once. A name is looked up as it is written and, if nothing is spelled so, without
 * regard to case. One that is not found is kept as it was configured: it is a fault of that table only.
 */
export function expandTables(
  settings: readonly TableSettings[],
  catalogue: readonly CatalogueTable[],
): readonly Pick<TableId, 'schema' | 'table'>[] {
  const found = settings.flatMap((wanted) => {
    if (wanted.table === everyTable)
      return catalogue.filter(({ schema, captured }) => captured && sameName(schema, wanted.schema));
    return [
      catalogue.find((t) => isExactly(wanted, t)) ?? catalogue.find((t) => isLike(wanted, t)) ?? wanted,
    ];
  });
  const byName = new Map(
    found.map(({ schema, table }) => [JSON.stringify([schema, table]), { schema, table }]),
  );
  return [...byName.values()];
}

/** How often `table` is polled: by the entry that names it, else by the pattern that covers it. */
export function intervalsOf(
  settings: readonly TableSettings[],
  table: Pick<TableId, 'schema' | 'table'>,
): PollIntervals | undefined {
  const entry =
    settings.find((s) => isExactly(s, table)) ??
    settings.find((s) => isLike(s, table)) ??
    settings.find((s) => s.table === everyTable && sameName(s.schema, table.schema));
  return entry && { intervalMs: entry.pollIntervalMs, maxIntervalMs: entry.maxPollIntervalMs };
}

/** The schemas whose pattern covers no captured table: to be logged, because nothing else reports it. */
export function emptyPatterns(
  settings: readonly TableSettings[],
  catalogue: readonly CatalogueTable[],
): readonly string[] {
  const covered = ({ schema }: TableSettings) =>
    catalogue.some((table) => table.captured && sameName(table.schema, schema));
  return settings.filter((s) => s.table === everyTable && !covered(s)).map(({ schema }) => schema);
}

type Name = Pick<TableId, 'schema' | 'table'>;

const sameName = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
const isExactly = (a: Name, b: Name) => a.schema === b.schema && a.table === b.table;
const isLike = (a: Name, b: Name) => sameName(a.schema, b.schema) && sameName(a.table, b.table);
