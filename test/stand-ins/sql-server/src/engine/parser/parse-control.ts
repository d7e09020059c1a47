/** DECLARE, SET, EXEC, RAISERROR, THROW and the transaction statements. */
import { errors } from '../errors/errors.ts';
import type { Expression } from './ast.ts';
import { isReserved, type Cursor } from './cursor.ts';
import type { Argument, ExecuteStatement } from './execute-ast.ts';
import { parseExpression } from './parse-expression.ts';
import { parenthesised } from './parse-list.ts';
import { NULL_LITERAL } from './parse-literal.ts';
import { isAssignment } from './parse-query.ts';
import { parseTableDefinition } from './parse-table.ts';
import { parseType } from './parse-type.ts';
import type { Statement } from './statement-ast.ts';

export function parseDeclare(cursor: Cursor): Statement[] {
  cursor.expect('DECLARE');
  return cursor.separated((): Statement => {
    const line = cursor.line;
    const name = cursor.variable();
    cursor.accept('AS');
    if (cursor.accept('TABLE'))
      return { kind: 'declareTable', name, table: parseTableDefinition(cursor), line };
    const type = parseType(cursor);
    if (!cursor.accept('=')) return { kind: 'declare', name, type, line };
    return { kind: 'declare', name, type, initial: parseExpression(cursor), line };
  });
}

/**
 * Options that are read and have no effect, because the stand-in always works as their usual value says, and those
 * that it acts on (NOCOUNT, XACT_ABORT, LOCK_TIMEOUT, IMPLICIT_TRANSACTIONS). Others fail with 195.
 */
const OPTIONS = new Set([
  'NOCOUNT', 'XACT_ABORT', 'LOCK_TIMEOUT', 'ANSI_NULLS', 'ANSI_NULL_DFLT_ON', 'ANSI_PADDING', 'ANSI_WARNINGS',
  'ANSI_DEFAULTS', 'ARITHABORT', 'CONCAT_NULL_YIELDS_NULL', 'CURSOR_CLOSE_ON_COMMIT', 'IMPLICIT_TRANSACTIONS',
  'LANGUAGE', 'DATEFORMAT', 'DATEFIRST', 'NUMERIC_ROUNDABORT', 'QUOTED_IDENTIFIER', 'TEXTSIZE', 'DEADLOCK_PRIORITY',
  'CONTEXT_INFO', 'FMTONLY', 'ARITHIGNORE',
]); // prettier-ignore

export function parseSet(cursor: Cursor): Statement {
  const line = cursor.line;
  cursor.expect('SET');
  if (cursor.current.kind === 'variable') {
    const name = cursor.variable();
    const op = cursor.current.upper;
    if (!isAssignment(op)) cursor.fail();
    cursor.next();
    return { kind: 'set', name, op, value: parseExpression(cursor), line };
  }
  if (cursor.accept('TRANSACTION', 'ISOLATION', 'LEVEL'))
    return { kind: 'setIsolation', level: parseLevel(cursor), line };
  if (cursor.accept('IDENTITY_INSERT')) {
    const table = cursor.dottedName();
    return { kind: 'setIdentityInsert', table, on: parseOnOff(cursor), line };
  }
  if (cursor.accept('ROWCOUNT')) {
    if (cursor.current.kind !== 'integer') cursor.fail();
    return { kind: 'setOption', options: ['ROWCOUNT'], value: cursor.next().text, line };
  }
  const options = cursor.separated(() => {
    const option = cursor.anyName().toUpperCase();
    if (!OPTIONS.has(option)) throw errors.unknownSetOption(option, line);
    return option;
  });
  const negative = cursor.accept('-') ? '-' : '';
  return { kind: 'setOption', options, value: negative + cursor.next().text.toUpperCase(), line };
}

function parseLevel(cursor: Cursor): string {
  const words = [cursor.anyName()];
  if (['READ', 'REPEATABLE'].includes(words[0]?.toUpperCase() ?? '')) words.push(cursor.anyName());
  const level = words.join(' ').toLowerCase();
  if (['read uncommitted', 'read committed', 'repeatable read', 'serializable', 'snapshot'].includes(level))
    return level;
  return cursor.fail();
}

function parseOnOff(cursor: Cursor): boolean {
  const word = cursor.acceptOne('ON', 'OFF') ?? cursor.fail();
  return word === 'ON';
}

export function parseExecute(cursor: Cursor): ExecuteStatement {
  const line = cursor.line;
  cursor.next();
  if (cursor.sees('('))
    return { kind: 'executeText', text: parenthesised(cursor, () => parseExpression(cursor)), line };
  const returns = cursor.current.kind === 'variable' ? cursor.variable() : undefined;
  if (returns !== undefined) cursor.expect('=');
  const procedure = cursor.dottedName();
  return { kind: 'execute', procedure, args: parseCallArguments(cursor), line, ...(returns && { returns }) };
}

/** A batch may begin with the name of a procedure without EXEC. */
export function parseBareExecute(cursor: Cursor): Statement {
  const line = cursor.line;
  return { kind: 'execute', procedure: cursor.dottedName(), args: parseCallArguments(cursor), line };
}

function parseCallArguments(cursor: Cursor): Argument[] {
  if (cursor.atEnd || cursor.sees(';')) return [];
  const { kind, upper } = cursor.current;
  if (kind === 'word' && isReserved(upper) && upper !== 'NULL' && upper !== 'DEFAULT') return [];
  return cursor.separated(() => parseArgument(cursor));
}

function parseArgument(cursor: Cursor): Argument {
  const named = cursor.current.kind === 'variable' && cursor.peek(1).upper === '=';
  const name = named ? { name: cursor.variable() } : {};
  if (named) cursor.expect('=');
  const value = parseArgumentValue(cursor);
  const output = cursor.acceptOne('OUTPUT', 'OUT') !== undefined;
  return { ...name, value, output };
}

/** An argument is a constant, a variable, DEFAULT, or a word that stands for a string. */
function parseArgumentValue(cursor: Cursor): Expression {
  const { kind, upper, text } = cursor.current;
  if (upper === 'NULL') {
    cursor.next();
    return NULL_LITERAL;
  }
  if ((kind === 'word' && upper !== 'DEFAULT') || kind === 'quoted') {
    cursor.next();
    return { kind: 'literal', type: { name: 'nvarchar', length: Math.max(1, text.length) }, value: text };
  }
  return parseExpression(cursor);
}

export function parseRaiserror(cursor: Cursor): Statement {
  const line = cursor.line;
  cursor.expect('RAISERROR');
  const args = cursor.list(() => parseExpression(cursor));
  if (args.length < 3) cursor.fail();
  const options = cursor.accept('WITH') ? cursor.separated(() => cursor.anyName().toUpperCase()) : [];
  return { kind: 'raiserror', args, options, line };
}

export function parseThrow(cursor: Cursor): Statement {
  const line = cursor.line;
  cursor.expect('THROW');
  if (!['integer', 'variable'].includes(cursor.current.kind)) return { kind: 'throw', args: [], line };
  const args = cursor.separated(() => parseExpression(cursor));
  if (args.length !== 3) cursor.fail();
  return { kind: 'throw', args, line };
}

/** COMMIT, ROLLBACK, SAVE; `BEGIN TRAN` is found by the caller, since BEGIN opens blocks too. */
export function parseTransaction(cursor: Cursor): Statement {
  const line = cursor.line;
  const word = cursor.next().upper;
  const kind =
    word === 'BEGIN' ? 'begin' : word === 'COMMIT' ? 'commit' : word === 'SAVE' ? 'save' : 'rollback';
  const long = cursor.acceptOne('TRANSACTION', 'TRAN') !== undefined;
  if (!long && (kind === 'begin' || kind === 'save')) cursor.fail();
  if (!long) cursor.accept('WORK');
  const named = long && (cursor.isName || cursor.current.kind === 'variable');
  const name = named ? cursor.next().text : '';
  if (kind === 'save' && name === '') cursor.fail();
  return { kind, name, line };
}
