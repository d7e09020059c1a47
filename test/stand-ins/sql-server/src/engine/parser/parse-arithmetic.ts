/** Operators of values, by precedence. */
import type { ArithmeticOperator, Expression } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { parseArguments } from './parse-list.ts';
import { parsePrimary } from './parse-primary.ts';

export function parseAdditive(cursor: Cursor): Expression {
  let left = parseMultiplicative(cursor);
  for (;;) {
    const op = cursor.acceptOne('+', '-', '&', '|', '^') as ArithmeticOperator | undefined;
    if (op === undefined) return left;
    left = { kind: 'arithmetic', op, left, right: parseMultiplicative(cursor) };
  }
}

function parseMultiplicative(cursor: Cursor): Expression {
  let left = parseUnary(cursor);
  for (;;) {
    const op = cursor.acceptOne('*', '/', '%') as ArithmeticOperator | undefined;
    if (op === undefined) return left;
    left = { kind: 'arithmetic', op, left, right: parseUnary(cursor) };
  }
}

function parseUnary(cursor: Cursor): Expression {
  const op = cursor.acceptOne('-', '+', '~') as '-' | '+' | '~' | undefined;
  if (op === undefined) return parsePostfix(cursor);
  return { kind: 'unary', op, operand: parseUnary(cursor) };
}

/** `x COLLATE name` is read and has no effect: the stand-in compares by the default collation. */
function parsePostfix(cursor: Cursor): Expression {
  let operand = parsePrimary(cursor);
  while (cursor.accept('COLLATE')) cursor.name();
  while (operand.kind !== 'column' && cursor.sees('.')) {
    const line = cursor.line;
    cursor.expect('.');
    const name = cursor.anyName();
    const property = !cursor.sees('(');
    const args = property ? [] : parseArguments(cursor);
    operand = { kind: 'method', operand, name, args, property, line };
  }
  return operand;
}
