/** Comparisons, IS NULL, IN, LIKE, BETWEEN and EXISTS. */
import type { CompareOperator, Expression } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { parseAdditive } from './parse-arithmetic.ts';
import { parenthesised } from './parse-list.ts';

const COMPARISONS: Readonly<Record<string, CompareOperator>> = {
  '=': '=', '<>': '<>', '!=': '<>', '<': '<', '>': '>', '<=': '<=', '>=': '>=', '!<': '>=', '!>': '<=',
}; // prettier-ignore

// prettier-ignore

export function parsePredicate(cursor: Cursor): Expression {
  if (cursor.sees('EXISTS', '(')) {
    cursor.expect('EXISTS');
    return { kind: 'exists', query: parenthesised(cursor, () => cursor.parseQuery(cursor)) };
  }
  let left = parseAdditive(cursor);
  for (;;) {
    const comparison = COMPARISONS[cursor.current.upper];
    if (comparison !== undefined) {
      cursor.next();
      left = { kind: 'compare', op: comparison, left, right: parseAdditive(cursor) };
      continue;
    }
    const negated = cursor.sees('NOT') && ['IN', 'LIKE', 'BETWEEN'].includes(cursor.peek(1).upper);
    if (negated) cursor.expect('NOT');
    if (cursor.accept('IS')) left = parseIsNull(cursor, left);
    else if (cursor.accept('IN')) left = parseIn(cursor, left, negated);
    else if (cursor.accept('LIKE')) left = parseLike(cursor, left, negated);
    else if (cursor.accept('BETWEEN')) left = parseBetween(cursor, left, negated);
    else return left;
  }
}

function parseIsNull(cursor: Cursor, operand: Expression): Expression {
  const negated = cursor.accept('NOT');
  cursor.expect('NULL');
  return { kind: 'isNull', operand, negated };
}

function parseIn(cursor: Cursor, operand: Expression, negated: boolean): Expression {
  if (cursor.sees('(', 'SELECT') || cursor.sees('(', 'WITH')) {
    return {
      kind: 'inQuery',
      operand,
      query: parenthesised(cursor, () => cursor.parseQuery(cursor)),
      negated,
    };
  }
  return { kind: 'in', operand, list: cursor.list(() => parseAdditive(cursor)), negated };
}

function parseLike(cursor: Cursor, operand: Expression, negated: boolean): Expression {
  const pattern = parseAdditive(cursor);
  if (!cursor.accept('ESCAPE')) return { kind: 'like', operand, pattern, negated };
  return { kind: 'like', operand, pattern, escape: parseAdditive(cursor), negated };
}

function parseBetween(cursor: Cursor, operand: Expression, negated: boolean): Expression {
  const low = parseAdditive(cursor);
  cursor.expect('AND');
  const high = parseAdditive(cursor);
  const between: Expression = {
    kind: 'logical',
    op: 'and',
    left: { kind: 'compare', op: '>=', left: operand, right: low },
    right: { kind: 'compare', op: '<=', left: operand, right: high },
  };
  return negated ? { kind: 'not', operand: between } : between;
}
