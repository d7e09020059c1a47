/** Statements and batches. */
import { errors } from '../errors/errors.ts';
import type { Expression } from './ast.ts';
import { Cursor } from './cursor.ts';
import { grammar } from './grammar.ts';
import {
  parseBareExecute,
  parseDeclare,
  parseExecute,
  parseRaiserror,
  parseSet,
  parseThrow,
  parseTransaction,
} from './parse-control.ts';
import { parseAlter, parseCreate, parseDrop, parseTruncate } from './parse-ddl.ts';
import { parseDelete, parseInsert, parseUpdate } from './parse-dml.ts';
import { parseMerge } from './parse-merge.ts';
import { parsePermission } from './parse-security.ts';
import { parseExpression } from './parse-expression.ts';
import { parseCommonTables, parseQuery, parseQueryAfterCtes } from './parse-query.ts';
import type { Statement } from './statement-ast.ts';

/** Throws `SyntaxErrorAt` (102, 156, 105 …): then no statement of the batch has run. */
export function parseBatch(sql: string): readonly Statement[] {
  const cursor = new Cursor(sql, grammar);
  const statements: Statement[] = [];
  while (cursor.accept(';'));
  if (cursor.isName && cursor.peek(1).upper !== ':') statements.push(parseFirst(cursor));
  parseStatements(cursor, statements, () => cursor.atEnd);
  return statements;
}

function parseFirst(cursor: Cursor): Statement {
  return STATEMENTS[cursor.current.upper] === undefined ? parseBareExecute(cursor) : parseOne(cursor);
}

/** A condition on its own, for tests of check constraints and the like. */
export function parseExpressionText(sql: string): Expression {
  const cursor = new Cursor(sql, grammar);
  const expression = parseExpression(cursor);
  if (!cursor.atEnd) cursor.fail();
  return expression;
}

function parseStatements(cursor: Cursor, into: Statement[], atEnd: () => boolean): void {
  for (;;) {
    while (cursor.accept(';'));
    if (atEnd()) return;
    if (cursor.sees('DECLARE')) into.push(...parseDeclare(cursor));
    else into.push(parseOne(cursor));
  }
}

function parseOne(cursor: Cursor): Statement {
  const parse = STATEMENTS[cursor.current.upper];
  if (parse === undefined) cursor.fail();
  const statement = parse(cursor);
  while (cursor.accept(';'));
  return statement;
}

const STATEMENTS: Readonly<Record<string, (cursor: Cursor) => Statement>> = {
  SELECT: parseSelectStatement,
  '(': parseSelectStatement,
  WITH: parseWith,
  INSERT: (cursor) => parseInsert(cursor, []),
  UPDATE: (cursor) => parseUpdate(cursor, []),
  DELETE: (cursor) => parseDelete(cursor, []),
  MERGE: (cursor) => parseMerge(cursor, []),
  SET: parseSet,
  IF: parseIf,
  WHILE: parseWhile,
  BEGIN: parseBegin,
  BREAK: (cursor) => ({ kind: 'break', line: cursor.next().line }),
  CONTINUE: (cursor) => ({ kind: 'continue', line: cursor.next().line }),
  RETURN: parseReturn,
  PRINT: (cursor) => ({ kind: 'print', line: cursor.next().line, value: parseExpression(cursor) }),
  RAISERROR: parseRaiserror,
  THROW: parseThrow,
  WAITFOR: parseWaitfor,
  EXEC: parseExecute,
  EXECUTE: parseExecute,
  USE: (cursor) => ({ kind: 'use', line: cursor.next().line, database: cursor.name() }),
  COMMIT: parseTransaction,
  ROLLBACK: parseTransaction,
  SAVE: parseTransaction,
  CREATE: parseCreate,
  ALTER: parseAlter,
  DROP: parseDrop,
  TRUNCATE: parseTruncate,
  GRANT: parsePermission,
  DENY: parsePermission,
  REVOKE: parsePermission,
  DECLARE: (cursor) => {
    const line = cursor.line;
    return { kind: 'block', statements: parseDeclare(cursor), line };
  },
};

function parseSelectStatement(cursor: Cursor): Statement {
  const line = cursor.line;
  return { kind: 'query', query: parseQuery(cursor), line };
}

function parseWith(cursor: Cursor): Statement {
  const line = cursor.line;
  const ctes = parseCommonTables(cursor);
  if (cursor.sees('INSERT')) return parseInsert(cursor, ctes);
  if (cursor.sees('UPDATE')) return parseUpdate(cursor, ctes);
  if (cursor.sees('DELETE')) return parseDelete(cursor, ctes);
  if (cursor.sees('MERGE')) return parseMerge(cursor, ctes);
  return { kind: 'query', query: parseQueryAfterCtes(cursor, ctes), line };
}

function parseIf(cursor: Cursor): Statement {
  const line = cursor.next().line;
  const condition = parseExpression(cursor);
  const body = parseOne(cursor);
  if (!cursor.accept('ELSE')) return { kind: 'if', condition, body, line };
  return { kind: 'if', condition, body, otherwise: parseOne(cursor), line };
}

function parseWhile(cursor: Cursor): Statement {
  const line = cursor.next().line;
  const condition = parseExpression(cursor);
  return { kind: 'while', condition, body: parseOne(cursor), line };
}

function parseBegin(cursor: Cursor): Statement {
  const line = cursor.line;
  if (cursor.sees('BEGIN', 'TRAN') || cursor.sees('BEGIN', 'TRANSACTION')) return parseTransaction(cursor);
  cursor.expect('BEGIN');
  if (!cursor.accept('TRY')) return parseBlock(cursor, line, ['END']);
  const body = parseBlock(cursor, line, ['END', 'TRY']);
  while (cursor.accept(';'));
  const handlerLine = cursor.line;
  cursor.expect('BEGIN', 'CATCH');
  return { kind: 'try', body, handler: parseBlock(cursor, handlerLine, ['END', 'CATCH'], true), line };
}

function parseBlock(
  cursor: Cursor,
  line: number,
  end: readonly string[],
  mayBeEmpty = end.length > 1,
): Statement {
  const statements: Statement[] = [];
  parseStatements(cursor, statements, () => cursor.atEnd || cursor.sees('END'));
  if (statements.length === 0 && !mayBeEmpty) cursor.fail();
  if (cursor.atEnd) throw errors.syntax(cursor.peek(-1).text, cursor.line);
  cursor.expect(...end);
  return { kind: 'block', statements, line };
}

const BEGINS_VALUE = ['integer', 'decimal', 'variable', 'string', 'nstring'];

function parseReturn(cursor: Cursor): Statement {
  const line = cursor.next().line;
  const hasValue =
    BEGINS_VALUE.includes(cursor.current.kind) || ['-', '(', 'NULL', 'CASE'].includes(cursor.current.upper);
  return hasValue ? { kind: 'return', value: parseExpression(cursor), line } : { kind: 'return', line };
}

function parseWaitfor(cursor: Cursor): Statement {
  const line = cursor.next().line;
  cursor.expect('DELAY');
  return { kind: 'waitfor', delay: parseExpression(cursor), line };
}
