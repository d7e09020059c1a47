/** The table that a statement writes to, and the stored rows in it. */
import { errors } from '../errors/errors.ts';
import type { Name } from '../parser/ast.ts';
import type { Compilation } from '../query/scope.ts';
import type { StoredTable } from '../query/table-like.ts';
import type { Row, Values } from '../storage/row.ts';
import type { Table } from '../storage/table.ts';

/** Only tables take writes: views of the catalogue and change tables do not (error 259). */
export function targetTable(
  name: Name,
  compilation: Compilation,
  permission: 'INSERT' | 'UPDATE' | 'DELETE',
): StoredTable {
  const [first = ''] = name;
  const found = first.startsWith('@')
    ? compilation.tableVariable(first)
    : compilation.table(name, permission);
  if (found.kind === 'virtual') throw errors.systemTable();
  return found;
}

/** Finds the stored row of values that a query has read. */
export function rowFinder(table: Table): (values: Values) => Row | undefined {
  const keys = table.indexes.find((index) => index.unique)?.keys;
  let byValues: Map<Values, Row> | undefined;
  return (values) => {
    if (keys !== undefined) {
      for (const row of keys.at(keys.keyOf(values))) if (row.current === values) return row;
      return undefined;
    }
    if (byValues === undefined) {
      byValues = new Map();
      for (const row of table.rows) if (row.current !== undefined) byValues.set(row.current, row);
    }
    return byValues.get(values);
  };
}
