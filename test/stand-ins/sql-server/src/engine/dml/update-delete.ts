/** UPDATE and DELETE: first all rows are found and their new values worked out, then they are changed. */
import type { SqlValue } from '../interface/engine-session.ts';
import { errors } from '../errors/errors.ts';
import type { Name, TableSource } from '../parser/ast.ts';
import type { Assignment, DeleteStatement, UpdateStatement } from '../parser/write-ast.ts';
import { assignedValue } from '../query/assigned-value.ts';
import { compileCondition, compileExpression } from '../query/compile-expression.ts';
import { compileFrom } from '../query/compile-from.ts';
import { blockScope, commonTables } from '../query/compile-query.ts';
import type { Step } from '../query/from-plan.ts';
import { compileCount } from '../query/paging.ts';
import type { Evaluate, Frame } from '../query/run.ts';
import type { Compilation, Scope, ScopeTable } from '../query/scope.ts';
import type { StoredTable } from '../query/table-like.ts';
import type { Row, Values } from '../storage/row.ts';
import type { Column } from '../storage/table.ts';
import { operatorFor } from '../values/index.ts';
import { compileOutput } from './compile-output.ts';
import { RowMaker } from './row-maker.ts';
import { StatementChanges } from './statement-changes.ts';
import type { WriteContext, WritePlan } from './write-plan.ts';
import { rowFinder, targetTable } from './write-target.ts';

interface Search {
  readonly target: StoredTable;
  readonly scope: Scope;
  /** The target's rows, each once, with the frame set to the first match. */
  readonly matches: (
    context: WriteContext,
  ) => Iterable<{ readonly row: Row; readonly values: Values; readonly frame: Frame }>;
}

function compileSearch(statement: UpdateStatement | DeleteStatement, compilation: Compilation): Search {
  const scope = blockScope(compilation, undefined, commonTables(statement, compilation));
  const { sources, alias, name } = sourcesOf(statement);
  const from = compileFrom(sources, statement.where, scope);
  const slot = slotOf(scope.tables, alias, statement.target);
  const where = statement.where === undefined ? undefined : compileCondition(statement.where, scope);
  const limit =
    statement.top === undefined ? undefined : compileCount(statement.top.count, scope, errors.topNegative);
  const target = targetTable(name, compilation, statement.kind === 'update' ? 'UPDATE' : 'DELETE');
  return {
    target,
    scope,
    matches: (context) => search({ step: from.step, where, slot, limit, scope, target }, context),
  };
}

interface SearchPlan {
  readonly step: Step;
  readonly where: ((frame: Frame) => boolean | null) | undefined;
  readonly slot: number;
  readonly limit: ((frame: Frame) => number) | undefined;
  readonly scope: Scope;
  readonly target: StoredTable;
}

function* search(
  plan: SearchPlan,
  { run }: WriteContext,
): Generator<{ row: Row; values: Values; frame: Frame }> {
  const frame: Frame = { slots: Array.from({ length: plan.scope.slotCount }), outer: undefined, run };
  const find = rowFinder(plan.target.table);
  const seen = new Set<Values>();
  const most = plan.limit?.(frame) ?? Infinity;
  if (most <= 0) return;
  for (const _ of plan.step(frame)) {
    if (plan.where !== undefined && plan.where(frame) !== true) continue;
    const values = frame.slots[plan.slot];
    if (values === undefined || seen.has(values)) continue;
    seen.add(values);
    const row = find(values);
    if (row === undefined) continue;
    yield { row, values, frame };
    if (seen.size >= most) return;
  }
}

interface Sources {
  readonly sources: readonly TableSource[];
  readonly alias: string;
  readonly name: Name;
}

/** The target is a table, or the alias of one in FROM. */
function sourcesOf(statement: UpdateStatement | DeleteStatement): Sources {
  const { target, from, line } = statement;
  const own = target.at(-1) ?? '';
  if (from.length === 0) return { sources: [asSource(target, line)], alias: own, name: target };
  const leaves = from.flatMap((source) => leavesOf(source));
  const byAlias = leaves.find((leaf) => same(leaf.alias, own));
  const found = byAlias ?? leaves.find((leaf) => same(leaf.name.at(-1), own));
  if (found === undefined) return { sources: [asSource(target, line), ...from], alias: own, name: target };
  return { sources: from, alias: found.alias ?? found.name.at(-1) ?? '', name: found.name };
}

const same = (a: string | undefined, b: string): boolean => a?.toLowerCase() === b.toLowerCase();

export function asSource(
  target: Name,
  line: number,
): Extract<TableSource, { kind: 'table' | 'tableVariable' }> {
  const [first = ''] = target;
  return first.startsWith('@')
    ? { kind: 'tableVariable', name: first, line }
    : { kind: 'table', name: target, line };
}

function leavesOf(source: TableSource): { readonly alias?: string; readonly name: Name }[] {
  if (source.kind === 'join') return [...leavesOf(source.left), ...leavesOf(source.right)];
  if (source.kind === 'table') return [source];
  if (source.kind === 'tableVariable')
    return [{ name: [source.name], ...(source.alias !== undefined && { alias: source.alias }) }];
  return [];
}

export function slotOf(tables: readonly ScopeTable[], alias: string, target: Name): number {
  const found = tables.find((table) => same(table.alias, alias));
  if (found === undefined) throw errors.unknownObject(target);
  return found.slot;
}

export function compileDelete(statement: DeleteStatement, compilation: Compilation): WritePlan {
  const { target, matches } = compileSearch(statement, compilation);
  const { table, database } = target;
  const newOutput = compileOutput(statement.output, table, compilation);
  return {
    database,
    columns: newOutput().columns,
    execute(context) {
      const changes = new StatementChanges(context.transaction, database, 'DELETE');
      const output = newOutput();
      const found = [...matches(context)].map(({ row, values }) => ({ row, values }));
      for (const { row, values } of found) {
        changes.delete(table, row);
        output.add(values, undefined, context.run);
      }
      changes.finish();
      return { count: found.length, rows: output.finish(context) };
    },
  };
}

export function compileUpdate(statement: UpdateStatement, compilation: Compilation): WritePlan {
  const { target, matches, scope } = compileSearch(statement, compilation);
  const { table, database } = target;
  const maker = new RowMaker(table, database, compilation);
  const assign = compileAssignments(statement.assignments, maker, scope);
  const newOutput = compileOutput(statement.output, table, compilation);
  return {
    database,
    columns: newOutput().columns,
    execute(context) {
      const changes = new StatementChanges(context.transaction, database, 'UPDATE');
      const output = newOutput();
      const found: { row: Row; before: Values; after: SqlValue[] }[] = [];
      for (const { row, values, frame } of matches(context))
        found.push({ row, before: values, after: assign(values, frame) });
      for (const { row, before, after } of found) {
        const complete = maker.complete(after, 'UPDATE', context.run);
        changes.update(table, row, complete);
        output.add(before, complete, context.run);
      }
      changes.finish();
      return { count: found.length, rows: output.finish(context) };
    },
  };
}

/** All assignments see the row as it was. */
export function compileAssignments(
  assignments: readonly Assignment[],
  maker: RowMaker,
  scope: Scope,
): (values: Values, frame: Frame) => SqlValue[] {
  const seen = new Set<number>();
  const compiled = assignments.map((assignment) => {
    if (assignment.target.startsWith('@')) return variableAssignment(assignment, scope);
    const position = assignable(assignment.target, maker, seen);
    const value = newValue(assignment, position, maker, scope);
    return (frame: Frame, after: SqlValue[], before: Values): void => {
      after[position] = value(frame, before);
    };
  });
  return (before, frame) => {
    const after = [...before];
    for (const assign of compiled) assign(frame, after, before);
    return after;
  };
}

function variableAssignment(assignment: Assignment, scope: Scope): (frame: Frame) => void {
  const value = assignedValue(
    { variable: assignment.target, op: assignment.op, expression: assignment.value },
    scope,
  );
  const key = assignment.target.toLowerCase();
  return (frame) => {
    const variable = frame.run.variables.get(key);
    if (variable !== undefined) variable.value = value(frame);
  };
}

function assignable(name: string, { table }: RowMaker, seen: Set<number>): number {
  const position = table.position(name);
  const column = table.columns[position ?? -1];
  if (position === undefined || column === undefined) throw errors.unknownColumn(name);
  if (seen.has(position)) throw errors.columnTwice(name);
  seen.add(position);
  if (column.identity !== undefined) throw errors.identityUpdate(column.name);
  if (column.computed !== undefined) throw errors.computedChange(column.name);
  if (column.type.name === 'timestamp') throw errors.timestampUpdate();
  return position;
}

function newValue(
  { op, value }: Assignment,
  position: number,
  maker: RowMaker,
  scope: Scope,
): (frame: Frame, before: Values) => SqlValue {
  const column = maker.table.columns[position] as Column;
  if (value.kind === 'default') return wrap(maker.defaultOf(position));
  const compiled = compileExpression(value, scope);
  if (op === '=') return wrap(maker.store(column, compiled));
  const operator = operatorFor(
    op[0] as '+',
    column.type,
    compiled.untyped === true ? column.type : compiled.type,
  );
  const store = maker.store(column, {
    type: operator.type,
    nullable: true,
    evaluate: (frame) => frame.slots[0]?.[0] ?? null,
  });
  return (frame, before) => {
    const result = operator.apply(before[position] ?? null, compiled.evaluate(frame));
    return store({ slots: [[result]], outer: undefined, run: frame.run });
  };
}

const wrap =
  (evaluate: Evaluate): ((frame: Frame) => SqlValue) =>
  (frame) =>
    evaluate(frame);
