/** INSERT … VALUES, SELECT, EXEC and DEFAULT VALUES. */
import { errors } from '../errors/errors.ts';
import type { Expression } from '../parser/ast.ts';
import type { InsertStatement } from '../parser/write-ast.ts';
import { compileExpression } from '../query/compile-expression.ts';
import { compileQuery } from '../query/compile-query.ts';
import type { OutputColumn } from '../query/compiled.ts';
import type { Evaluate } from '../query/run.ts';
import { type Compilation, Scope } from '../query/scope.ts';
import type { Values } from '../storage/row.ts';
import type { Column } from '../storage/table.ts';
import { compileOutput } from './compile-output.ts';
import { completer, insertRows, targetPositions } from './insert-rows.ts';
import { RowMaker } from './row-maker.ts';
import { StatementChanges } from './statement-changes.ts';
import type { WriteContext, WritePlan } from './write-plan.ts';
import { targetTable } from './write-target.ts';

/** One result of what EXEC ran. */
export interface ExecutedResult {
  readonly columns: readonly OutputColumn[];
  readonly rows: readonly Values[];
}

/** `executed`: what the source of INSERT … EXEC has answered. */
export function compileInsert(
  statement: InsertStatement,
  compilation: Compilation,
  executed: readonly ExecutedResult[] = [],
): WritePlan {
  const { table, database } = targetTable(statement.table, compilation, 'INSERT');
  const maker = new RowMaker(table, database, compilation);
  const produce = producer(statement, maker, compilation, executed);
  const newOutput = compileOutput(statement.output, table, compilation);
  return {
    database,
    columns: newOutput().columns,
    execute(context) {
      const changes = new StatementChanges(context.transaction, database, 'INSERT');
      const output = newOutput();
      let count = 0;
      for (const row of produce(context, changes)) {
        count++;
        output.add(undefined, row, context.run);
      }
      changes.finish();
      return { count, rows: output.finish(context) };
    },
  };
}

type Produce = (context: WriteContext, changes: StatementChanges) => Iterable<Values>;

function producer(
  statement: InsertStatement,
  maker: RowMaker,
  compilation: Compilation,
  executed: readonly ExecutedResult[],
): Produce {
  const { source } = statement;
  switch (source.kind) {
    case 'rows':
      return fromRows(source.rows, statement.columns, maker, compilation);
    case 'query':
      return fromQuery(statement, source.query, maker, compilation);
    case 'execute':
      return fromExecuted(statement, executed, maker);
    case 'defaults':
    default:
      return fromRows([[]], [], maker, compilation);
  }
}

function fromRows(
  rows: readonly (readonly Expression[])[],
  named: readonly string[] | undefined,
  maker: RowMaker,
  compilation: Compilation,
): Produce {
  const width = rows[0]?.length ?? 0;
  if (rows.some((row) => row.length !== width)) throw errors.valuesRowsDiffer();
  if (named !== undefined && named.length > width) throw errors.fewerValues();
  if (named !== undefined && named.length < width) throw errors.moreValues();
  const positions = targetPositions(maker.table, named, width);
  const scope = new Scope(compilation, undefined);
  const stores = rows.map((row) =>
    row.map((expression, i) => storedValue(expression, positions[i] as number, maker, scope)),
  );
  const complete = completer(maker, positions);
  return function* (context, changes) {
    const frame = { slots: [], outer: undefined, run: context.run };
    for (const row of stores) {
      const values = maker.blank();
      for (let i = 0; i < width; i++) values[positions[i] as number] = (row[i] as Evaluate)(frame);
      const made = complete(values, context);
      changes.insert(maker.table, made);
      yield made;
    }
  };
}

/** The value for a column, or its default. */
export function storedValue(
  expression: Expression,
  position: number,
  maker: RowMaker,
  scope: Scope,
): Evaluate {
  if (expression.kind === 'default') return maker.defaultOf(position);
  return maker.store(maker.table.columns[position] as Column, compileExpression(expression, scope));
}

/** The query is read to its end first, so that it does not see what it inserts. */
function fromQuery(
  statement: InsertStatement,
  query: Parameters<typeof compileQuery>[0],
  maker: RowMaker,
  compilation: Compilation,
): Produce {
  const compiled = compileQuery(
    { ...query, ctes: [...statement.ctes, ...query.ctes] },
    undefined,
    compilation,
  );
  const { columns } = statement;
  if (columns !== undefined && columns.length > compiled.columns.length) throw errors.selectListLess();
  if (columns !== undefined && columns.length < compiled.columns.length) throw errors.selectListMore();
  const insert = insertRows(maker, columns, compiled.columns);
  return function* (context, changes) {
    const rows = [...compiled.rows({ outer: undefined, run: context.run })];
    for (const row of rows) yield insert(row, context, changes);
  };
}

/** Every result must fit. Errors 213, 483. */
function fromExecuted(
  { columns, output }: InsertStatement,
  executed: readonly ExecutedResult[],
  maker: RowMaker,
): Produce {
  if (output !== undefined) throw errors.outputOfExecute();
  const inserts = executed.map((result) => {
    if (columns !== undefined && columns.length !== result.columns.length) throw errors.insertCountMismatch();
    return { rows: result.rows, insert: insertRows(maker, columns, result.columns) };
  });
  return function* (context, changes) {
    for (const { rows, insert } of inserts) for (const row of rows) yield insert(row, context, changes);
  };
}
