/** ORDER BY: by expressions, ordinals and the names of the result. */
import { errors } from '../errors/errors.ts';
import type { Expression, SelectBlock } from '../parser/ast.ts';
import { compileExpression } from './compile-expression.ts';
import { fingerprint } from './fingerprint.ts';
import type { FromPlan } from './from-plan.ts';
import type { Paging } from './paging.ts';
import type { Scope } from './scope.ts';
import type { Item } from './select-items.ts';
import type { SortItem } from './sort.ts';

export function compileOrder(
  block: SelectBlock,
  paging: Paging,
  items: readonly Item[],
  scope: Scope,
): readonly SortItem[] {
  return paging.orderBy.map(({ expression, descending }) => {
    const item = outputFor(expression, items, scope.fold);
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
function outputFor(
  expression: Expression,
  items: readonly Item[],
  fold: (name: string) => string,
): Item | undefined {
  if (expression.kind === 'literal' && typeof expression.value === 'number') {
    const item = items[expression.value - 1];
    if (item === undefined) throw errors.orderByPosition(expression.value);
    return item;
  }
  if (expression.kind !== 'column' || expression.name.length > 1) return undefined;
  const name = fold(expression.name[0] ?? '');
  return items.find((item) => fold(item.name) === name);
}

/** True when ORDER BY asks for the order in which the only table's rows come anyway. */
export function isInOrder(
  order: readonly SortItem[],
  items: readonly Item[],
  from: FromPlan,
  paging: Paging,
  scope: Scope,
): boolean {
  if (from.order === undefined || order.some((item) => item.descending)) return false;
  const { slot, columns } = from.order;
  return paging.orderBy.every(({ expression }, i) => {
    const plain = outputFor(expression, items, scope.fold)?.expression ?? expression;
    if (plain.kind !== 'column') return false;
    const reference = scope.resolve(plain.name);
    return reference.depth === 0 && reference.slot === slot && reference.column.name === columns[i];
  });
}
