/** From the definition of columns and constraints to a table. Names that nobody gave are made as SQL Server makes them. */
import { typeOf } from './alias-types.ts';
import { displayKey } from '../dml/display-key.ts';
import { rowScope } from '../dml/row-maker.ts';
import type { SqlType } from '../interface/engine-session.ts';
import { errors } from '../errors/errors.ts';
import type { ColumnDefinition, ConstraintDefinition, TableDefinition } from '../parser/table-ast.ts';
import { compileExpression } from '../query/compile-expression.ts';
import type { Compilation } from '../query/scope.ts';
import type { ServerState } from '../server/server-state.ts';
import { type Column, type ForeignKey, type Index, sameName, type Table } from '../storage/table.ts';

/** Errors 2705, 8111, 1779, 1911. Foreign keys are added by the caller, who knows the database. */
export function defineTable(
  table: Table,
  definition: TableDefinition,
  state: ServerState,
  compilation: Compilation,
): void {
  const [, tooMany] = definition.columns.slice(MOST_COLUMNS - 1);
  if (tooMany !== undefined) throw errors.tooManyColumns(tooMany.name, table.name);
  for (const column of definition.columns)
    addColumn(table, column, state, keyColumns(table, definition), compilation);
  for (const column of definition.columns)
    for (const constraint of column.constraints) addConstraint(table, constraint, state, compilation);
  for (const constraint of definition.constraints) addConstraint(table, constraint, state, compilation);
}

/** "Maximum capacity specifications for SQL Server". */
const MOST_COLUMNS = 1024;

/** Columns of a primary key are NOT NULL unless somebody wrote NULL. */
function keyColumns({ collation }: Table, definition: TableDefinition): ReadonlySet<string> {
  const all = [...definition.constraints, ...definition.columns.flatMap((column) => column.constraints)];
  return new Set(all.flatMap((one) => (one.kind === 'primary key' ? one.columns.map(collation.fold) : [])));
}

export function addColumn(
  table: Table,
  definition: ColumnDefinition,
  state: ServerState,
  keys: ReadonlySet<string>,
  compilation: Compilation,
): Column {
  const { name } = definition;
  if (table.position(name) !== undefined) throw errors.duplicateColumn(name, table.name);
  const declared = typeOf(definition, compilation.database);
  const type = declared?.type ?? computedType(table, definition, compilation);
  const byType = declared?.alias?.nullable === false ? false : undefined;
  const nullable =
    definition.identity === undefined &&
    type.name !== 'timestamp' &&
    (definition.nullable ?? byType ?? !keys.has(table.collation.fold(name)));
  const column: Column = {
    name,
    id: table.nextColumnId++,
    type,
    ...(declared?.alias && { alias: declared.alias }),
    nullable,
    persisted: definition.persisted,
    ...(definition.identity && { identity: definition.identity }),
    ...(definition.computed && { computed: definition.computed }),
    ...(definition.default && {
      default: {
        name: definition.default.name ?? generatedName('DF', table.name, state, name),
        objectId: state.newObjectId(),
        expression: definition.default.expression,
      },
    }),
  };
  table.setColumns([...table.columns, column]);
  return column;
}

function computedType(table: Table, definition: ColumnDefinition, compilation: Compilation): SqlType {
  if (definition.computed === undefined) throw errors.syntax(definition.name, 1);
  return compileExpression(definition.computed, rowScope(table, compilation)).type;
}

/** PK__Persons__3214EC27A1B2C3D4 and the like: unique, but not the same on every server. */
function generatedName(prefix: string, table: string, state: ServerState, column = ''): string {
  const number = state.newObjectId().toString(16).toUpperCase().padStart(8, '0');
  const middle = column === '' ? table.slice(0, 9) : `${table.slice(0, 9)}__${column.slice(0, 5)}`;
  return `${prefix}__${middle}__${number}`;
}

export function addConstraint(
  table: Table,
  definition: ConstraintDefinition,
  state: ServerState,
  compilation: Compilation,
): void {
  switch (definition.kind) {
    case 'primary key':
    case 'unique':
      addKey(table, definition, state);
      return;
    case 'check': {
      const check = {
        name: definition.name ?? generatedName('CK', table.name, state),
        objectId: state.newObjectId(),
        definition,
      };
      table.checks = [...table.checks, check];
      return;
    }
    case 'default': {
      const position = table.position(definition.column);
      if (position === undefined) throw errors.constraintColumnMissing(definition.column);
      const made = {
        name: definition.name ?? generatedName('DF', table.name, state, definition.column),
        objectId: state.newObjectId(),
        expression: definition.expression,
      };
      table.setColumns(
        table.columns.map((column, i) => (i === position ? { ...column, default: made } : column)),
      );
      return;
    }
    case 'foreign key':
      table.foreignKeys = [...table.foreignKeys, foreignKey(table, definition, state, compilation)];
  }
}

function addKey(
  table: Table,
  definition: Extract<ConstraintDefinition, { kind: 'primary key' | 'unique' }>,
  state: ServerState,
): void {
  const primary = definition.kind === 'primary key';
  if (primary && table.primaryKey !== undefined) throw errors.severalPrimaryKeys(table.name);
  for (const name of definition.columns) {
    const column = table.columns[table.position(name) ?? -1];
    if (column === undefined) throw errors.constraintColumnMissing(name);
    if (primary && column.nullable) throw errors.primaryKeyNullable(table.name);
  }
  const hasClustered = table.indexes.some((index) => index.clustered);
  addIndex(table, {
    name: definition.name ?? generatedName(primary ? 'PK' : 'UQ', table.name, state),
    columns: definition.columns,
    unique: true,
    clustered: definition.clustered ?? (primary && !hasClustered),
    constraint: {
      kind: definition.kind,
      objectId: state.newObjectId(),
      named: definition.name !== undefined,
    },
  });
}

/** Error 1505 when the rows that are there already break a unique index. */
export function addIndex(table: Table, index: Omit<Index, 'id' | 'keys'>): void {
  const columns = index.columns.map((name) => {
    const column = table.columns[table.position(name) ?? -1];
    if (column === undefined) throw errors.constraintColumnMissing(name);
    return column.name;
  });
  const id = index.clustered ? 1 : Math.max(1, ...table.indexes.map((other) => other.id)) + 1;
  const made: Index = { ...index, columns, id, keys: table.makeKeys(columns) };
  if (index.unique) requireUnique(table, made);
  table.indexes = [...table.indexes, made];
}

function requireUnique(table: Table, index: Index): void {
  for (const { current } of table.rows) {
    if (current === undefined) continue;
    const key = index.keys.keyOf(current);
    const same = [...index.keys.at(key)].filter(
      (row) => row.current !== undefined && index.keys.keyOf(row.current) === key,
    );
    if (same.length > 1)
      throw errors.duplicateInData(index.name, table.fullName, displayKey(table, index.keys, current));
  }
}

/** Errors 1767 and 1776. */
function foreignKey(
  table: Table,
  definition: Extract<ConstraintDefinition, { kind: 'foreign key' }>,
  state: ServerState,
  compilation: Compilation,
): ForeignKey {
  const name = definition.name ?? generatedName('FK', table.name, state, definition.columns[0]);
  const referenced = isSelf(table, definition.table)
    ? table
    : referencedTable(name, definition.table, compilation);
  const referencedColumns =
    definition.referenced.length > 0 ? definition.referenced : (referenced.primaryKey?.columns ?? []);
  const wanted = referencedColumns.map(referenced.collation.fold).join();
  if (
    !referenced.indexes.some(
      (index) => index.unique && index.columns.map(referenced.collation.fold).join() === wanted,
    )
  ) {
    throw errors.noReferencedKey(referenced.name, name);
  }
  for (const column of definition.columns)
    if (table.position(column) === undefined) throw errors.constraintColumnMissing(column);
  const { onDelete, onUpdate, columns } = definition;
  const made: ForeignKey = {
    name,
    objectId: state.newObjectId(),
    table,
    columns,
    referenced,
    referencedColumns,
    onDelete,
    onUpdate,
    keys: table.makeKeys(columns),
  };
  referenced.referencedBy = [...referenced.referencedBy, made];
  return made;
}

const isSelf = (table: Table, name: readonly string[]): boolean => {
  const schema = name.length > 1 ? name.at(-2) : 'dbo';
  return sameName(table, table.name, name.at(-1)) && sameName(table, table.schema, schema);
};

function referencedTable(constraint: string, name: readonly string[], compilation: Compilation): Table {
  try {
    const found = compilation.table(name);
    if (found.kind === 'stored') return found.table;
  } catch {
    // Said below in the words of the foreign key.
  }
  throw errors.foreignTableMissing(constraint, name.join('.'));
}
