/** INFORMATION_SCHEMA.TABLE_CONSTRAINTS and KEY_COLUMN_USAGE. */
import type { Database } from '../storage/database.ts';
import type { Table } from '../storage/table.ts';
import { types, view, type MakeView } from '../catalogue/view.ts';
import { visibleTables } from '../catalogue/visible.ts';

interface Constraint {
  readonly name: string;
  readonly type: 'PRIMARY KEY' | 'UNIQUE' | 'FOREIGN KEY' | 'CHECK';
  readonly columns: readonly string[];
}

function* constraintsOf({ indexes, foreignKeys, checks }: Table): Generator<Constraint> {
  for (const { name, constraint, columns } of indexes)
    if (constraint !== undefined)
      yield { name, type: constraint.kind === 'primary key' ? 'PRIMARY KEY' : 'UNIQUE', columns };
  for (const { name, columns } of foreignKeys) yield { name, type: 'FOREIGN KEY', columns };
  for (const { name } of checks) yield { name, type: 'CHECK', columns: [] };
}

const named = ({ name: database }: Database, { schema, name }: Table, constraint: Constraint) => ({
  CONSTRAINT_CATALOG: database,
  CONSTRAINT_SCHEMA: schema,
  CONSTRAINT_NAME: constraint.name,
  TABLE_CATALOG: database,
  TABLE_SCHEMA: schema,
  TABLE_NAME: name,
});

const names = {
  CONSTRAINT_CATALOG: types.sysname,
  CONSTRAINT_SCHEMA: types.sysname,
  CONSTRAINT_NAME: types.sysname,
  TABLE_CATALOG: types.sysname,
  TABLE_SCHEMA: types.sysname,
  TABLE_NAME: types.sysname,
} as const;

export const tableConstraints: MakeView = view(
  {
    ...names,
    CONSTRAINT_TYPE: { name: 'varchar', length: 11 },
    IS_DEFERRABLE: { name: 'varchar', length: 2 },
    INITIALLY_DEFERRED: { name: 'varchar', length: 2 },
  },
  function* ({ database }, frame) {
    for (const table of visibleTables(database, frame))
      for (const constraint of constraintsOf(table))
        yield {
          ...named(database, table, constraint),
          CONSTRAINT_TYPE: constraint.type,
          IS_DEFERRABLE: 'NO',
          INITIALLY_DEFERRED: 'NO',
        };
  },
);

export const keyColumnUsage: MakeView = view(
  { ...names, COLUMN_NAME: types.sysname, ORDINAL_POSITION: types.int },
  function* ({ database }, frame) {
    for (const table of visibleTables(database, frame))
      for (const constraint of constraintsOf(table))
        for (const [i, column] of constraint.columns.entries())
          yield { ...named(database, table, constraint), COLUMN_NAME: column, ORDINAL_POSITION: i + 1 };
  },
);
