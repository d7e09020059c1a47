/** One SELECT block: FROM, WHERE, GROUP BY, HAVING, the select list, DISTINCT, ORDER BY, TOP and OFFSET, in that order. */
import type { Expression, SelectBlock } from '../parser/ast.ts';
import { isAggregate } from './aggregates.ts';
import { compileCondition } from './compile-expression.ts';
import { compileFrom } from './compile-from.ts';
import type { CompiledQuery } from './compiled.ts';
import { containsExpression } from './fingerprint.ts';
import type { FromPlan, Step } from './from-plan.ts';
import { GroupPlan } from './group.ts';
import { compileOrder, isInOrder } from './order-by.ts';
import { compileLimits, type Paging } from './paging.ts';
import { type BlockPlan, runBlock } from './run-block.ts';
import type { Test } from './run.ts';
import type { Scope } from './scope.ts';
import { compileItems, outputColumn, requireOneKind } from './select-items.ts';
import { compileSortKeys } from './sort.ts';
import { WindowPlan } from './windows.ts';

export function compileBlock(block: SelectBlock, paging: Paging, newScope: () => Scope): CompiledQuery {
  const scope = newScope();
  const from = compileFrom(block.from, block.where, scope);
  const where = block.where === undefined ? undefined : compileCondition(block.where, scope);
  const grouped = isGrouped(block, paging);
  const group = grouped ? new GroupPlan(block.groupBy, scope) : undefined;
  scope.grouping = group;
  const windows = new WindowPlan(scope);
  scope.windows = windows;
  const having = block.having === undefined ? undefined : compileCondition(block.having, scope);
  const items = compileItems(block.items, scope);
  const assigns = requireOneKind(block.items);
  const order = compileOrder(block, paging, items, scope);
  const limits = compileLimits(block.top, paging, scope);
  const rows = sourceRows(from, where, group, having, windows);
  const sort =
    order.length === 0 || (!grouped && !windows.used && isInOrder(order, items, from, paging, scope))
      ? undefined
      : compileSortKeys(order, scope.collation);
  const plan: BlockPlan = {
    rows,
    outputs: items.map(({ compiled }) => compiled),
    distinct: block.distinct,
    caseSensitive: scope.collation.caseSensitive,
    sort,
    limits,
    slots: () => scope.slotCount,
  };
  return {
    columns: items.map(outputColumn),
    assigns,
    rows: (at) => runBlock(plan, at),
    ...(block.into && { into: block.into }),
  };
}

function isGrouped(block: SelectBlock, paging: Paging): boolean {
  if (block.groupBy.length > 0 || block.having !== undefined) return true;
  const aggregates = (expression: Expression): boolean =>
    containsExpression(
      expression,
      (inner) => inner.kind === 'call' && inner.over === undefined && isAggregate(inner),
    );
  return (
    block.items.some((item) => item.kind !== 'star' && aggregates(item.expression)) ||
    paging.orderBy.some((item) => aggregates(item.expression))
  );
}

function sourceRows(
  from: FromPlan,
  where: Test | undefined,
  group: GroupPlan | undefined,
  having: Test | undefined,
  windows: WindowPlan,
): Step {
  const rows =
    group === undefined ? filtered(from.step, where) : filtered(group.groups(from.step, where), having);
  return windows.used ? windows.apply(rows) : rows;
}

function filtered(rows: Step, test: Test | undefined): Step {
  if (test === undefined) return rows;
  return function* (frame) {
    for (const _ of rows(frame)) if (test(frame) === true) yield;
  };
}
