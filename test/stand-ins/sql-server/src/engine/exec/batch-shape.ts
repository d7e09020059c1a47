/** What can be said of a batch before it runs. */
import type { Statement } from '../parser/statement-ast.ts';
import type { SessionState } from './session-state.ts';

const READS: ReadonlySet<Statement['kind']> = new Set([
  'query',
  'declare',
  'set',
  'setOption',
  'setIsolation',
  'print',
  'begin',
  'save',
  'use',
  'commit',
  'rollback',
]);
const WRITES: ReadonlySet<Statement['kind']> = new Set(['insert', 'update', 'delete']);

/**
 * True when no statement can have to wait: none writes, or the write lock is the session's already, or it is free and
 * the first statement takes it. Holds only for who reads the batch in the same turn.
 */
export function neverWaits(statements: readonly Statement[], session: SessionState): boolean {
  const { database } = session;
  if (session.state.lockedTables > 0) return false;
  let writes = 0;
  for (const [i, statement] of statements.entries()) {
    if (READS.has(statement.kind) && !selectsInto(statement)) continue;
    if (!WRITES.has(statement.kind) || isElsewhere(statement)) return false;
    if (session.isWriterOf(database)) continue;
    if (database.lock.holder !== undefined || i > 0 || ++writes > 1) return false;
  }
  return true;
}

function selectsInto(statement: Statement): boolean {
  return (
    statement.kind === 'query' &&
    statement.query.body.kind === 'select' &&
    statement.query.body.into !== undefined
  );
}

/** A name of three parts may mean another database, and what EXEC runs is not known. */
function isElsewhere(statement: Statement): boolean {
  if (statement.kind === 'insert') return statement.table.length > 2 || statement.source.kind === 'execute';
  return (
    (statement.kind === 'update' || statement.kind === 'delete') &&
    (statement.target.length > 2 || statement.from.length > 0)
  );
}
