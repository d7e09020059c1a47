/** SELECT: blocks, set operations, common table expressions, ORDER BY and paging. */
import { errors } from '../errors/errors.ts';
import type {
  AssignOperator,
  CommonTable,
  Expression,
  Query,
  QueryBody,
  SelectBlock,
  SelectItem,
  Top,
} from './ast.ts';
import type { Cursor } from './cursor.ts';
import { parseExpression } from './parse-expression.ts';
import { parseFrom } from './parse-from.ts';
import { parenthesised, parseOrderItems } from './parse-list.ts';

export function parseQuery(cursor: Cursor): Query {
  const ctes = parseCommonTables(cursor);
  return parseQueryAfterCtes(cursor, ctes);
}

export function parseQueryAfterCtes(cursor: Cursor, ctes: readonly CommonTable[]): Query {
  const line = cursor.line;
  const body = parseUnion(cursor);
  const orderBy = cursor.accept('ORDER', 'BY') ? parseOrderItems(cursor) : [];
  const paging = orderBy.length > 0 ? parsePaging(cursor) : {};
  if (cursor.sees('FOR')) cursor.fail();
  parseOption(cursor);
  return { ctes, body, orderBy, ...paging, line };
}

export function parseCommonTables(cursor: Cursor): readonly CommonTable[] {
  if (!cursor.accept('WITH')) return [];
  return cursor.separated(() => {
    const name = cursor.name();
    const columns = cursor.sees('(') ? cursor.list(() => cursor.name()) : undefined;
    cursor.expect('AS');
    const query = parenthesised(cursor, () => parseQuery(cursor));
    return columns === undefined ? { name, query } : { name, columns, query };
  });
}

function parsePaging(cursor: Cursor): { offset?: Expression; fetch?: Expression } {
  if (!cursor.accept('OFFSET')) return {};
  const offset = parseExpression(cursor);
  if (cursor.acceptOne('ROWS', 'ROW') === undefined) cursor.fail();
  if (!cursor.accept('FETCH')) return { offset };
  if (cursor.acceptOne('NEXT', 'FIRST') === undefined) cursor.fail();
  const fetch = parseExpression(cursor);
  if (cursor.acceptOne('ROWS', 'ROW') === undefined) cursor.fail();
  cursor.expect('ONLY');
  return { offset, fetch };
}

const HINTS: readonly (readonly string[])[] = [
  ['RECOMPILE'],
  ['FORCE', 'ORDER'],
  ['LOOP', 'JOIN'],
  ['HASH', 'JOIN'],
  ['MERGE', 'JOIN'],
  ['KEEP', 'PLAN'],
  ['KEEPFIXED', 'PLAN'],
];

/** Hints never change a result, so the known ones are read and have no effect. */
export function parseOption(cursor: Cursor): void {
  if (!cursor.accept('OPTION')) return;
  cursor.list(() => {
    if (HINTS.some((hint) => cursor.accept(...hint))) return;
    if (cursor.accept('MAXDOP') || cursor.accept('FAST') || cursor.accept('MAXRECURSION')) {
      if (cursor.next().kind !== 'integer') cursor.fail();
    } else if (cursor.accept('OPTIMIZE', 'FOR', 'UNKNOWN')) return;
    else cursor.fail();
  });
}

function parseUnion(cursor: Cursor): QueryBody {
  let left = parseIntersect(cursor);
  for (;;) {
    const op = cursor.acceptOne('UNION', 'EXCEPT');
    if (op === undefined) return left;
    const all = op === 'UNION' && cursor.accept('ALL');
    const right = parseIntersect(cursor);
    left = { kind: 'set', op: op === 'EXCEPT' ? 'except' : all ? 'union all' : 'union', left, right };
  }
}

function parseIntersect(cursor: Cursor): QueryBody {
  let left = parseQueryTerm(cursor);
  while (cursor.accept('INTERSECT'))
    left = { kind: 'set', op: 'intersect', left, right: parseQueryTerm(cursor) };
  return left;
}

function parseQueryTerm(cursor: Cursor): QueryBody {
  if (cursor.sees('(')) return parenthesised(cursor, () => parseUnion(cursor));
  return parseSelectBlock(cursor);
}

function parseSelectBlock(cursor: Cursor): SelectBlock {
  const line = cursor.line;
  cursor.expect('SELECT');
  const distinct = cursor.accept('DISTINCT');
  if (!distinct) cursor.accept('ALL');
  const top = parseTop(cursor);
  const items = parseSelectItems(cursor);
  const into = cursor.accept('INTO') ? cursor.dottedName() : undefined;
  const from = cursor.accept('FROM') ? parseFrom(cursor) : [];
  const where = cursor.accept('WHERE') ? parseExpression(cursor) : undefined;
  const groupBy = cursor.accept('GROUP', 'BY') ? cursor.separated(() => parseExpression(cursor)) : [];
  const having = cursor.accept('HAVING') ? parseExpression(cursor) : undefined;
  return {
    kind: 'select',
    distinct,
    items,
    from,
    groupBy,
    line,
    ...(top && { top }),
    ...(into && { into }),
    ...(where && { where }),
    ...(having && { having }),
  };
}

export function parseTop(cursor: Cursor): Top | undefined {
  if (!cursor.accept('TOP')) return undefined;
  const count = cursor.sees('(')
    ? parenthesised(cursor, () => parseExpression(cursor))
    : parseTopNumber(cursor);
  const percent = cursor.accept('PERCENT');
  if (cursor.sees('WITH', 'TIES')) cursor.fail();
  return { count, percent };
}

function parseTopNumber(cursor: Cursor): Expression {
  if (cursor.current.kind !== 'integer') cursor.fail();
  return { kind: 'literal', type: { name: 'bigint' }, value: BigInt(cursor.next().text) };
}

export function parseSelectItems(cursor: Cursor): SelectItem[] {
  return cursor.separated(() => parseSelectItem(cursor));
}

const ASSIGNMENTS = ['=', '+=', '-=', '*=', '/=', '%=', '&=', '|=', '^='];

export function isAssignment(text: string): text is AssignOperator {
  return ASSIGNMENTS.includes(text);
}

function parseSelectItem(cursor: Cursor): SelectItem {
  if (cursor.accept('*')) return { kind: 'star' };
  const qualifier = parseQualifiedStar(cursor);
  if (qualifier !== undefined) return { kind: 'star', qualifier };
  const variable = cursor.current;
  const op = cursor.peek(1).upper;
  if (variable.kind === 'variable' && !variable.text.startsWith('@@') && isAssignment(op)) {
    cursor.next();
    cursor.next();
    return { kind: 'assign', variable: variable.text, op, expression: parseExpression(cursor) };
  }
  if ((variable.kind === 'word' || variable.kind === 'quoted') && op === '=') {
    const alias = cursor.name();
    cursor.expect('=');
    return { kind: 'value', expression: parseExpression(cursor), alias };
  }
  const expression = parseExpression(cursor);
  const alias = parseAlias(cursor);
  return alias === undefined ? { kind: 'value', expression } : { kind: 'value', expression, alias };
}

function parseQualifiedStar(cursor: Cursor): readonly string[] | undefined {
  let length = 0;
  const isPart = (at: number): boolean => ['word', 'quoted'].includes(cursor.peek(at).kind);
  while (isPart(length) && cursor.peek(length + 1).upper === '.') length += 2;
  if (length === 0 || cursor.peek(length).upper !== '*') return undefined;
  const parts: string[] = [];
  for (let at = 0; at < length; at += 2) {
    parts.push(cursor.next().text);
    cursor.expect('.');
  }
  cursor.expect('*');
  return parts;
}

/** An alias may be a string when AS stands before it, or without it. */
function parseAlias(cursor: Cursor): string | undefined {
  const as = cursor.accept('AS');
  const { kind, text } = cursor.current;
  if (kind === 'string' || kind === 'nstring') {
    cursor.next();
    return text;
  }
  if (cursor.isName) return cursor.name();
  if (as) throw errors.syntax(cursor.current.text, cursor.line);
  return undefined;
}
