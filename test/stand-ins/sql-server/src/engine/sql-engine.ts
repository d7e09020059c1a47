/** The T-SQL and CDC engine: give it logins and it gives sessions. Holds everything in memory. */
import type { LoginRequest, LoginResult, SqlEngine, SqlMessage } from './interface/engine-session.ts';
import { errors } from './errors/errors.ts';
import type { SqlError } from './errors/sql-error.ts';
import { ParsedBatches } from './exec/parsed-batches.ts';
import { SessionState } from './exec/session-state.ts';
import { Session } from './exec/session.ts';
import { ServerState, type Counters, type Timers } from './server/server-state.ts';
import { rememberDatabase, rewindDatabase, type RestorePoint } from './storage/restore-point.ts';
import { mayOpen } from './security/session-access.ts';
import type { Login } from './security/logins.ts';
import { lsnFromBytes } from './storage/log-sequence.ts';

export type { RestorePoint } from './storage/restore-point.ts';
export type { Counters, Timers } from './server/server-state.ts';

export interface SqlEngineOptions {
  /** Wall clock, milliseconds since 1970 UTC. */
  readonly clock: { wallMs(): number };
  readonly timers: Timers;
  readonly login: { readonly user: string; readonly password: string };
  /** The user that a token stands for, or undefined when it is refused. Without it no token is accepted. */
  readonly userOfToken?: (token: string) => string | undefined;
  /** Created empty at the start. */
  readonly databases?: readonly string[];
  /** How long after its commit a change is in its change table, in milliseconds. 0 (default): at once. */
  readonly captureDelayMs?: number;
  /** Told the text of every batch, and `EXEC name` for procedures, before it runs. */
  readonly observe?: (statement: string) => void;
}

/** For faults and for tests; the product never uses it. */
export interface EngineControl {
  setCaptureDelay(ms: number): void;
  /** The capture job is stopped: nothing reaches the change tables, the max LSN stands still. */
  pauseCapture(): void;
  resumeCapture(): void;
  /** One scan of the log: what is due is published; when there was nothing, a dummy row moves the max LSN on. */
  scan(database: string): void;
  /**
   * What the cleanup job does: low-water marks move to `lowWaterMark` (10 bytes; default: the max LSN) and what is
   * older goes. All instances of the database, unless one is named.
   */
  runCleanup(database: string, captureInstance?: string, lowWaterMark?: Uint8Array): void;
  /** An idle scan of every captured database each so many milliseconds, as the capture job makes them; 0 ends it. */
  setIdleScans(everyMs: number): void;
  /** The database as it is now, to be given back to `rewindDatabase` as often as is wanted. */
  rememberDatabase(database: string): RestorePoint;
  /** RESTORE DATABASE … WITH KEEP_CDC: transactions of sessions in the database are rolled back first. */
  rewindDatabase(database: string, point: RestorePoint): void;
  /** As on real servers seqvals do not grow with the commands of a transaction (DBZ-2329). */
  shuffleSeqvals(shuffle: boolean): void;
  /** Somebody holds a lock on the change table: who reads it waits, or gets 1222 by SET LOCK_TIMEOUT. The result ends it. */
  lockChangeTable(database: string, captureInstance: string): () => void;
  setReadOnly(database: string, readOnly: boolean): void;
  setOffline(database: string, offline: boolean): void;
  counters(): Readonly<Counters>;
}

export function createSqlEngine(options: SqlEngineOptions): SqlEngine & EngineControl {
  return new Engine(options);
}

const FIRST_SESSION = 51;

class Engine implements SqlEngine, EngineControl {
  readonly #options: SqlEngineOptions;
  readonly #state: ServerState;
  readonly #parsed = new ParsedBatches();
  #nextSession = FIRST_SESSION;
  #idleScan: (() => void) | undefined;

  constructor(options: SqlEngineOptions) {
    this.#options = options;
    this.#state = new ServerState({
      nowMs: () => options.clock.wallMs(),
      timers: options.timers,
      captureDelayMs: options.captureDelayMs ?? 0,
      databases: options.databases ?? [],
      login: options.login,
    });
  }

  login(request: LoginRequest): LoginResult {
    const login = this.#loginOf(request);
    if (login === undefined)
      return refused(
        errors.loginFailed(request.token === undefined ? request.user : '<token-identified principal>'),
      );
    const database = this.#state.databases.get((request.database || 'master').toLowerCase());
    if (database === undefined || database.offline || !mayOpen(login, database))
      return refused(errors.cannotOpen(request.database));
    const id = this.#nextSession++;
    const state = new SessionState({
      id,
      state: this.#state,
      request,
      login,
      database,
      observe: this.#options.observe,
    });
    this.#state.sessions.set(id, state);
    return { ok: true, session: new Session(state, this.#parsed, () => this.#state.sessions.delete(id)) };
  }

  /** Whoever comes with a token is let in as an administrator, unless there is a login or a user of that name. */
  #loginOf({ user, password, token }: LoginRequest): Login | undefined {
    const { logins } = this.#state;
    if (token === undefined) return logins.authenticated(user, password);
    const name = this.#options.userOfToken?.(token);
    if (name === undefined) return undefined;
    return logins.find(name) ?? tokenLogin(name, !this.#isUser(name));
  }

  #isUser(name: string): boolean {
    return [...this.#state.databases.values()].some(({ security }) => security.userOf(name) !== undefined);
  }

  close(): void {
    this.setIdleScans(0);
    this.#state.close();
  }

  setCaptureDelay(ms: number): void {
    this.#state.captureDelayMs = ms;
    this.#state.captureAll();
  }

  pauseCapture(): void {
    this.#state.captureRuns = false;
  }

  resumeCapture(): void {
    this.#state.captureRuns = true;
    this.#state.captureAll();
  }

  scan(name: string): void {
    const database = this.#state.database(name);
    const { cdc } = database;
    if (cdc === undefined || !this.#state.captureRuns) return;
    const before = cdc.maxLsn;
    this.#state.capture(database);
    if (cdc.maxLsn === before && cdc.pendingCount === 0)
      cdc.addDummy(database.log.commit(), this.#state.nowMs());
  }

  runCleanup(name: string, captureInstance?: string, lowWaterMark?: Uint8Array): void {
    const { cdc } = this.#state.database(name);
    const lsn = lowWaterMark === undefined ? cdc?.maxLsn : lsnFromBytes(lowWaterMark);
    if (captureInstance !== undefined && cdc?.instance(captureInstance) === undefined)
      throw errors.captureInstanceMissing(captureInstance, name);
    if (cdc === undefined || lsn === undefined) return;
    for (const instance of cdc.instances.values()) {
      if (captureInstance === undefined || cdc.fold(instance.name) === cdc.fold(captureInstance))
        cdc.cleanUp(instance, lsn);
    }
  }

  setIdleScans(everyMs: number): void {
    this.#idleScan?.();
    this.#idleScan = undefined;
    if (everyMs <= 0) return;
    this.#idleScan = this.#options.timers.after(everyMs, () => {
      for (const { name, cdc } of this.#state.databases.values()) if (cdc !== undefined) this.scan(name);
      this.setIdleScans(everyMs);
    });
  }

  rememberDatabase(name: string): RestorePoint {
    return rememberDatabase(this.#state.database(name));
  }

  rewindDatabase(name: string, point: RestorePoint): void {
    const database = this.#state.database(name);
    for (const session of this.#state.sessions.values()) if (session.isIn(database)) session.reset();
    rewindDatabase(database, point);
    this.#state.version++;
  }

  shuffleSeqvals(shuffle: boolean): void {
    this.#state.shufflesSeqvals = shuffle;
  }

  lockChangeTable(name: string, captureInstance: string): () => void {
    const instance = this.#state.database(name).cdc?.instance(captureInstance);
    if (instance === undefined) throw errors.captureInstanceMissing(captureInstance, name);
    if (instance.locked !== undefined)
      throw new Error(`The change table of ${captureInstance} is locked already.`);
    const { promise, resolve } = Promise.withResolvers<void>();
    instance.locked = promise;
    this.#state.lockedTables++;
    return () => {
      if (instance.locked !== promise) return;
      instance.locked = undefined;
      this.#state.lockedTables--;
      resolve();
    };
  }

  setReadOnly(name: string, readOnly: boolean): void {
    this.#state.database(name).readOnly = readOnly;
  }

  setOffline(name: string, offline: boolean): void {
    this.#state.database(name).offline = offline;
  }

  counters(): Readonly<Counters> {
    return { ...this.#state.counters };
  }
}

const tokenLogin = (name: string, sysadmin: boolean): Login => ({
  id: 0,
  name,
  password: undefined,
  enabled: true,
  sysadmin,
  permissions: new Set(),
});

function refused({ number, severity, state, message }: SqlError): LoginResult {
  const error: SqlMessage = { number, severity, state, message, line: 1 };
  return { ok: false, error };
}
