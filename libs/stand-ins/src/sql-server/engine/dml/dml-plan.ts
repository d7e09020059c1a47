/** What INSERT, UPDATE and DELETE are compiled to, and how OUTPUT and targets are found. */
import type { SqlValue } from '../engine-session.ts';
import { errors } from '../errors.ts';
import type { Name, Output } from '../parser/ast.ts';
import { compileItems } from '../query/compile-block.ts';
import type { Compilation, StoredTable } from '../query/compilation.ts';
import type { Run } from '../query/run.ts';
import { Scope, type OutputColumn } from '../query/scope.ts';
import type { Database } from '../storage/database.ts';
import type { Row, Values } from '../storage/row.ts';
import type { Table } from '../storage/table.ts';
import type { Transaction } from '../storage/transaction.ts';
import { insertRows } from './insert-rows.ts';
import { RowMaker } from './row-maker.ts';
import { StatementChanges } from './statement-changes.ts';

/** What a statement that writes needs from its session. */
export interface WriteContext {
  readonly run: Run;
  readonly transaction: Transaction;
  readonly identityInsert: Table | undefined;
}

export interface WriteResult {
  readonly count: number;
  /** Rows of OUTPUT. */
  readonly rows: readonly Values[];
}

export interface WritePlan {
  readonly database: Database | undefined;
  /** Set when OUTPUT returns rows. */
  readonly columns: readonly OutputColumn[] | undefined;
  execute(context: WriteContext): WriteResult;
}

/** Only tables take writes: views of the catalogue and change tables do not (error 259). */
export function targetTable(name: Name, compilation: Compilation): StoredTable {
  const [first = ''] = name;
  const found = first.startsWith('@') ? compilation.tableVariable(first) : compilation.table(name);
  if (found.kind === 'virtual') throw errors.systemTable();
  return found;
}

export interface OutputPlan {
  readonly columns: readonly OutputColumn[] | undefined;
  /** Takes one changed row; either side may be missing. */
  add(before: Values | undefined, after: Values | undefined, run: Run): void;
  finish(context: WriteContext): readonly Values[];
}

export type NewOutput = () => OutputPlan;

export function compileOutput(output: Output | undefined, table: Table, compilation: Compilation): NewOutput {
  if (output === undefined) return () => ({ columns: undefined, add: () => {}, finish: () => [] });
  const scope = new Scope(compilation, undefined);
  const columns = table.columns.map(({ name, type, nullable }) => ({ name, type, nullable }));
  for (const alias of ['inserted', 'deleted']) scope.addTable({ alias, columns });
  const items = compileItems(output.items, scope);
  const result = items.map(({ name, compiled }) => ({
    name,
    type: compiled.type,
    nullable: compiled.nullable,
  }));
  const into = output.into === undefined ? undefined : outputInto(output.into, result, compilation);
  return () => {
    const rows: SqlValue[][] = [];
    return {
      columns: into === undefined ? result : undefined,
      add: (before, after, run) => {
        const frame = { slots: [after, before], outer: undefined, run };
        rows.push(items.map(({ compiled }) => compiled.evaluate(frame)));
      },
      finish: (context) => {
        if (into === undefined) return rows;
        into(rows, context);
        return [];
      },
    };
  };
}

function outputInto(
  name: Name,
  columns: readonly OutputColumn[],
  compilation: Compilation,
): (rows: readonly Values[], context: WriteContext) => void {
  const { table, database } = targetTable(name, compilation);
  const maker = new RowMaker(table, database, compilation);
  const insert = insertRows(maker, undefined, columns);
  return (rows, context) => {
    const changes = new StatementChanges(context.transaction, database, 'INSERT');
    for (const row of rows) insert(row, context, changes);
    changes.finish();
  };
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
