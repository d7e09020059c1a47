/** Calls of functions and methods, with WITHIN GROUP and OVER. */
import type { Expression, FunctionCall, Over } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { parenthesised, parseArguments, parseOrderItems } from './parse-list.ts';

export function parseCall(cursor: Cursor, name: readonly string[], line: number): Expression {
  const method = name.at(-1) ?? '';
  if (name.length > 1 && METHODS.has(method)) {
    const operand: Expression = { kind: 'column', name: name.slice(0, -1), line };
    return { kind: 'method', operand, name: method, args: parseArguments(cursor), property: false, line };
  }
  if (cursor.sees('(', '*', ')')) {
    cursor.expect('(', '*', ')');
    return withOver(cursor, { kind: 'call', name, args: [], star: true, distinct: false, line });
  }
  cursor.expect('(');
  const distinct = cursor.accept('DISTINCT');
  if (!distinct) cursor.accept('ALL');
  const args = cursor.sees(')') ? [] : cursor.separated(() => cursor.parseExpression(cursor));
  cursor.expect(')');
  return withOver(cursor, withGroup(cursor, { kind: 'call', name, args, star: false, distinct, line }));
}

/** Methods of the types hierarchyid, geography and geometry; their names are case-sensitive. */
const METHODS = new Set(['ToString', 'STAsText', 'AsTextZM', 'GetLevel', 'GetAncestor', 'IsDescendantOf']);

/** `hierarchyid::Parse('/1/')`: a call whose name is the type in lower case, `::` and the method as written. */
export function parseStaticCall(cursor: Cursor, type: string, line: number): Expression {
  cursor.expect('::');
  const name = [`${type.toLowerCase()}::${cursor.anyName()}`];
  const args = parseArguments(cursor);
  return { kind: 'call', name, args, star: false, distinct: false, line };
}

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
      ? cursor.separated(() => cursor.parseExpression(cursor))
      : [];
    const orderBy = cursor.accept('ORDER', 'BY') ? parseOrderItems(cursor) : [];
    return { partitionBy, orderBy };
  });
  return { ...of, over };
}
