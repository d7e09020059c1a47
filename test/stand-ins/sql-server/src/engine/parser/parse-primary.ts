/** What an expression begins with: literals, variables, names, parentheses. */
import { CLR_PROPERTIES } from '../values/index.ts';
import type { Expression } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { parseCall, parseStaticCall } from './parse-call.ts';
import { parenthesised } from './parse-list.ts';
import { parseLiteral } from './parse-literal.ts';
import { SPECIAL } from './parse-special.ts';

const WITHOUT_PARENTHESES = new Set([
  'CASE',
  'DEFAULT',
  'CURRENT_TIMESTAMP',
  'CURRENT_USER',
  'SESSION_USER',
  'SYSTEM_USER',
  'USER',
]);

export function parsePrimary(cursor: Cursor): Expression {
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
  if (special !== undefined && (WITHOUT_PARENTHESES.has(upper) || cursor.peek(1).upper === '(')) {
    cursor.next();
    return special(cursor, line);
  }
  return parseNamed(cursor, line);
}

function parseParenthesis(cursor: Cursor): Expression {
  if (cursor.sees('(', 'SELECT') || cursor.sees('(', 'WITH')) {
    return { kind: 'scalarQuery', query: parenthesised(cursor, () => cursor.parseQuery(cursor)) };
  }
  return parenthesised(cursor, () => cursor.parseExpression(cursor));
}

function parseNamed(cursor: Cursor, line: number): Expression {
  const name = cursor.dottedName();
  if (cursor.sees('(')) return parseCall(cursor, name, line);
  if (cursor.sees('::')) return parseStaticCall(cursor, name.at(-1) ?? '', line);
  const last = name.at(-1) ?? '';
  if (name.length > 1 && cursor.peek(-1).kind === 'word' && CLR_PROPERTIES.has(last))
    return propertyOf({ kind: 'column', name: name.slice(0, -1), line }, last, line);
  return { kind: 'column', name, line };
}

/** `column.STSrid`; a column of that name is written in brackets. */
const propertyOf = (operand: Expression, name: string, line: number): Expression => ({
  kind: 'method',
  operand,
  name,
  args: [],
  property: true,
  line,
});
