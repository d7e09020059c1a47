/** One SELECT block: FROM, WHERE, GROUP BY, HAVING, the select list, DISTINCT, ORDER BY, TOP and OFFSET, in that order. */
import type { SqlValue } from '../engine-session.ts';
import { errors } from '../errors.ts';
import type { Expression, Name, Query, SelectBlock, SelectItem, Top } from '../parser/ast.ts';
import { collationKey } from '../storage/key.ts';
import type { Values } from '../storage/row.ts';
import { converter, operatorFor } from '../values/index.ts';
import { isAggregate } from './aggregates.ts';
import { compileCondition, compileExpression, converted } from './compile-expression.ts';
import { compileFrom, type FromPlan, type Step } from './compile-from.ts';
import { containsExpression, fingerprint } from './fingerprint.ts';
import { GroupPlan } from './group.ts';
import type { Frame, Test } from './run.ts';
import { matches, type Scope } from './scope.ts';
import type { Compiled, CompiledQuery, OutputColumn, Surroundings } from './compiled.ts';
import { compileSortKeys, type SortItem, type SortKeys } from './sort.ts';
import { WindowPlan } from './windows.ts';

export type Paging = Pick<Query, 'orderBy' | 'offset' | 'fetch'>;

interface Item {
  readonly name: string;
  readonly expression: Expression | undefined;
  readonly compiled: Compiled;
  readonly identity: boolean;
}

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
      : compileSortKeys(order);
  const plan: BlockPlan = {
    rows,
    outputs: items.map(({ compiled }) => compiled),
    distinct: block.distinct,
    sort,
    limits,
    slots: () => scope.slotCount,
  };
  return {
    columns: items.map(outputColumn),
    assigns,
    rows: (at) => run(plan, at),
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

/** Error 141: a SELECT assigns or returns rows, not both. */
function requireOneKind(items: readonly SelectItem[]): boolean {
  const assigns = items.some((item) => item.kind === 'assign');
  if (assigns && items.some((item) => item.kind !== 'assign')) throw errors.assignAndReturn();
  return assigns;
}

const outputColumn = ({ name, compiled, identity }: Item): OutputColumn => ({
  name,
  type: compiled.type,
  nullable: compiled.nullable,
  ...(identity && { identity }),
  ...(compiled.untyped === true && { untyped: true }),
});

export function compileItems(items: readonly SelectItem[], scope: Scope): Item[] {
  return items.flatMap((item): Item[] => {
    if (item.kind === 'star') return star(item.qualifier, scope);
    if (item.kind === 'assign') return [assignment(item, scope)];
    const { expression, alias } = item;
    const name = alias ?? (expression.kind === 'column' ? (expression.name.at(-1) ?? '') : '');
    const identity =
      expression.kind === 'column' && scope.grouping === undefined && isIdentity(expression.name, scope);
    return [{ name, expression, compiled: compileExpression(expression, scope), identity }];
  });
}

const isIdentity = (name: Name, scope: Scope): boolean => scope.resolve(name).column.identity === true;

function star(qualifier: Name | undefined, scope: Scope): Item[] {
  const tables =
    qualifier === undefined ? scope.tables : scope.tables.filter((table) => matches(table, qualifier));
  if (tables.length === 0 && qualifier !== undefined) throw errors.unknownPrefix(qualifier);
  return tables.flatMap(({ columns, slot, alias }) =>
    columns.map((column, index): Item => {
      const expression: Expression = { kind: 'column', name: [alias, column.name], line: 0 };
      const known = scope.grouping?.find(expression);
      if (scope.grouping !== undefined && known === undefined)
        throw errors.notGrouped(`${alias}.${column.name}`);
      const compiled = known ?? {
        type: column.type,
        nullable: column.nullable,
        evaluate: (frame: Frame) => frame.slots[slot]?.[index] ?? null,
      };
      return { name: column.name, expression, compiled, identity: column.identity === true };
    }),
  );
}

function assignment(item: Extract<SelectItem, { kind: 'assign' }>, scope: Scope): Item {
  const type = scope.compilation.variable(item.variable);
  const key = item.variable.toLowerCase();
  const value = combined(item, scope);
  const evaluate = (frame: Frame): SqlValue => {
    const result = value(frame);
    const variable = frame.run.variables.get(key);
    if (variable !== undefined) variable.value = result;
    return result;
  };
  return { name: '', expression: undefined, compiled: { type, nullable: true, evaluate }, identity: false };
}

/** The new value of a variable, for `=` and for the operators like `+=`. */
export function combined(
  item: { variable: string; op: string; expression: Expression },
  scope: Scope,
): (frame: Frame) => SqlValue {
  const type = scope.compilation.variable(item.variable);
  const compiled = compileExpression(item.expression, scope);
  if (item.op === '=') return converted(compiled, type);
  const key = item.variable.toLowerCase();
  const operator = operatorFor(item.op[0] as '+', type, compiled.untyped === true ? type : compiled.type);
  const convert = converter(operator.type, type);
  return (frame) =>
    convert(operator.apply(frame.run.variables.get(key)?.value ?? null, compiled.evaluate(frame)));
}

function compileOrder(
  block: SelectBlock,
  paging: Paging,
  items: readonly Item[],
  scope: Scope,
): readonly SortItem[] {
  return paging.orderBy.map(({ expression, descending }) => {
    const item = outputFor(expression, items);
    if (item !== undefined) return { compiled: item.compiled, descending };
    if (
      block.distinct &&
      !items.some(
        (each) =>
          each.expression !== undefined &&
          fingerprint(each.expression, scope) === fingerprint(expression, scope),
      )
    ) {
      throw errors.orderByNotInSelect();
    }
    return { compiled: compileExpression(expression, scope), descending };
  });
}

/** An ordinal, or the name of a column of the result. */
function outputFor(expression: Expression, items: readonly Item[]): Item | undefined {
  if (expression.kind === 'literal' && typeof expression.value === 'number') {
    const item = items[expression.value - 1];
    if (item === undefined) throw errors.orderByPosition(expression.value);
    return item;
  }
  if (expression.kind !== 'column' || expression.name.length > 1) return undefined;
  const name = expression.name[0]?.toLowerCase();
  return items.find((item) => item.name.toLowerCase() === name);
}

/** True when ORDER BY asks for the order in which the only table's rows come anyway. */
function isInOrder(
  order: readonly SortItem[],
  items: readonly Item[],
  from: FromPlan,
  paging: Paging,
  scope: Scope,
): boolean {
  if (from.order === undefined || order.some((item) => item.descending)) return false;
  const { slot, columns } = from.order;
  return paging.orderBy.every(({ expression }, i) => {
    const plain = outputFor(expression, items)?.expression ?? expression;
    if (plain.kind !== 'column') return false;
    const reference = scope.resolve(plain.name);
    return reference.depth === 0 && reference.slot === slot && reference.column.name === columns[i];
  });
}

interface Limits {
  readonly top?: (frame: Frame) => number;
  readonly percent: boolean;
  readonly offset?: (frame: Frame) => number;
  readonly fetch?: (frame: Frame) => number;
}

function compileLimits(top: Top | undefined, paging: Paging, scope: Scope): Limits {
  return {
    percent: top?.percent === true,
    ...(top && { top: compileCount(top.count, scope, errors.topNegative) }),
    ...(paging.offset && { offset: compileCount(paging.offset, scope, errors.offsetNegative) }),
    ...(paging.fetch && { fetch: compileCount(paging.fetch, scope, errors.fetchPositive) }),
  };
}

export function compileCount(
  expression: Expression,
  scope: Scope,
  negative: () => Error,
): (frame: Frame) => number {
  const evaluate = converted(compileExpression(expression, scope), { name: 'bigint' });
  return (frame) => {
    const count = Number(evaluate(frame) ?? 0);
    if (count < 0) throw negative();
    return count;
  };
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

interface BlockPlan {
  readonly rows: Step;
  readonly outputs: readonly Compiled[];
  readonly distinct: boolean;
  readonly sort: SortKeys | undefined;
  readonly limits: Limits;
  readonly slots: () => number;
}

function run(plan: BlockPlan, at: Surroundings): Iterable<Values> {
  const frame: Frame = { slots: Array.from({ length: plan.slots() }), outer: at.outer, run: at.run };
  return limited(ordered(plan, frame), plan.limits, frame);
}

function ordered(plan: BlockPlan, frame: Frame): Iterable<Values> {
  const { sort } = plan;
  if (sort === undefined)
    return plan.distinct ? unique(projected(plan, frame), plan) : projected(plan, frame);
  return sorted(plan, sort, frame);
}

function* projected({ rows, outputs }: BlockPlan, frame: Frame): Generator<Values> {
  const evaluates = outputs.map((output) => output.evaluate);
  const { length } = evaluates;
  for (const _ of rows(frame)) {
    const values: SqlValue[] = [];
    for (let i = 0; i < length; i++) values.push((evaluates[i] as Compiled['evaluate'])(frame));
    yield values;
  }
}

function* unique(rows: Iterable<Values>, plan: BlockPlan): Generator<Values> {
  const seen = new Set<string>();
  for (const row of rows) if (isNew(row, plan, seen)) yield row;
}

function isNew(row: Values, { outputs }: BlockPlan, seen: Set<string>): boolean {
  const key = row.map((value, i) => collationKey(value, outputs[i]?.type ?? { name: 'int' })).join('\u0000');
  const size = seen.size;
  return seen.add(key).size > size;
}

function* sorted(plan: BlockPlan, sort: SortKeys, frame: Frame): Generator<Values> {
  const seen = new Set<string>();
  const keyed: { values: Values; keys: readonly SqlValue[] }[] = [];
  for (const _ of plan.rows(frame)) {
    const values = plan.outputs.map((output) => output.evaluate(frame));
    if (!plan.distinct || isNew(values, plan, seen)) keyed.push({ values, keys: sort.keysOf(frame) });
  }
  keyed.sort((a, b) => sort.compare(a.keys, b.keys));
  for (const { values } of keyed) yield values;
}

function* limited(rows: Iterable<Values>, limits: Limits, frame: Frame): Generator<Values> {
  let skip = limits.offset?.(frame) ?? 0;
  let left = Math.min(limits.top?.(frame) ?? Infinity, limits.fetch?.(frame) ?? Infinity);
  let source = rows;
  if (limits.percent) {
    const all = [...rows];
    left = Math.ceil((all.length * left) / 100);
    source = all;
  }
  if (left <= 0) return;
  for (const row of source) {
    if (skip > 0) {
      skip--;
      continue;
    }
    yield row;
    if (--left <= 0) return;
  }
}
