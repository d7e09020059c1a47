/** What is written with a keyword: CASE, CAST, IIF, COALESCE and their like. */
import type { SqlType } from '../interface/engine-session.ts';
import type { CaseBranch, Expression, FunctionCall } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { parenthesised, parseArguments } from './parse-list.ts';
import { parseType } from './parse-type.ts';

const call = (name: string, args: readonly Expression[], line: number): FunctionCall => ({
  kind: 'call',
  name: [name],
  args,
  star: false,
  distinct: false,
  line,
});

const isNotNull = (operand: Expression): Expression => ({ kind: 'isNull', operand, negated: true });

export const SPECIAL: Readonly<Record<string, (cursor: Cursor, line: number) => Expression>> = {
  CASE: parseCase,
  DEFAULT: () => ({ kind: 'default' }),
  CAST: (cursor) => parseCast(cursor, false),
  TRY_CAST: (cursor) => parseCast(cursor, true),
  CONVERT: (cursor) => parseConvert(cursor, false),
  TRY_CONVERT: (cursor) => parseConvert(cursor, true),
  IIF: (cursor: Cursor) => {
    const [when, result, otherwise] = cursor.list(() => cursor.parseExpression(cursor));
    if (when === undefined || result === undefined || otherwise === undefined) cursor.fail();
    return { kind: 'case', branches: [{ when, result }], otherwise };
  },
  COALESCE: (cursor: Cursor) => {
    const args = cursor.list(() => cursor.parseExpression(cursor));
    const otherwise = args.pop();
    if (otherwise === undefined || args.length === 0) cursor.fail();
    return { kind: 'case', branches: args.map((result) => ({ when: isNotNull(result), result })), otherwise };
  },
  NULLIF: (cursor: Cursor) => {
    const [left, right] = cursor.list(() => cursor.parseExpression(cursor));
    if (left === undefined || right === undefined) cursor.fail();
    const equal: Expression = { kind: 'compare', op: '=', left, right };
    return {
      kind: 'case',
      branches: [
        { when: { kind: 'not', operand: equal }, result: left },
        { when: { kind: 'isNull', operand: right, negated: false }, result: left },
      ],
    };
  },
  CURRENT_TIMESTAMP: (_cursor, line) => call('GETDATE', [], line),
  CURRENT_USER: (_cursor, line) => call('USER_NAME', [], line),
  SESSION_USER: (_cursor, line) => call('USER_NAME', [], line),
  USER: (_cursor, line) => call('USER_NAME', [], line),
  SYSTEM_USER: (_cursor, line) => call('SYSTEM_USER', [], line),
  LEFT: parseOrdinaryCall('LEFT'),
  RIGHT: parseOrdinaryCall('RIGHT'),
};

function parseOrdinaryCall(name: string): (cursor: Cursor, line: number) => Expression {
  return (cursor, line) => call(name, parseArguments(cursor), line);
}

function parseCase(cursor: Cursor): Expression {
  const operand = cursor.sees('WHEN') ? undefined : cursor.parseExpression(cursor);
  const branches: CaseBranch[] = [];
  while (cursor.accept('WHEN')) {
    const value = cursor.parseExpression(cursor);
    cursor.expect('THEN');
    const when: Expression =
      operand === undefined ? value : { kind: 'compare', op: '=', left: operand, right: value };
    branches.push({ when, result: cursor.parseExpression(cursor) });
  }
  if (branches.length === 0) cursor.fail();
  const otherwise = cursor.accept('ELSE') ? cursor.parseExpression(cursor) : undefined;
  cursor.expect('END');
  return otherwise === undefined ? { kind: 'case', branches } : { kind: 'case', branches, otherwise };
}

function parseCast(cursor: Cursor, attempt: boolean): Expression {
  return parenthesised(cursor, () => {
    const operand = cursor.parseExpression(cursor);
    cursor.expect('AS');
    return { kind: 'cast', operand, type: parseType(cursor, 30), attempt };
  });
}

function parseConvert(cursor: Cursor, attempt: boolean): Expression {
  return parenthesised(cursor, () => {
    const type: SqlType = parseType(cursor, 30);
    cursor.expect(',');
    const operand = cursor.parseExpression(cursor);
    if (!cursor.accept(',')) return { kind: 'cast', operand, type, attempt };
    return { kind: 'cast', operand, type, style: cursor.parseExpression(cursor), attempt };
  });
}
