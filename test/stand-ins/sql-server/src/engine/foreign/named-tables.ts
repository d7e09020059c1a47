/** Which tables the arguments of a catalogue procedure mean. */
import type { SqlValue } from '../interface/engine-session.ts';
import { errors } from '../errors/errors.ts';
import type { ProcedureCall } from '../query/procedure.ts';
import { likeMatcher } from '../query/like.ts';
import type { Table } from '../storage/table.ts';
import { types } from '../catalogue/view.ts';

/** A name or a pattern, with what comes from quoting and escaping it. */
export const NAME = { name: 'nvarchar', length: 384 } as const;

/** The parameters that name one table, for procedures that take no patterns. */
export const oneTableParameters = [
  { name: '@table_name', type: NAME, required: true },
  { name: '@table_owner', type: NAME },
  { name: '@table_qualifier', type: types.sysname },
] as const;

/** Error 15250: the catalogue of another database is not looked at. */
export function requireOwnDatabase(
  { database }: ProcedureCall,
  ...qualifiers: (SqlValue | undefined)[]
): void {
  const { fold } = database.collation;
  for (const qualifier of qualifiers)
    if (typeof qualifier === 'string' && fold(qualifier) !== fold(database.name))
      throw errors.otherQualifier();
}

/** NULL means everything; without `usePattern` the wildcards are characters like others. */
export function nameFilter(
  { database }: ProcedureCall,
  wanted: SqlValue | undefined,
  usePattern: boolean,
): (name: string) => boolean {
  if (typeof wanted !== 'string') return () => true;
  const { fold, caseSensitive } = database.collation;
  if (usePattern) return likeMatcher(wanted, '\\', caseSensitive);
  return (name) => fold(name) === fold(wanted);
}

export function visibleTablesOf({ access, database }: ProcedureCall): Table[] {
  return [...database.tables()].filter((table) => access.owner || access.sees(table.schema, table.name));
}

/** By schema and name, as the procedures order what they list. */
export const byFullName = (a: Table, b: Table): number =>
  compareNames(a.schema, b.schema) || compareNames(a.name, b.name);

export const compareNames = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The table that `oneTableParameters` name: without an owner it is dbo's. None when it is not there. */
export function tableNamed(call: ProcedureCall): Table | undefined {
  const { values } = call;
  requireOwnDatabase(call, values['@table_qualifier']);
  return findTable(call, values['@table_name'], values['@table_owner']);
}

export function findTable(
  call: ProcedureCall,
  name: SqlValue | undefined,
  owner: SqlValue | undefined,
): Table | undefined {
  const isName = nameFilter(call, name, false);
  const isOwner = nameFilter(call, owner ?? 'dbo', false);
  return visibleTablesOf(call).find((table) => isName(table.name) && isOwner(table.schema));
}
