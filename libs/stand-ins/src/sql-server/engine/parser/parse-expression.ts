/** Expressions and conditions, by precedence (Transact-SQL reference, "Operator precedence"). */
import type { SqlType } from '../engine-session.ts';
import type {
  ArithmeticOperator,
  CaseBranch,
  CompareOperator,
  Expression,
  FunctionCall,
  OrderItem,
  Over,
} from './ast.ts';
import type { Cursor } from './cursor.ts';
import { parseLiteral } from './parse-literal.ts';
import { parseType } from './parse-type.ts';

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

const COMPARISONS: Readonly<Record<string, CompareOperator>> = {
  '=': '=', '<>': '<>', '!=': '<>', '<': '<', '>': '>', '<=': '<=', '>=': '>=', '!<': '>=', '!>': '<=',
}; // prettier-ignore

function parsePredicate(cursor: Cursor): Expression {
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

function parseAdditive(cursor: Cursor): Expression {
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
    cursor.expect('(', ')');
    operand = { kind: 'method', operand, name, line };
  }
  return operand;
}

function parsePrimary(cursor: Cursor): Expression {
  const literal = parseLiteral(cursor);
  if (literal !== undefined) return literal;
  const { kind, text, upper, line } = cursor.current;
  if (kind === 'variable') {
    cursor.next();
    return text.startsWith('@@')
      ? { kind: 'systemVariable', name: text, line }
      : { kind: 'variable', name: text, line };
  }
  if (upper === '(') return parseParenthesis(cursor);
  const special = kind === 'word' ? SPECIAL[upper] : undefined;
  if (
    special !== undefined &&
    (upper === 'CASE' || upper === 'DEFAULT' || upper.startsWith('CURRENT_') || cursor.peek(1).upper === '(')
  ) {
    cursor.next();
    return special(cursor, line);
  }
  return parseNamed(cursor, line);
}

function parseParenthesis(cursor: Cursor): Expression {
  if (cursor.sees('(', 'SELECT') || cursor.sees('(', 'WITH')) {
    return { kind: 'scalarQuery', query: parenthesised(cursor, () => cursor.parseQuery(cursor)) };
  }
  return parenthesised(cursor, () => parseExpression(cursor));
}

const call = (name: string, args: readonly Expression[], line: number): FunctionCall => ({
  kind: 'call',
  name: [name],
  args,
  star: false,
  distinct: false,
  line,
});

const isNotNull = (operand: Expression): Expression => ({ kind: 'isNull', operand, negated: true });

const SPECIAL: Readonly<Record<string, (cursor: Cursor, line: number) => Expression>> = {
  CASE: parseCase,
  DEFAULT: () => ({ kind: 'default' }),
  CAST: (cursor) => parseCast(cursor, false),
  TRY_CAST: (cursor) => parseCast(cursor, true),
  CONVERT: (cursor) => parseConvert(cursor, false),
  TRY_CONVERT: (cursor) => parseConvert(cursor, true),
  IIF: (cursor: Cursor) => {
    const [when, result, otherwise] = cursor.list(() => parseExpression(cursor));
    if (when === undefined || result === undefined || otherwise === undefined) cursor.fail();
    return { kind: 'case', branches: [{ when, result }], otherwise };
  },
  COALESCE: (cursor: Cursor) => {
    const args = cursor.list(() => parseExpression(cursor));
    const otherwise = args.pop();
    if (otherwise === undefined || args.length === 0) cursor.fail();
    return { kind: 'case', branches: args.map((result) => ({ when: isNotNull(result), result })), otherwise };
  },
  NULLIF: (cursor: Cursor) => {
    const [left, right] = cursor.list(() => parseExpression(cursor));
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
  LEFT: parseOrdinaryCall('LEFT'),
  RIGHT: parseOrdinaryCall('RIGHT'),
};

function parseOrdinaryCall(name: string): (cursor: Cursor, line: number) => Expression {
  return (cursor, line) => call(name, parseArguments(cursor), line);
}

function parseCase(cursor: Cursor): Expression {
  const operand = cursor.sees('WHEN') ? undefined : parseExpression(cursor);
  const branches: CaseBranch[] = [];
  while (cursor.accept('WHEN')) {
    const value = parseExpression(cursor);
    cursor.expect('THEN');
    const when: Expression =
      operand === undefined ? value : { kind: 'compare', op: '=', left: operand, right: value };
    branches.push({ when, result: parseExpression(cursor) });
  }
  if (branches.length === 0) cursor.fail();
  const otherwise = cursor.accept('ELSE') ? parseExpression(cursor) : undefined;
  cursor.expect('END');
  return otherwise === undefined ? { kind: 'case', branches } : { kind: 'case', branches, otherwise };
}

function parseCast(cursor: Cursor, attempt: boolean): Expression {
  return parenthesised(cursor, () => {
    const operand = parseExpression(cursor);
    cursor.expect('AS');
    return { kind: 'cast', operand, type: parseType(cursor, 30), attempt };
  });
}

function parseConvert(cursor: Cursor, attempt: boolean): Expression {
  return parenthesised(cursor, () => {
    const type: SqlType = parseType(cursor, 30);
    cursor.expect(',');
    const operand = parseExpression(cursor);
    if (!cursor.accept(',')) return { kind: 'cast', operand, type, attempt };
    return { kind: 'cast', operand, type, style: parseExpression(cursor), attempt };
  });
}

function parseNamed(cursor: Cursor, line: number): Expression {
  const name = cursor.dottedName();
  if (cursor.sees('(')) return parseCall(cursor, name, line);
  return { kind: 'column', name, line };
}

function parseCall(cursor: Cursor, name: readonly string[], line: number): Expression {
  const last = name[name.length - 1] ?? '';
  if (name.length === 2 && METHODS.has(last)) {
    cursor.expect('(', ')');
    return { kind: 'method', operand: { kind: 'column', name: name.slice(0, -1), line }, name: last, line };
  }
  if (cursor.sees('(', '*', ')')) {
    cursor.expect('(', '*', ')');
    return withOver(cursor, { kind: 'call', name, args: [], star: true, distinct: false, line });
  }
  cursor.expect('(');
  const distinct = cursor.accept('DISTINCT');
  if (!distinct) cursor.accept('ALL');
  const args = cursor.sees(')') ? [] : cursor.separated(() => parseExpression(cursor));
  cursor.expect(')');
  return withOver(cursor, withGroup(cursor, { kind: 'call', name, args, star: false, distinct, line }));
}

/** Methods of the types hierarchyid, geography and geometry; their names are case-sensitive. */
const METHODS = new Set(['ToString', 'STAsText', 'AsTextZM', 'STSrid']);

function withGroup(cursor: Cursor, of: FunctionCall): FunctionCall {
  if (!cursor.sees('WITHIN', 'GROUP')) return of;
  cursor.expect('WITHIN', 'GROUP', '(', 'ORDER', 'BY');
  const withinGroup = parseOrderItems(cursor);
  cursor.expect(')');
  return { ...of, withinGroup };
}

function withOver(cursor: Cursor, of: FunctionCall): FunctionCall {
  if (!cursor.accept('OVER')) return of;
  const over = parenthesised(cursor, (): Over => {
    const partitionBy = cursor.accept('PARTITION', 'BY')
      ? cursor.separated(() => parseExpression(cursor))
      : [];
    const orderBy = cursor.accept('ORDER', 'BY') ? parseOrderItems(cursor) : [];
    return { partitionBy, orderBy };
  });
  return { ...of, over };
}

export function parseOrderItems(cursor: Cursor): OrderItem[] {
  return cursor.separated(() => {
    const expression = parseExpression(cursor);
    const descending = cursor.accept('DESC');
    if (!descending) cursor.accept('ASC');
    return { expression, descending };
  });
}

export function parseArguments(cursor: Cursor): readonly Expression[] {
  if (cursor.accept('(', ')')) return [];
  return cursor.list(() => parseExpression(cursor));
}

export function parenthesised<T>(cursor: Cursor, inner: () => T): T {
  cursor.expect('(');
  const result = inner();
  cursor.expect(')');
  return result;
}
