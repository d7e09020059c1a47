/** OUTPUT: rows of the changed rows, for the client or for another table. */
import type { SqlValue } from '../interface/engine-session.ts';
import type { Name } from '../parser/ast.ts';
import type { Output } from '../parser/write-ast.ts';
import type { OutputColumn } from '../query/compiled.ts';
import type { Run } from '../query/run.ts';
import { type Compilation, Scope } from '../query/scope.ts';
import { compileItems } from '../query/select-items.ts';
import type { Values } from '../storage/row.ts';
import type { Table } from '../storage/table.ts';
import { insertRows } from './insert-rows.ts';
import { RowMaker } from './row-maker.ts';
import { StatementChanges } from './statement-changes.ts';
import type { WriteContext } from './write-plan.ts';
import { targetTable } from './write-target.ts';

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
  const { table, database } = targetTable(name, compilation, 'INSERT');
  const maker = new RowMaker(table, database, compilation);
  const insert = insertRows(maker, undefined, columns);
  return (rows, context) => {
    const changes = new StatementChanges(context.transaction, database, 'INSERT');
    for (const row of rows) insert(row, context, changes);
    changes.finish();
  };
}
