/** Takes a condition apart at its ANDs, and finds in it what can be looked up instead of searched for. */
import type { SqlType, SqlValue } from '../interface/engine-session.ts';
import type { CompareOperator, Expression } from '../parser/ast.ts';
import { comparer, converter, conversionBetween } from '../values/index.ts';
import { compileExpression } from './compile-expression.ts';
import type { Bounds } from './table-like.ts';
import type { Evaluate, Frame } from './run.ts';
import type { ColumnReference, Scope, ScopeTable } from './scope.ts';
import type { Compiled } from './compiled.ts';

export function conjunctsOf(condition: Expression | undefined): readonly Expression[] {
  if (condition === undefined) return [];
  if (condition.kind !== 'logical' || condition.op !== 'and') return [condition];
  return [...conjunctsOf(condition.left), ...conjunctsOf(condition.right)];
}

/** `column = other`, where `other` needs only the tables in `needs` (and what lies outside of the block). */
export interface Equality {
  readonly column: ColumnReference;
  readonly other: Compiled;
  readonly needs: ReadonlySet<number>;
}

export function equalitiesOf(conditions: readonly Expression[], scope: Scope): readonly Equality[] {
  const found: Equality[] = [];
  for (const condition of conditions) {
    if (condition.kind !== 'compare' || condition.op !== '=') continue;
    addEquality(found, condition.left, condition.right, scope);
    addEquality(found, condition.right, condition.left, scope);
  }
  return found;
}

function addEquality(found: Equality[], columnSide: Expression, otherSide: Expression, scope: Scope): void {
  if (columnSide.kind !== 'column') return;
  const column = scope.resolve(columnSide.name);
  if (column.depth !== 0) return;
  const needs = slotsOf(otherSide, scope);
  if (needs === undefined || needs.has(column.slot)) return;
  const other = compileExpression(otherSide, scope);
  if (other.untyped !== true) found.push({ column, other, needs });
}

/** The table sources of this block that an expression reads; undefined when that is not known (subqueries). */
export function slotsOf(expression: Expression, scope: Scope): ReadonlySet<number> | undefined {
  const slots = new Set<number>();
  return visit(expression, scope, slots) ? slots : undefined;
}

function visit(expression: Expression, scope: Scope, slots: Set<number>): boolean {
  const all = (...inner: (Expression | undefined)[]): boolean =>
    inner.every((one) => one === undefined || visit(one, scope, slots));
  switch (expression.kind) {
    case 'column': {
      const reference = scope.resolve(expression.name);
      if (reference.depth === 0) slots.add(reference.slot);
      return true;
    }
    case 'literal':
    case 'variable':
      return true;
    case 'unary':
    case 'cast':
      return all(expression.operand);
    case 'arithmetic':
      return all(expression.left, expression.right);
    case 'call':
      return (
        expression.over === undefined &&
        !expression.star &&
        expression.name.length === 1 &&
        !DATE_PARTS.test(expression.name[0] ?? '') &&
        all(...expression.args)
      );
    case 'case':
    case 'compare':
    case 'default':
    case 'exists':
    case 'in':
    case 'inQuery':
    case 'isNull':
    case 'like':
    case 'logical':
    case 'method':
    case 'not':
    case 'scalarQuery':
    case 'systemVariable':
    default:
      return false;
  }
}

const DATE_PARTS = /^(?:date|newid|rand)/i;

/** Converts `other` to the type of the column when the comparison happens in that type; else undefined. */
export function inColumnType(column: SqlType, other: Compiled): Evaluate | undefined {
  if (column.name === other.type.name) return other.evaluate;
  if (conversionBetween(other.type, column) !== 'implicit') return undefined;
  const integers = ['tinyint', 'smallint', 'int', 'bigint'];
  const texts = ['char', 'varchar', 'nchar', 'nvarchar'];
  const decimals = ['decimal', 'numeric'];
  const binaries = ['binary', 'varbinary', 'timestamp'];
  for (const family of [integers, texts, decimals, binaries]) {
    if (family.includes(column.name) && family.includes(other.type.name)) return other.evaluate;
  }
  const isWider =
    column.name === 'uniqueidentifier' ||
    ((column.name === 'decimal' || column.name === 'numeric') && integers.includes(other.type.name));
  if (!isWider) return undefined;
  const convert = converter(
    other.type,
    column.name === 'uniqueidentifier' ? column : { name: column.name, precision: 38, scale: 0 },
  );
  return (frame) => convert(other.evaluate(frame));
}

export type BoundsOf = (frame: Frame) => Bounds;

/** What the conditions say about the columns that a virtual table is ordered by. */
export function boundsOf(
  conditions: readonly Expression[],
  table: ScopeTable,
  order: readonly string[],
  scope: Scope,
): BoundsOf | undefined {
  const finder = new BoundFinder(table, order, scope);
  const after: Compiled[][] = [];
  const lows: Compiled[] = [];
  const highs: Compiled[] = [];
  const lists: Compiled[][] = [];
  for (const condition of conditions) {
    const behind = finder.after(condition, 0);
    if (behind !== undefined) after.push(behind);
    const list = finder.list(condition);
    if (list !== undefined) lists.push(list);
    const compared = finder.compared(condition, 0);
    if (compared === undefined) continue;
    if (['>=', '>', '='].includes(compared.op)) lows.push(compared.other);
    if (['<=', '<', '='].includes(compared.op)) highs.push(compared.other);
  }
  if (after.length + lows.length + highs.length + lists.length === 0) return undefined;
  const compare = comparer(finder.firstType);
  return (frame) => {
    const values = (from: readonly Compiled[]): SqlValue[] =>
      from.map((one) => one.evaluate(frame)).filter((value) => value !== null);
    const least = (from: readonly SqlValue[]): SqlValue[] => [...from].sort(compare).slice(0, 1);
    const most = (from: readonly SqlValue[]): SqlValue[] => [...from].sort(compare).slice(-1);
    const listed = lists.map((list) => values(list));
    const low = most([...values(lows), ...listed.flatMap(least)])[0];
    const high = least([...values(highs), ...listed.flatMap(most)])[0];
    const behind = after
      .map((parts) => parts.map((part) => part.evaluate(frame)))
      .filter((parts) => !parts.includes(null))[0];
    return {
      ...(low !== undefined && { low }),
      ...(high !== undefined && { high }),
      ...(behind && { after: behind }),
    };
  };
}

const MIRRORED: Readonly<Record<CompareOperator, CompareOperator>> = {
  '=': '=',
  '<>': '<>',
  '<': '>',
  '>': '<',
  '<=': '>=',
  '>=': '<=',
};

class BoundFinder {
  readonly #table: ScopeTable;
  readonly #order: readonly string[];
  readonly #scope: Scope;

  constructor(table: ScopeTable, order: readonly string[], scope: Scope) {
    this.#table = table;
    this.#order = order;
    this.#scope = scope;
  }

  get firstType(): SqlType {
    return this.#columnAt(0)?.type ?? { name: 'int' };
  }

  #columnAt(at: number): ScopeTable['columns'][number] | undefined {
    return this.#table.columns.find((column) => column.name === this.#order[at]);
  }

  /** `order[at] op other`, where other does not depend on this block's tables. */
  compared(condition: Expression, at: number): { op: CompareOperator; other: Compiled } | undefined {
    if (condition.kind !== 'compare') return undefined;
    if (this.#isColumn(condition.left, at)) return this.#other(condition.op, condition.right, at);
    if (this.#isColumn(condition.right, at)) return this.#other(MIRRORED[condition.op], condition.left, at);
    return undefined;
  }

  /** `order[0] IN (…)` of values that do not depend on this block's tables. */
  list(condition: Expression): Compiled[] | undefined {
    if (condition.kind !== 'in' || condition.negated || !this.#isColumn(condition.operand, 0))
      return undefined;
    const others = condition.list.map((item) => this.#other('=', item, 0)?.other);
    return others.every((other) => other !== undefined) ? others : undefined;
  }

  /** `a > x`, or `a > x OR (a = x AND (…))` for the next column. */
  after(condition: Expression, at: number): Compiled[] | undefined {
    if (at >= this.#order.length) return undefined;
    const compared = this.compared(condition, at);
    if (compared !== undefined) return compared.op === '>' ? [compared.other] : undefined;
    if (condition.kind !== 'logical' || condition.op !== 'or') return undefined;
    const greater = this.compared(condition.left, at);
    const equal = condition.right;
    if (greater?.op !== '>' || equal.kind !== 'logical' || equal.op !== 'and') return undefined;
    if (this.compared(equal.left, at)?.op !== '=' || !this.#sameOther(condition.left, equal.left))
      return undefined;
    const rest = this.after(equal.right, at + 1);
    return rest === undefined ? undefined : [greater.other, ...rest];
  }

  #sameOther(a: Expression, b: Expression): boolean {
    const variable = (from: Expression): string | undefined => {
      if (from.kind !== 'compare') return undefined;
      const side = from.left.kind === 'variable' ? from.left : from.right;
      return side.kind === 'variable' ? side.name.toLowerCase() : undefined;
    };
    return variable(a) !== undefined && variable(a) === variable(b);
  }

  #isColumn(expression: Expression, at: number): boolean {
    if (expression.kind !== 'column') return false;
    const reference = this.#scope.resolve(expression.name);
    return (
      reference.depth === 0 &&
      reference.slot === this.#table.slot &&
      reference.column.name === this.#order[at]
    );
  }

  #other(
    op: CompareOperator,
    expression: Expression,
    at: number,
  ): { op: CompareOperator; other: Compiled } | undefined {
    const slots = slotsOf(expression, this.#scope);
    if (slots === undefined || slots.size > 0) return undefined;
    const other = compileExpression(expression, this.#scope);
    const type = this.#columnAt(at)?.type;
    if (type === undefined) return undefined;
    const evaluate = inColumnType(type, other);
    return evaluate === undefined ? undefined : { op, other: { ...other, evaluate } };
  }
}
