/** ALTER TABLE: rows are rewritten, indexes and foreign keys made anew; every step can be undone. */
import { rowScope } from '../dml/row-maker.ts';
import { storer } from '../dml/store-value.ts';
import type { SqlValue } from '../interface/engine-session.ts';
import { errors } from '../errors/errors.ts';
import type { AlterAction, ColumnDefinition } from '../parser/table-ast.ts';
import { compileCondition, compileExpression } from '../query/compile-expression.ts';
import type { Run } from '../query/run.ts';
import { type Compilation, Scope } from '../query/scope.ts';
import type { ServerState } from '../server/server-state.ts';
import type { Database } from '../storage/database.ts';
import type { Row, Values } from '../storage/row.ts';
import { type Column, remakeKeys, sameName, type Table } from '../storage/table.ts';
import type { Transaction } from '../storage/transaction.ts';
import { typeOf } from './alias-types.ts';
import { addColumn, addConstraint } from './define-table.ts';

export interface AlterContext {
  readonly state: ServerState;
  readonly compilation: Compilation;
  readonly transaction: Transaction;
  readonly database: Database | undefined;
  readonly run: Run;
}

export function alterTable(table: Table, action: AlterAction, context: AlterContext): void {
  rememberTable(table, context.transaction);
  switch (action.kind) {
    case 'add':
      for (const column of action.columns) addFilledColumn(table, column, context);
      for (const constraint of [
        ...action.columns.flatMap((column) => column.constraints),
        ...action.constraints,
      ]) {
        addConstraint(table, constraint, context.state, context.compilation);
      }
      checkRows(table, context);
      return;
    case 'dropColumns':
      for (const name of action.columns) dropColumn(table, name, action.ifExists);
      return;
    case 'dropConstraints':
      for (const name of action.names) dropConstraint(table, name, action.ifExists);
      return;
    case 'alterColumn':
      alterColumn(table, action, context);
  }
}

/** Puts back columns, constraints and rows when the transaction is rolled back. */
export function rememberTable(table: Table, transaction: Transaction): void {
  const { columns, indexes, checks, foreignKeys, referencedBy, lastIdentity } = table;
  const rows = [...table.rows].map((row) => ({ row, committed: row.committed, current: row.current }));
  transaction.onRollback(() => {
    table.setColumns(columns);
    Object.assign(table, { indexes, checks, foreignKeys, referencedBy, lastIdentity });
    table.rows.clear();
    for (const { row, committed, current } of rows) {
      Object.assign(row, { committed, current });
      table.rows.add(row);
    }
  });
}

function rewrite(table: Table, change: (values: Values) => Values): void {
  for (const row of table.rows) {
    const both = row.committed === row.current;
    const committed = row.committed && change(row.committed);
    row.current = both ? committed : row.current && change(row.current);
    row.committed = committed;
  }
}

/** Existing rows get NULL, or the default when the column takes no NULL (error 4901 when there is none). */
function addFilledColumn(table: Table, definition: ColumnDefinition, context: AlterContext): void {
  const { state, compilation, run } = context;
  const column = addColumn(table, definition, state, new Set(), compilation);
  const frame = { slots: [], outer: undefined, run };
  const needsValue = !column.nullable && column.computed === undefined && column.identity === undefined;
  if (needsValue && column.default === undefined && table.rows.size > 0)
    throw errors.addNotNull(column.name, table.name);
  const initial =
    column.default !== undefined && needsValue
      ? compileExpression(column.default.expression, new Scope(compilation, undefined))
      : undefined;
  const store = initial && storer(initial.type, column, table.fullName);
  const computed =
    column.computed && compileExpression(column.computed, rowScope(table, compilation)).evaluate;
  rewrite(table, (values) => {
    const value: SqlValue = computed
      ? computed({ ...frame, slots: [values] })
      : initial && store
        ? store(initial.evaluate(frame))
        : identityValue(table, column);
    return [...values, value];
  });
}

function identityValue(table: Table, { identity, type }: Column): SqlValue {
  if (identity === undefined) return null;
  table.lastIdentity =
    table.lastIdentity === undefined ? identity.seed : table.lastIdentity + identity.increment;
  return type.name === 'bigint' ? table.lastIdentity : Number(table.lastIdentity);
}

function checkRows(table: Table, { compilation, run, database }: AlterContext): void {
  const scope = rowScope(table, compilation);
  for (const { name, definition } of table.checks) {
    const test = compileCondition(definition.expression, scope);
    for (const { current } of table.rows) {
      if (current !== undefined && test({ slots: [current], outer: undefined, run }) === false) {
        throw errors.constraintConflict(
          'ALTER TABLE',
          'CHECK',
          name,
          database?.name ?? 'tempdb',
          table.fullName,
        );
      }
    }
  }
}

function dropColumn(table: Table, name: string, ifExists: boolean): void {
  const position = table.position(name);
  const column = table.columns[position ?? -1];
  if (position === undefined || column === undefined) {
    if (ifExists) return;
    throw errors.dropColumnMissing(name, table.name);
  }
  const uses = (columns: readonly string[]): boolean => columns.some((each) => sameName(table, each, name));
  const user =
    column.default?.name ??
    table.indexes.find((index) => uses(index.columns))?.name ??
    table.foreignKeys.find((key) => uses(key.columns))?.name;
  if (user !== undefined) throw errors.columnInUse(column.name, user);
  table.setColumns(table.columns.filter((_, i) => i !== position));
  rewrite(table, (values) => values.filter((_, i) => i !== position));
  remakeKeys(table);
}

function dropConstraint(table: Table, name: string, ifExists: boolean): void {
  const is = (other: { readonly name: string } | undefined): boolean =>
    other !== undefined && sameName(table, other.name, name);
  if (table.checks.some(is)) table.checks = table.checks.filter((check) => !is(check));
  else if (table.indexes.some((index) => is(index) && index.constraint !== undefined)) {
    table.indexes = table.indexes.filter((index) => !is(index));
  } else if (table.foreignKeys.some(is)) {
    const gone = table.foreignKeys.find(is);
    table.foreignKeys = table.foreignKeys.filter((each) => each !== gone);
    if (gone !== undefined)
      gone.referenced.referencedBy = gone.referenced.referencedBy.filter((each) => each !== gone);
  } else if (table.columns.some((column) => is(column.default))) {
    table.setColumns(table.columns.map((column) => (is(column.default) ? withoutDefault(column) : column)));
  } else if (!ifExists) throw errors.notConstraint(name);
}

function withoutDefault(column: Column): Column {
  const { default: _, ...rest } = column;
  return rest;
}

function alterColumn(
  table: Table,
  action: Extract<AlterAction, { kind: 'alterColumn' }>,
  context: AlterContext,
): void {
  const position = table.position(action.column);
  const old = table.columns[position ?? -1];
  if (position === undefined || old === undefined) throw errors.alterColumnMissing(action.column, table.name);
  const declared = typeOf(action, context.compilation.database);
  if (declared === undefined) throw errors.alterColumnMissing(action.column, table.name);
  const { alias: _, ...rest } = old;
  const nullable = action.nullable ?? declared.alias?.nullable ?? true;
  const column: Column = { ...rest, ...declared, nullable };
  const store = storer(old.type, column, `${context.database?.name ?? 'tempdb'}.${table.fullName}`);
  table.setColumns(table.columns.map((each, i) => (i === position ? column : each)));
  rewrite(table, (values) =>
    values.map((value, i) => (i === position ? stored(store(value), column, table, context) : value)),
  );
  remakeKeys(table);
}

function stored(value: SqlValue, column: Column, table: Table, { database }: AlterContext): SqlValue {
  if (value === null && !column.nullable)
    throw errors.nullInsert(column.name, `${database?.name ?? 'tempdb'}.${table.fullName}`, 'ALTER TABLE');
  return value;
}

/** For TRUNCATE TABLE and DROP TABLE. */
export function forgetRows(table: Table, transaction: Transaction): void {
  const rows: readonly Row[] = [...table.rows];
  for (const row of rows) transaction.change(table, row, undefined);
}
