/** MERGE ("MERGE (Transact-SQL)"), without TOP and `$action`. It must end with a semicolon. */
import { errors } from '../errors/errors.ts';
import type { CommonTable } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { parseAssignments, parseOutput, parseTarget } from './parse-dml.ts';
import { parseExpression } from './parse-expression.ts';
import { parseAlias, parseSource } from './parse-from.ts';
import { parseOption } from './parse-query.ts';
import type { MergeClause, MergeStatement } from './write-ast.ts';

/** Error 10713 without a semicolon at its end. */
export function parseMerge(cursor: Cursor, ctes: readonly CommonTable[]): MergeStatement {
  const line = cursor.line;
  cursor.expect('MERGE');
  cursor.accept('INTO');
  const target = parseTarget(cursor);
  const alias = parseAlias(cursor);
  cursor.expect('USING');
  const source = parseSource(cursor);
  cursor.expect('ON');
  const on = parseExpression(cursor);
  const clauses: MergeClause[] = [];
  while (cursor.sees('WHEN')) clauses.push(parseClause(cursor));
  if (clauses.length === 0) cursor.fail();
  const output = parseOutput(cursor);
  parseOption(cursor);
  if (!cursor.sees(';')) throw errors.mergeUnterminated(cursor.line);
  return { kind: 'merge', ctes, target, ...alias, source, on, clauses, line, ...(output && { output }) };
}

function parseClause(cursor: Cursor): MergeClause {
  cursor.expect('WHEN');
  const missing = cursor.accept('NOT');
  cursor.expect('MATCHED');
  const bySource = missing && cursor.accept('BY', 'SOURCE');
  if (missing && !bySource) cursor.accept('BY', 'TARGET');
  const condition = cursor.accept('AND') ? { condition: parseExpression(cursor) } : {};
  cursor.expect('THEN');
  if (missing && !bySource) return { when: 'not matched', ...condition, action: parseInsertAction(cursor) };
  return { when: missing ? 'not matched by source' : 'matched', ...condition, action: parseChange(cursor) };
}

function parseChange(cursor: Cursor): MergeClause['action'] {
  if (cursor.accept('DELETE')) return { kind: 'delete' };
  cursor.expect('UPDATE', 'SET');
  return { kind: 'update', assignments: parseAssignments(cursor) };
}

function parseInsertAction(cursor: Cursor): MergeClause['action'] {
  cursor.expect('INSERT');
  const columns = cursor.sees('(') ? { columns: cursor.list(() => cursor.name()) } : {};
  if (cursor.accept('DEFAULT', 'VALUES')) return { kind: 'insert', columns: [], values: [] };
  cursor.expect('VALUES');
  return { kind: 'insert', ...columns, values: cursor.list(() => parseExpression(cursor)) };
}
