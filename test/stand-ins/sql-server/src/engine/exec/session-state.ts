/** What a connection carries from batch to batch: database, transaction, options, temporary tables. */
import type { LoginRequest, Reply } from '../interface/engine-session.ts';
import { errors } from '../errors/errors.ts';
import type { EngineFunction } from '../query/engine-function.ts';
import { makeEngineFunctions } from '../query/engine-functions.ts';
import type { SessionFacts } from '../query/run.ts';
import type { Access } from '../security/access.ts';
import type { Login } from '../security/logins.ts';
import { mayOpen, sessionAccess } from '../security/session-access.ts';
import type { ServerState, SessionInfo } from '../server/server-state.ts';
import type { Database } from '../storage/database.ts';
import type { Table } from '../storage/table.ts';
import { Transaction } from '../storage/transaction.ts';

interface Options {
  noCount: boolean;
  xactAbort: boolean;
  /** -1 waits for ever. */
  lockTimeoutMs: number;
  implicitTransactions: boolean;
  /** SET ROWCOUNT: queries end after so many rows. */
  mostRows: number;
}

const initialOptions = (): Options => ({
  noCount: false,
  xactAbort: false,
  lockTimeoutMs: -1,
  implicitTransactions: false,
  mostRows: Infinity,
});

export class SessionState implements SessionFacts, SessionInfo {
  readonly id: number;
  readonly login: Login;
  readonly user: string;
  readonly appName: string;
  readonly hostName: string;
  readonly loginMs: number;
  readonly state: ServerState;
  readonly functions: ReadonlyMap<string, EngineFunction>;
  readonly temporaryTables = new Map<string, Table>();
  readonly observe: ((statement: string) => void) | undefined;
  readonly #home: Database;
  options = initialOptions();
  database: Database;
  /** The open transaction; undefined in autocommit. */
  transaction: Transaction | undefined;
  /** The transaction around one statement in autocommit. */
  autocommit: Transaction | undefined;
  /** The name given at BEGIN TRANSACTION, or empty. */
  transactionName = '';
  /** @@TRANCOUNT of the open transaction. */
  depth = 0;
  /** An error has made the transaction uncommittable (XACT_STATE() = -1). */
  doomed = false;
  identityInsert: Table | undefined;
  rowCount = 0n;
  lastError = 0;
  lastIdentity: bigint | undefined;
  scopeIdentity: bigint | undefined;

  constructor(init: {
    id: number;
    state: ServerState;
    request: LoginRequest;
    login: Login;
    database: Database;
    observe?: ((statement: string) => void) | undefined;
  }) {
    const { request, state } = init;
    this.id = init.id;
    this.state = state;
    this.login = init.login;
    this.user = init.login.name;
    this.appName = request.appName;
    this.hostName = request.hostName;
    this.loginMs = state.nowMs();
    this.database = init.database;
    this.#home = init.database;
    this.observe = init.observe;
    this.functions = makeEngineFunctions(state, (name) => this.temporaryTables.get(name.toLowerCase()));
  }

  access(database: Database): Access {
    return sessionAccess(this.login, database);
  }

  isOpen(database: Database): boolean {
    return mayOpen(this.login, database);
  }

  /** Error 916 when the login has no user in the database. */
  requireOpen(database: Database): void {
    if (!mayOpen(this.login, database)) throw errors.databaseNotAccessible(this.user, database.name);
  }

  get transactionCount(): number {
    return this.transaction === undefined ? 0 : this.depth;
  }

  get transactionState(): -1 | 0 | 1 {
    if (this.transaction === undefined) return 0;
    return this.doomed ? -1 : 1;
  }

  isIn(database: Database): boolean {
    return this.database === database || this.transaction?.databases.has(database) === true;
  }

  isWriterOf(database: Database): boolean {
    const { holder } = database.lock;
    return holder !== undefined && (holder === this.transaction || holder === this.autocommit);
  }

  /** Nested BEGIN TRANSACTION only count. */
  *begin(name: string): Generator<Reply> {
    if (this.transaction !== undefined) {
      this.depth++;
      return;
    }
    this.transaction = new Transaction(this.state.newTransactionId(), this.state.nowMs());
    this.depth = 1;
    this.transactionName = name;
    yield { kind: 'transaction', event: 'begin', id: this.transaction.id };
  }

  /** Errors 3902, 3930; 942 when a database was taken offline meanwhile: then everything is rolled back. */
  *commit(): Generator<Reply> {
    const { transaction } = this;
    if (transaction === undefined) throw errors.noBeginForCommit();
    if (this.doomed) throw errors.uncommittable();
    if (this.depth > 1) {
      this.depth--;
      return;
    }
    const closed = [...transaction.databases].find(({ offline }) => offline);
    if (closed !== undefined) {
      yield* this.rollback();
      throw errors.databaseOffline(closed.name);
    }
    this.#end();
    this.state.commit(transaction);
    yield { kind: 'transaction', event: 'commit', id: transaction.id };
  }

  /** To the savepoint of that name, else all of it, whatever the depth. Errors 3903, 6401. */
  *rollback(name = ''): Generator<Reply> {
    const { transaction } = this;
    if (transaction === undefined) throw errors.noBeginForRollback();
    if (name !== '' && transaction.rollbackToSavepoint(name)) return;
    if (name !== '' && this.transactionName.toLowerCase() !== name.toLowerCase())
      throw errors.unknownSavepoint(name);
    this.#end();
    this.state.rollback(transaction);
    yield { kind: 'transaction', event: 'rollback', id: transaction.id };
  }

  /** Error 628. */
  save(name: string): void {
    if (this.transaction === undefined) throw errors.noBeginForSave();
    this.transaction.save(name);
  }

  #end(): void {
    this.transaction = undefined;
    this.transactionName = '';
    this.depth = 0;
    this.doomed = false;
  }

  /** As after the login: nothing open, options as they were. */
  reset(): void {
    for (const transaction of [this.transaction, this.autocommit])
      if (transaction !== undefined) this.state.rollback(transaction);
    this.#end();
    this.autocommit = undefined;
    this.options = initialOptions();
    this.temporaryTables.clear();
    this.identityInsert = undefined;
    this.lastError = 0;
    this.rowCount = 0n;
    this.lastIdentity = undefined;
    this.scopeIdentity = undefined;
    this.database = this.#home;
  }
}
