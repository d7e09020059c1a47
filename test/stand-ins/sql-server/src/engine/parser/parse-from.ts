/** FROM: tables, functions, derived tables, VALUES and the joins between them. */
import { errors } from '../errors/errors.ts';
import type { JoinKind, TableSource } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { parseExpression } from './parse-expression.ts';
import { parenthesised, parseArguments } from './parse-list.ts';

export function parseFrom(cursor: Cursor): TableSource[] {
  return cursor.separated(() => parseJoins(cursor));
}

function parseJoins(cursor: Cursor): TableSource {
  let left = parseSource(cursor);
  for (;;) {
    const join = acceptJoin(cursor);
    if (join === undefined) return left;
    const right = parseSource(cursor);
    if (join === 'cross' || join === 'cross apply' || join === 'outer apply')
      left = { kind: 'join', join, left, right };
    else {
      const nested = cursor.sees('ON') ? right : parseNested(cursor, right);
      cursor.expect('ON');
      left = { kind: 'join', join, left, right: nested, on: parseExpression(cursor) };
    }
  }
}

/** `a JOIN b JOIN c ON … ON …`: the inner join is read first. */
function parseNested(cursor: Cursor, left: TableSource): TableSource {
  const join = acceptJoin(cursor);
  if (join === undefined) cursor.fail();
  const right = parseSource(cursor);
  cursor.expect('ON');
  return { kind: 'join', join, left, right, on: parseExpression(cursor) };
}

const JOINS: readonly (readonly [readonly string[], JoinKind])[] = [
  [['JOIN'], 'inner'],
  [['INNER', 'JOIN'], 'inner'],
  [['LEFT', 'JOIN'], 'left'],
  [['LEFT', 'OUTER', 'JOIN'], 'left'],
  [['RIGHT', 'JOIN'], 'right'],
  [['RIGHT', 'OUTER', 'JOIN'], 'right'],
  [['FULL', 'JOIN'], 'full'],
  [['FULL', 'OUTER', 'JOIN'], 'full'],
  [['CROSS', 'JOIN'], 'cross'],
  [['CROSS', 'APPLY'], 'cross apply'],
  [['OUTER', 'APPLY'], 'outer apply'],
];

function acceptJoin(cursor: Cursor): JoinKind | undefined {
  return JOINS.find(([words]) => cursor.accept(...words))?.[1];
}

export function parseSource(cursor: Cursor): TableSource {
  if (cursor.sees('(', 'VALUES')) return parseValues(cursor);
  if (cursor.sees('(', 'SELECT') || cursor.sees('(', 'WITH')) return parseDerived(cursor);
  if (cursor.sees('(')) return parseBracketed(cursor);
  const line = cursor.line;
  if (cursor.current.kind === 'variable') {
    const name = cursor.variable();
    return { kind: 'tableVariable', name, line, ...parseAlias(cursor) };
  }
  const name = cursor.dottedName();
  if (cursor.sees('(') && !isHintList(cursor)) {
    const args = parseArguments(cursor);
    return { kind: 'function', name, args, line, ...parseAlias(cursor), ...columnList(cursor) };
  }
  parseHints(cursor);
  const alias = parseAlias(cursor);
  parseHints(cursor);
  return { kind: 'table', name, line, ...alias };
}

/** `((SELECT …) …) AS x` is a derived table, `(a JOIN b ON …)` a join. */
function parseBracketed(cursor: Cursor): TableSource {
  let depth = 0;
  while (cursor.peek(depth).upper === '(') depth++;
  if (cursor.peek(depth).upper === 'SELECT') return parseDerived(cursor);
  return parenthesised(cursor, () => parseJoins(cursor));
}

function parseDerived(cursor: Cursor): TableSource {
  const query = parenthesised(cursor, () => cursor.parseQuery(cursor));
  const { alias } = parseAlias(cursor);
  if (alias === undefined) cursor.fail();
  return { kind: 'derived', query, alias, ...columnList(cursor) };
}

function parseValues(cursor: Cursor): TableSource {
  const line = cursor.line;
  const rows = parenthesised(cursor, () => {
    cursor.expect('VALUES');
    return cursor.separated(() => cursor.list(() => parseExpression(cursor)));
  });
  const { alias } = parseAlias(cursor);
  const { columns } = columnList(cursor);
  if (alias === undefined || columns === undefined) throw errors.syntax(')', line);
  return { kind: 'values', rows, alias, columns };
}

export function parseAlias(cursor: Cursor): { alias?: string } {
  if (cursor.accept('AS')) return { alias: cursor.name() };
  if (!cursor.isName || FOLLOWING.has(cursor.current.upper)) return {};
  return { alias: cursor.name() };
}

/** Words that may follow a table and are no reserved words, so that they would pass for an alias. */
const FOLLOWING = new Set(['OFFSET', 'APPLY', 'OUTPUT', 'THROW', 'USING']);

function columnList(cursor: Cursor): { columns?: readonly string[] } {
  return cursor.sees('(') ? { columns: cursor.list(() => cursor.name()) } : {};
}

const HINTS = new Set([
  'NOLOCK', 'READUNCOMMITTED', 'READCOMMITTED', 'READCOMMITTEDLOCK', 'REPEATABLEREAD', 'SERIALIZABLE', 'HOLDLOCK',
  'UPDLOCK', 'XLOCK', 'ROWLOCK', 'PAGLOCK', 'TABLOCK', 'TABLOCKX', 'READPAST', 'NOWAIT', 'SNAPSHOT', 'FORCESEEK',
  'FORCESCAN', 'NOEXPAND',
]); // prettier-ignore

function isHintList(cursor: Cursor): boolean {
  return (
    cursor.peek(0).upper === '(' &&
    HINTS.has(cursor.peek(1).upper) &&
    [')', ','].includes(cursor.peek(2).upper)
  );
}

/** Table hints change locking, never a result: the stand-in reads committed versions, whatever the hint. */
export function parseHints(cursor: Cursor): void {
  if (cursor.sees('WITH', '(')) cursor.expect('WITH');
  else if (!isHintList(cursor)) return;
  cursor.expect('(');
  do {
    if (cursor.accept('INDEX')) {
      if (cursor.accept('=')) cursor.next();
      else cursor.list(() => cursor.next());
    } else if (HINTS.has(cursor.current.upper)) cursor.next();
    else cursor.fail();
    cursor.accept(',');
  } while (!cursor.sees(')'));
  cursor.expect(')');
}
