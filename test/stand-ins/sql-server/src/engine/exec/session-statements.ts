/** Statements about the session and the server: transactions, USE, SET, databases, permissions. */
import type { Reply } from '../interface/engine-session.ts';
import { errors } from '../errors/errors.ts';
import type { Name } from '../parser/ast.ts';
import type { TableLike } from '../query/table-like.ts';
import { runPermission, runPrincipal } from './run-security.ts';
import type { SessionState } from './session-state.ts';
import type { Of, SessionStatement } from '../parser/statement-kinds.ts';

type FindTable = (name: Name) => TableLike;

export function* runSessionStatement(
  statement: SessionStatement,
  session: SessionState,
  findTable: FindTable,
): Generator<Reply> {
  switch (statement.kind) {
    case 'begin':
      yield* session.begin(statement.name);
      return;
    case 'commit':
      yield* session.commit();
      return;
    case 'rollback':
      yield* session.rollback(statement.name);
      return;
    case 'save':
      session.save(statement.name);
      return;
    case 'use':
      yield* useDatabase(statement.database, session);
      return;
    case 'setOption':
      for (const option of statement.options) setOption(option, statement.value, session);
      return;
    case 'setIsolation':
      // Every level reads committed versions: one writer at a time leaves nothing for the stricter ones to forbid.
      return;
    case 'setIdentityInsert':
      setIdentityInsert(statement, session, findTable);
      return;
    case 'createDatabase':
    case 'dropDatabase':
    case 'alterDatabase':
      requireNoTransaction(statement, session);
      if (!session.login.sysadmin)
        throw errors.databasePermissionDenied(TEXTS[statement.kind], session.database.name);
      changeDatabase(statement, session);
      yield {
        kind: 'done',
        ...(statement.kind !== 'alterDatabase' && { command: statement.kind }),
      };
      return;
    case 'principal':
    case 'permission':
    default:
      if (!session.access(session.database).owner) throw errors.actionNotPermitted();
      if (statement.kind === 'principal') runPrincipal(statement, session);
      else runPermission(statement, session);
      yield { kind: 'done' };
  }
}

function* useDatabase(name: string, session: SessionState): Generator<Reply> {
  const database = session.state.database(name);
  if (database.offline) throw errors.databaseOffline(database.name);
  session.requireOpen(database);
  session.database = database;
  yield { kind: 'database', name: database.name };
}

function setOption(option: string, value: string, { options }: SessionState): void {
  const isOn = value === 'ON';
  if (option === 'NOCOUNT') options.noCount = isOn;
  if (option === 'XACT_ABORT') options.xactAbort = isOn;
  if (option === 'IMPLICIT_TRANSACTIONS') options.implicitTransactions = isOn;
  if (option === 'ROWCOUNT') options.mostRows = value === '0' ? Infinity : Number(value);
  if (option === 'LOCK_TIMEOUT') options.lockTimeoutMs = Number(value);
}

/** Errors 8106, 8107. */
function setIdentityInsert(
  { table: name, on }: Of<'setIdentityInsert'>,
  session: SessionState,
  findTable: FindTable,
): void {
  const found = findTable(name);
  if (found.kind === 'virtual' || !found.table.columns.some((column) => column.identity !== undefined)) {
    throw errors.noIdentity(name.join('.'));
  }
  const held = session.identityInsert;
  if (on && held !== undefined && held !== found.table) {
    throw errors.identityInsertElsewhere(held.fullName, found.table.fullName);
  }
  if (on) session.identityInsert = found.table;
  else if (held === found.table) session.identityInsert = undefined;
}

type DatabaseStatement = Of<'createDatabase' | 'dropDatabase' | 'alterDatabase'>;

const TEXTS = {
  createDatabase: 'CREATE DATABASE',
  dropDatabase: 'DROP DATABASE',
  alterDatabase: 'ALTER DATABASE',
} as const;

function requireNoTransaction(statement: DatabaseStatement, session: SessionState): void {
  if (session.transaction !== undefined) throw errors.notInTransaction(TEXTS[statement.kind]);
}

function changeDatabase(statement: DatabaseStatement, session: SessionState): void {
  if (statement.kind === 'createDatabase') session.state.createDatabase(statement.name, statement.collation);
  else if (statement.kind === 'alterDatabase') alterDatabase(statement, session);
  else for (const name of statement.names) dropDatabase(name, statement.ifExists, session);
}

function dropDatabase(name: string, ifExists: boolean, { state }: SessionState): void {
  const database = state.databases.get(name.toLowerCase());
  if (database === undefined && ifExists) return;
  if (database === undefined || database.system) throw errors.cannotDropDatabase(name);
  const isUsed = [...state.sessions.values()].some((session) => session.database === database);
  if (isUsed) throw errors.databaseInUse(name);
  state.databases.delete(name.toLowerCase());
  state.version++;
}

const STATES = /^(?:READ_ONLY|READ_WRITE|OFFLINE|ONLINE)$/;
/** Options that are accepted and change nothing here. */
const NO_EFFECT =
  /^(?:RECOVERY (?:FULL|SIMPLE|BULK_LOGGED)|MULTI_USER|SINGLE_USER|ALLOW_SNAPSHOT_ISOLATION (?:ON|OFF)|READ_COMMITTED_SNAPSHOT (?:ON|OFF)|COMPATIBILITY_LEVEL = \d+)$/;

function alterDatabase({ name, option, line }: Of<'alterDatabase'>, session: SessionState): void {
  const database = name === '' ? session.database : session.state.database(name);
  const what = option.replace(/ WITH (?:ROLLBACK IMMEDIATE|NO_WAIT)$/, '');
  if (NO_EFFECT.test(what)) return;
  if (!STATES.test(what)) throw errors.syntax(option, line);
  if (what.startsWith('READ')) database.readOnly = what === 'READ_ONLY';
  else database.offline = what === 'OFFLINE';
}
