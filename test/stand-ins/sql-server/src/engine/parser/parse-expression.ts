/** Expressions and conditions, by precedence (Transact-SQL reference, "Operator precedence"). */
import type { Expression } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { parsePredicate } from './parse-predicate.ts';

export function parseExpression(cursor: Cursor): Expression {
  return parseOr(cursor);
}

function parseOr(cursor: Cursor): Expression {
  let left = parseAnd(cursor);
  while (cursor.accept('OR')) left = { kind: 'logical', op: 'or', left, right: parseAnd(cursor) };
  return left;
}

function parseAnd(cursor: Cursor): Expression {
  let left = parseNot(cursor);
  while (cursor.accept('AND')) left = { kind: 'logical', op: 'and', left, right: parseNot(cursor) };
  return left;
}

function parseNot(cursor: Cursor): Expression {
  if (cursor.accept('NOT')) return { kind: 'not', operand: parseNot(cursor) };
  return parsePredicate(cursor);
}
