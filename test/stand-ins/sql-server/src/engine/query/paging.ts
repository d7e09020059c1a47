/** TOP, OFFSET and FETCH. */
import { errors } from '../errors/errors.ts';
import type { Expression, Query, Top } from '../parser/ast.ts';
import type { Values } from '../storage/row.ts';
import { compileExpression } from './compile-expression.ts';
import { converted } from './converted.ts';
import type { Frame } from './run.ts';
import type { Scope } from './scope.ts';

export type Paging = Pick<Query, 'orderBy' | 'offset' | 'fetch'>;

export interface Limits {
  readonly top?: (frame: Frame) => number;
  readonly percent: boolean;
  readonly offset?: (frame: Frame) => number;
  readonly fetch?: (frame: Frame) => number;
}

export function compileLimits(top: Top | undefined, paging: Paging, scope: Scope): Limits {
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

export function* limitRows(rows: Iterable<Values>, limits: Limits, frame: Frame): Generator<Values> {
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
