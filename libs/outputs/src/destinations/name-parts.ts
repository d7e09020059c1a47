/** What `{{ table }}`, `{{ operation }}` or `{{ data.Region }}` in the name of a destination is for a change. */
import {
  fillNames,
  isTablePart,
  type NamedTable,
  type NamePart,
  type TablePart,
} from '@dstream/config/schema';
import { DStreamError, type ChangeEvent, type ChangeMetadata, type Row } from '@dstream/core';

/** Makes a name out of the values of its parts. Pure, and called with parts of its template only. */
export type FillName = (valueOf: (part: NamePart) => string) => string;

/** What a name may hold, for advice. */
export const partsAdvice =
  '{{ server }}, {{ database }}, {{ schema }}, {{ table }}, {{ operation }}, {{ data.COLUMN }} and {{ key.COLUMN }}';

/** Names that are remembered, at most. */
const maxRemembered = 10_000;

/** The parts that a template names, each once. */
function partsOf(template: string): readonly NamePart[] {
  const parts = new Set<NamePart>();
  fillNames(template, (part) => (parts.add(part), ''));
  return [...parts];
}

/** True when the template is the name of the one destination of all changes. */
export function isFixedName(template: string): boolean {
  return partsOf(template).length === 0;
}

/** True when all changes of a table go to one destination. */
export function isNameOfTable(template: string): boolean {
  return partsOf(template).every(isTablePart);
}

/**
 * A function from a change to the name that `fill` makes for it. It throws Rejected, which names the change and the column,
 * when a part has no value: the column is missing, unavailable, NULL or empty.
 */
export function namesOfChanges(template: string, fill: FillName): (event: ChangeEvent) => string {
  const parts = partsOf(template);
  return parts.every(isTablePart) ? namesOfTables(fill) : namesOfValues(parts, fill);
}

/** For `Publisher.destinationOf`. A change without a destination has failed by itself: it says nothing about any. */
export function nameOrNone(nameOf: () => string): string {
  try {
    return nameOf();
  } catch {
    return '';
  }
}

/**
 * The parts of a table, for plans. What differs between the changes of a table stays a template.
 * @param encode what becomes of a part that the table has
 */
export function planOf(
  template: string,
  table: NamedTable,
  encode: (value: string, part: TablePart) => string,
): string {
  return fillNames(template, (part) => (isTablePart(part) ? encode(table[part], part) : `{{ ${part} }}`));
}

function namesOfTables(fill: FillName): (event: ChangeEvent) => string {
  const remembered = new Map<string, string>();
  const recall = (table: NamedTable): string => {
    const key = [table.server, table.database, table.schema, table.table].join('\n');
    return remember(remembered, key, () => fill((part) => (isTablePart(part) ? table[part] : '')));
  };
  // Consecutive changes are mostly of one table: comparing costs a fraction of a look-up.
  let last: { readonly table: NamedTable; readonly name: string } | undefined;
  return ({ metadata }) => {
    if (last === undefined || !isSame(last.table, metadata))
      last = { table: metadata, name: recall(metadata) };
    return last.name;
  };
}

function isSame(a: NamedTable, b: NamedTable): boolean {
  return a.table === b.table && a.schema === b.schema && a.database === b.database && a.server === b.server;
}

function namesOfValues(parts: readonly NamePart[], fill: FillName): (event: ChangeEvent) => string {
  const remembered = new Map<string, string>();
  return (event) => {
    const values = parts.map((part) => valueOf(part, event));
    const key = JSON.stringify(values);
    return remember(remembered, key, () => fill((part) => values[parts.indexOf(part)] ?? ''));
  };
}

function remember(names: Map<string, string>, key: string, make: () => string): string {
  const known = names.get(key);
  if (known !== undefined) return known;
  const name = make();
  if (names.size >= maxRemembered) names.clear();
  names.set(key, name);
  return name;
}

function valueOf(part: NamePart, event: ChangeEvent): string {
  const { metadata } = event;
  if (isTablePart(part)) return metadata[part];
  if (part === 'operation') return metadata.operation;
  const [image, column] = [part.slice(0, part.indexOf('.')), part.slice(part.indexOf('.') + 1)];
  const row = image === 'key' ? metadata.key : event.data;
  const name = row === null ? undefined : columnOf(row, column);
  const value = row === null || name === undefined ? undefined : row[name];
  if (value !== undefined && value !== null && value !== '')
    return typeof value === 'object' ? JSON.stringify(value) : String(value);
  const why = image === 'data' && isUnavailable(metadata, column) ? 'is not available' : missing(value, row);
  throw new DStreamError('Rejected', `no destination for change ${metadata.id}: ${part} ${why}`);
}

/** The column in the spelling of the change. Case is ignored, as SQL Server mostly does. */
function columnOf(row: Row, column: string): string | undefined {
  if (Object.hasOwn(row, column)) return column;
  const lower = column.toLowerCase();
  return Object.keys(row).find((name) => name.toLowerCase() === lower);
}

function isUnavailable({ unavailable = [] }: ChangeMetadata, column: string): boolean {
  const lower = column.toLowerCase();
  return unavailable.some((one) => one.in === 'data' && one.columns.some((c) => c.toLowerCase() === lower));
}

function missing(value: unknown, row: Row | null): string {
  if (row === null) return 'is missing, because the change has none';
  if (value === undefined) return 'is missing';
  return value === null ? 'is NULL' : 'is empty';
}
