/** Everything the sessions of one server share. */
import { shuffledSeqvals } from '../storage/shuffled-seqvals.ts';
import type { CdcDatabase } from '../storage/cdc-database.ts';
import { errors } from '../errors/errors.ts';
import { Logins } from '../security/logins.ts';
import { Database } from '../storage/database.ts';
import type { Transaction } from '../storage/transaction.ts';
import { collationOf, SERVER_COLLATION, type Collation } from '../values/index.ts';
import { Table } from '../storage/table.ts';

/** Timers, given from outside. The result takes the timer back. */
export interface Timers {
  after(ms: number, call: () => void): () => void;
}

export interface SessionInfo {
  readonly id: number;
  readonly user: string;
  readonly appName: string;
  readonly hostName: string;
  readonly loginMs: number;
  readonly database: Database;
  readonly transactionCount: number;
  /** It is connected to the database, or has changed it in its open transaction. */
  isIn(database: Database): boolean;
  /** Rolls back what is open. */
  reset(): void;
}

export interface Counters {
  statements: number;
  batches: number;
  commits: number;
  rollbacks: number;
  /** Rows put into change tables' transactions, at commit. */
  changes: number;
}

const SYSTEM_DATABASES = ['master', 'tempdb', 'model', 'msdb'];

export class ServerState {
  readonly databases = new Map<string, Database>();
  readonly sessions = new Map<number, SessionInfo>();
  readonly counters: Counters = { statements: 0, batches: 0, commits: 0, rollbacks: 0, changes: 0 };
  /** Seqvals of a transaction do not grow with its commands (rule 7). */
  shufflesSeqvals = false;
  readonly logins: Logins;
  readonly nowMs: () => number;
  readonly timers: Timers;
  readonly startedMs: number;
  captureDelayMs: number;
  captureRuns = true;
  /** Grows with every change of the catalogue: what was compiled before is compiled again. */
  version = 0;
  #nextObjectId = 901_578_250;
  #nextDatabaseId = 1;
  #nextTransactionId = 1000n;
  /** Capture instances whose change table somebody holds a lock on. */
  lockedTables = 0;
  readonly #captureTimers = new Map<Database, () => void>();

  constructor(init: {
    nowMs: () => number;
    timers: Timers;
    captureDelayMs: number;
    databases: readonly string[];
    login: { readonly user: string; readonly password: string };
  }) {
    this.logins = new Logins(init.login);
    this.nowMs = init.nowMs;
    this.timers = init.timers;
    this.captureDelayMs = init.captureDelayMs;
    this.startedMs = init.nowMs();
    for (const name of [...SYSTEM_DATABASES, ...init.databases]) this.createDatabase(name);
  }

  newObjectId(): number {
    this.#nextObjectId += 16;
    return this.#nextObjectId;
  }

  newTransactionId(): bigint {
    return ++this.#nextTransactionId;
  }

  /** Errors 1801, 448. */
  createDatabase(name: string, collation: string = SERVER_COLLATION.name): Database {
    const found = collationOf(collation);
    if (found === undefined) throw errors.collationInvalid(collation);
    if (this.databases.has(name.toLowerCase())) throw errors.databaseExists(name);
    const database = new Database(this.#nextDatabaseId++, name, this.nowMs(), found);
    this.databases.set(name.toLowerCase(), database);
    this.version++;
    return database;
  }

  newTable(init: { schema: string; name: string; temporary: boolean; collation: Collation }): Table {
    return new Table({ ...init, id: this.newObjectId(), createdMs: this.nowMs() });
  }

  /** Error 911. */
  database(name: string): Database {
    const found = this.databases.get(name.toLowerCase());
    if (found === undefined) throw errors.unknownDatabase(name);
    return found;
  }

  /** Gives the commit its LSN and hands its changes to capture. Rows become visible; locks are released. */
  commit(transaction: Transaction): void {
    transaction.commitRows();
    this.counters.commits++;
    for (const database of transaction.databases) {
      if (database.cdc !== undefined) this.#log(database, database.cdc, transaction);
      database.lock.release(transaction);
    }
  }

  rollback(transaction: Transaction): void {
    transaction.rollback();
    this.counters.rollbacks++;
    for (const database of transaction.databases) database.lock.release(transaction);
  }

  #log(database: Database, cdc: CdcDatabase, transaction: Transaction): void {
    const drafts = transaction.drafts.filter(({ instance }) => cdc.instance(instance.name) === instance);
    if (drafts.length === 0) return;
    this.counters.changes += drafts.length;
    const entry = {
      lsn: database.log.commit(),
      beginMs: transaction.beginMs,
      endMs: this.nowMs(),
      transactionId: transaction.id,
    };
    cdc.add(entry, this.shufflesSeqvals ? shuffledSeqvals(drafts) : drafts);
    this.capture(database);
  }

  /** Runs the capture job as far as its delay allows, and again when the next transaction is due. */
  capture(database: Database): void {
    const { cdc } = database;
    if (cdc === undefined || !this.captureRuns) return;
    cdc.publishUpTo(this.nowMs() - this.captureDelayMs);
    const next = cdc.nextPendingMs;
    if (next === undefined || this.#captureTimers.has(database)) return;
    const wait = Math.max(0, next + this.captureDelayMs - this.nowMs());
    this.#captureTimers.set(
      database,
      this.timers.after(wait, () => {
        this.#captureTimers.delete(database);
        this.capture(database);
      }),
    );
  }

  captureAll(): void {
    for (const cancel of this.#captureTimers.values()) cancel();
    this.#captureTimers.clear();
    for (const database of this.databases.values()) this.capture(database);
  }

  close(): void {
    for (const cancel of this.#captureTimers.values()) cancel();
    this.#captureTimers.clear();
    this.captureRuns = false;
  }
}
