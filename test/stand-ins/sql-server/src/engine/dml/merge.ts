/** MERGE: source and target are joined, every row finds its clause, and then all changes are made as one statement. */
import type { SqlValue } from '../interface/engine-session.ts';
import { errors } from '../errors/errors.ts';
import type { TableSource } from '../parser/ast.ts';
import type { MergeClause, MergeStatement } from '../parser/write-ast.ts';
import { compileCondition } from '../query/compile-expression.ts';
import { compileFrom } from '../query/compile-from.ts';
import { blockScope, commonTables } from '../query/compile-query.ts';
import type { Evaluate, Frame, Test } from '../query/run.ts';
import type { Compilation, Scope } from '../query/scope.ts';
import type { Row, Values } from '../storage/row.ts';
import { compileOutput } from './compile-output.ts';
import { storedValue } from './insert.ts';
import { completer, targetPositions } from './insert-rows.ts';
import { RowMaker } from './row-maker.ts';
import { StatementChanges } from './statement-changes.ts';
import { asSource, compileAssignments, slotOf } from './update-delete.ts';
import type { WriteContext, WritePlan } from './write-plan.ts';
import { rowFinder, targetTable } from './write-target.ts';

/** What a clause makes of one joined row, worked out before anything is changed. */
type Change =
  | { readonly kind: 'insert'; readonly values: SqlValue[] }
  | { readonly kind: 'update'; readonly row: Row; readonly before: Values; readonly after: SqlValue[] }
  | { readonly kind: 'delete'; readonly row: Row; readonly before: Values };

interface Clause {
  readonly when: MergeClause['when'];
  readonly condition: Test | undefined;
  /** `target`: the row that matched. */
  readonly plan: (frame: Frame, target: { row: Row; values: Values } | undefined) => Change;
  /** Only of an insert: fills in what was not given. */
  readonly complete: ReturnType<typeof completer> | undefined;
}

const PERMISSIONS = { insert: 'INSERT', update: 'UPDATE', delete: 'DELETE' } as const;

/** Error 8672 when two rows of the source change one row of the target. */
export function compileMerge(statement: MergeStatement, compilation: Compilation): WritePlan {
  const scope = blockScope(compilation, undefined, commonTables(statement, compilation));
  const { step } = compileFrom([joined(statement)], undefined, scope);
  const slot = slotOf(scope.tables, statement.alias ?? statement.target.at(-1) ?? '', statement.target);
  const sources = scope.tables.map((table) => table.slot).filter((other) => other !== slot);
  for (const { action } of statement.clauses)
    targetTable(statement.target, compilation, PERMISSIONS[action.kind]);
  const { table, database } = targetTable(statement.target, compilation, PERMISSIONS.insert);
  const maker = new RowMaker(table, database, compilation);
  const clauses = statement.clauses.map((clause) => compileClause(clause, maker, scope));
  const newOutput = compileOutput(statement.output, table, compilation);

  function* changesOf(context: WriteContext): Generator<readonly [Clause, Change]> {
    const frame: Frame = {
      slots: Array.from({ length: scope.slotCount }),
      outer: undefined,
      run: context.run,
    };
    const find = rowFinder(table);
    const touched = new Set<Row>();
    for (const _ of step(frame)) {
      const values = frame.slots[slot];
      const row = values && find(values);
      const target = values && row && { row, values };
      const inSource = sources.some((each) => frame.slots[each] !== undefined);
      const when = target === undefined ? 'not matched' : inSource ? 'matched' : 'not matched by source';
      const clause = clauses.find(
        (each) => each.when === when && (each.condition === undefined || each.condition(frame) === true),
      );
      if (clause === undefined) continue;
      if (row !== undefined && touched.has(row)) throw errors.mergeTwice();
      if (row !== undefined) touched.add(row);
      yield [clause, clause.plan(frame, target)];
    }
  }

  return {
    database,
    columns: newOutput().columns,
    execute(context) {
      const changes = new StatementChanges(context.transaction, database, 'MERGE');
      const output = newOutput();
      const planned = [...changesOf(context)];
      for (const [{ complete }, change] of planned) {
        const { before, after } = make(change, complete, maker, changes, context);
        output.add(before, after, context.run);
      }
      changes.finish();
      return { count: planned.length, rows: output.finish(context) };
    },
  };
}

/** Rows of the target that no source row matches are read only when a clause asks for them. */
function joined({ target, alias, source, on, clauses, line }: MergeStatement): TableSource {
  const right = { ...asSource(target, line), ...(alias !== undefined && { alias }) };
  const bySource = clauses.some(({ when }) => when === 'not matched by source');
  return { kind: 'join', join: bySource ? 'full' : 'left', left: source, right, on };
}

function compileClause({ when, condition, action }: MergeClause, maker: RowMaker, scope: Scope): Clause {
  const base = { when, condition: condition && compileCondition(condition, scope), complete: undefined };
  switch (action.kind) {
    case 'delete':
      return { ...base, plan: (_frame, target) => ({ kind: 'delete', ...matched(target) }) };
    case 'update': {
      const assign = compileAssignments(action.assignments, maker, scope);
      return {
        ...base,
        plan: (frame, target) => {
          const { row, before } = matched(target);
          return { kind: 'update', row, before, after: assign(before, frame) };
        },
      };
    }
    case 'insert':
    default: {
      const positions = targetPositions(maker.table, action.columns, action.values.length);
      if (positions.length !== action.values.length)
        throw positions.length > action.values.length ? errors.fewerValues() : errors.moreValues();
      const given = action.values.map((value, i) => storedValue(value, positions[i] ?? -1, maker, scope));
      return {
        ...base,
        complete: completer(maker, positions),
        plan: (frame) => ({ kind: 'insert', values: filled(maker, positions, given, frame) }),
      };
    }
  }
}

function matched(target: { row: Row; values: Values } | undefined): { row: Row; before: Values } {
  if (target === undefined) throw new Error('A clause of MERGE for matched rows ran without one.');
  return { row: target.row, before: target.values };
}

function filled(
  maker: RowMaker,
  positions: readonly number[],
  given: readonly Evaluate[],
  frame: Frame,
): SqlValue[] {
  const values = maker.blank();
  positions.forEach((position, i) => (values[position] = given[i]?.(frame) ?? null));
  return values;
}

function make(
  change: Change,
  complete: Clause['complete'],
  maker: RowMaker,
  changes: StatementChanges,
  context: WriteContext,
): { before: Values | undefined; after: Values | undefined } {
  const { table } = maker;
  switch (change.kind) {
    case 'delete':
      changes.delete(table, change.row);
      return { before: change.before, after: undefined };
    case 'update': {
      const after = maker.complete(change.after, 'UPDATE', context.run);
      changes.update(table, change.row, after);
      return { before: change.before, after };
    }
    case 'insert':
    default: {
      const after = complete?.(change.values, context) ?? change.values;
      changes.insert(table, after);
      return { before: undefined, after };
    }
  }
}
