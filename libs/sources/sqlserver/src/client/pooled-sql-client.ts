/** SQL Server through pools of connections: one for streamed reads, one for short queries. */
import { Semaphore } from '@dstream/async';
import type { CallOptions, Clock } from '@dstream/core';
import { streamRows, type SilenceLimits } from './row-stream.ts';
import type { Cells, SqlClient, Statement, StreamLimits } from './sql-client.ts';
import type { SqlConnection } from './sql-connection.ts';

/** Connects and logs in. Rejects as `SqlConnection.open`, or with `signal.reason`. */
export type OpenConnection = (signal: AbortSignal) => Promise<SqlConnection>;

/** Read once, by the constructor. */
export interface PooledSqlClientOptions {
  readonly open: OpenConnection;
  /** Connections for streamed reads. Short queries have two of their own, so that slow readers do not keep them out. */
  readonly streams: number;
  readonly silence: SilenceLimits;
  readonly clock: Clock;
}

const queryConnections = 2;
/** A query is collected whole, and each of its result sets may be slow. */
const everything: StreamLimits = { maxRows: Infinity, maxBytes: Infinity, steadyFrom: Infinity };

/** Safe for any number of concurrent calls: those beyond the pool's size wait in order. Dispose closes all connections, also those in use. */
export class PooledSqlClient implements SqlClient {
  readonly #options: PooledSqlClientOptions;
  readonly #queries: ConnectionPool;
  readonly #streams: ConnectionPool;

  constructor(options: PooledSqlClientOptions) {
    this.#options = options;
    this.#queries = new ConnectionPool(options.open, queryConnections);
    this.#streams = new ConnectionPool(options.open, options.streams);
  }

  async query(statement: Statement, o: CallOptions): Promise<readonly (readonly (readonly unknown[])[])[]> {
    const sets: (readonly unknown[])[][] = [];
    for await (const rows of this.#run(this.#queries, statement, everything, o.signal))
      for (const { set, values } of rows) (sets[set] ??= []).push(values);
    return Array.from(sets, (rows) => rows ?? []);
  }

  stream(statement: Statement, limits: StreamLimits, o: CallOptions): AsyncIterable<readonly Cells[]> {
    return this.#run(this.#streams, statement, limits, o.signal);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#queries.close();
    this.#streams.close();
    return Promise.resolve();
  }

  async *#run(
    pool: ConnectionPool,
    statement: Statement,
    limits: StreamLimits,
    signal: AbortSignal,
  ): AsyncGenerator<readonly Cells[]> {
    const connection = await pool.acquire(signal);
    try {
      yield* streamRows(connection, statement, limits, this.#options, signal);
    } finally {
      pool.release(connection);
    }
  }
}

/** At most `size` connections. Not checked before use: one that ended while idle is not usable any more since its `end` event. */
export class ConnectionPool {
  readonly #open: OpenConnection;
  readonly #idle: SqlConnection[] = [];
  readonly #inUse = new Set<SqlConnection>();
  readonly #permits: Semaphore;
  #closed = false;

  constructor(open: OpenConnection, size: number) {
    this.#open = open;
    this.#permits = new Semaphore(size);
  }

  /** Waits for its turn, then resolves with an idle connection or a new one. Return it by `release`. */
  async acquire(signal: AbortSignal): Promise<SqlConnection> {
    await this.#permits.acquire(signal);
    try {
      signal.throwIfAborted(); // aborted since: the permit goes to the next
      const connection = this.#takeIdle() ?? (await this.#open(signal));
      if (this.#closed) connection.close();
      this.#inUse.add(connection);
      return connection;
    } catch (error) {
      this.#permits.release();
      throw error;
    }
  }

  /** A connection that was closed meanwhile is dropped. */
  release(connection: SqlConnection): void {
    this.#inUse.delete(connection);
    if (connection.usable && !this.#closed) this.#idle.push(connection);
    else connection.close();
    this.#permits.release();
  }

  /** Closes all, also those in use: their requests fail. Idempotent. */
  close(): void {
    this.#closed = true;
    for (const connection of [...this.#idle.splice(0), ...this.#inUse]) connection.close();
  }

  #takeIdle(): SqlConnection | undefined {
    for (;;) {
      const connection = this.#idle.pop();
      if (connection === undefined || connection.usable) return connection;
    }
  }
}
