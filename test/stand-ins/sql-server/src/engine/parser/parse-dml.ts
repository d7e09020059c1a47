/** INSERT, UPDATE and DELETE. */
import type { CommonTable, Name } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { parseExecute } from './parse-control.ts';
import { parseExpression } from './parse-expression.ts';
import { parseFrom, parseHints } from './parse-from.ts';
import { isAssignment, parseOption, parseQuery, parseSelectItems, parseTop } from './parse-query.ts';
import type { Assignment, DeleteStatement, InsertStatement, Output, UpdateStatement } from './write-ast.ts';

/** A table, or a table variable by its name with the `@`. */
export function parseTarget(cursor: Cursor): Name {
  const name = cursor.current.kind === 'variable' ? [cursor.variable()] : cursor.dottedName();
  parseHints(cursor);
  return name;
}

export function parseInsert(cursor: Cursor, ctes: readonly CommonTable[]): InsertStatement {
  const line = cursor.line;
  cursor.expect('INSERT');
  cursor.accept('INTO');
  const table = parseTarget(cursor);
  const columns =
    cursor.sees('(') && !cursor.sees('(', 'SELECT') ? cursor.list(() => cursor.name()) : undefined;
  const output = parseOutput(cursor);
  const source = parseInsertSource(cursor);
  return {
    kind: 'insert',
    ctes,
    table,
    source,
    line,
    ...(columns && { columns }),
    ...(output && { output }),
  };
}

function parseInsertSource(cursor: Cursor): InsertStatement['source'] {
  if (cursor.accept('DEFAULT', 'VALUES')) return { kind: 'defaults' };
  if (cursor.accept('VALUES')) {
    return { kind: 'rows', rows: cursor.separated(() => cursor.list(() => parseExpression(cursor))) };
  }
  if (cursor.sees('EXEC') || cursor.sees('EXECUTE'))
    return { kind: 'execute', execute: parseExecute(cursor) };
  if (!cursor.sees('SELECT') && !cursor.sees('WITH') && !cursor.sees('(')) cursor.fail();
  return { kind: 'query', query: parseQuery(cursor) };
}

export function parseUpdate(cursor: Cursor, ctes: readonly CommonTable[]): UpdateStatement {
  const line = cursor.line;
  cursor.expect('UPDATE');
  const top = parseTop(cursor);
  const target = parseTarget(cursor);
  cursor.expect('SET');
  const assignments = parseAssignments(cursor);
  const output = parseOutput(cursor);
  return {
    kind: 'update',
    ctes,
    target,
    assignments,
    line,
    ...(top && { top }),
    ...(output && { output }),
    ...parseRest(cursor),
  };
}

export function parseDelete(cursor: Cursor, ctes: readonly CommonTable[]): DeleteStatement {
  const line = cursor.line;
  cursor.expect('DELETE');
  const top = parseTop(cursor);
  cursor.accept('FROM');
  const target = parseTarget(cursor);
  const output = parseOutput(cursor);
  return {
    kind: 'delete',
    ctes,
    target,
    line,
    ...(top && { top }),
    ...(output && { output }),
    ...parseRest(cursor),
  };
}

function parseRest(cursor: Cursor): Pick<UpdateStatement, 'from' | 'where'> {
  const from = cursor.accept('FROM') ? parseFrom(cursor) : [];
  const where = cursor.accept('WHERE') ? parseExpression(cursor) : undefined;
  parseOption(cursor);
  return where === undefined ? { from } : { from, where };
}

export const parseAssignments = (cursor: Cursor): Assignment[] =>
  cursor.separated(() => parseAssignment(cursor));

function parseAssignment(cursor: Cursor): Assignment {
  const target = cursor.current.kind === 'variable' ? cursor.variable() : (cursor.dottedName().at(-1) ?? '');
  const op = cursor.current.upper;
  if (!isAssignment(op)) cursor.fail();
  cursor.next();
  return { target, op, value: parseExpression(cursor) };
}

export function parseOutput(cursor: Cursor): Output | undefined {
  if (!cursor.accept('OUTPUT')) return undefined;
  const items = parseSelectItems(cursor);
  if (!cursor.accept('INTO')) return { items };
  return { items, into: parseTarget(cursor) };
}
