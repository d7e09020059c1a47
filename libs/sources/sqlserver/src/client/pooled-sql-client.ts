import { DStreamError, type CallOptions, type Clock } from '@dstream/core';
import type { Statement } from '../client/sql-client.ts';
import { ConnectionPool, type OpenConnection } from './connection-pool.ts';
import { RowFlow } from './row-flow.ts';
import type { SqlConnection } from './sql-connection.ts';
import type { Cells, SqlClient, StreamLimits } from './sql-client.ts';
import { Watchdog } from './watchdog.ts';

export interface PooledSqlClientOptions {
  readonly open: OpenConnection;
  /** Connections for streamed reads. Short queries have two of their own, so that slow readers do not keep them out. */
  readonly streams: number;
  /** Silence allowed before the first row of the steady result set: a cold change table is slow. */
  readonly firstRowMs: number;
  /** Silence allowed between two of its rows. */
  readonly stallMs: number;
  readonly clock: Clock;
}

const queryConnections = 2;
/** What is asked in one go may come in several sets, and each may take its time. */
const everything: StreamLimits = { maxRows: Infinity, maxBytes: Infinity, steadyFrom: Infinity };

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
      yield* this.#flow(connection, statement, limits, signal);
    } finally {
      pool.release(connection);
    }
  }

  async *#flow(
    connection: SqlConnection,
    statement: Statement,
    limits: StreamLimits,
    signal: AbortSignal,
  ): AsyncGenerator<readonly Cells[]> {
    const { clock, firstRowMs, stallMs } = this.#options;
    const { steadyFrom = 0 } = limits;
    const giveUp = (reason: unknown) => {
      flow.end(reason);
      connection.close();
    };
    const abort = () => giveUp(signal.reason);
    const watchdog = new Watchdog(clock, firstRowMs, () => giveUp(silence(firstRowMs, stallMs)));
    const flow = new RowFlow(limits, (paused) => {
      if (paused) watchdog.pause();
      else watchdog.resume();
      if (paused) request.pause();
      else request.resume();
    });
    const request = connection.run(statement, (set, values) => {
      watchdog.heard(set >= steadyFrom ? stallMs : firstRowMs);
      flow.push(set, values);
    });
    let finished = false;
    const done = request.done.then(
      () => {
        finished = true;
        flow.end();
      },
      (error: unknown) => flow.end(error),
    );
    signal.addEventListener('abort', abort, { once: true });
    try {
      for (let rows = await flow.take(); rows !== undefined; rows = await flow.take()) yield rows;
    } finally {
      signal.removeEventListener('abort', abort);
      await watchdog.stop();
      if (!finished && connection.usable) connection.close();
      await done;
    }
  }
}

function silence(firstRowMs: number, stallMs: number): DStreamError {
  return new DStreamError(
    'Stalled',
    `SQL Server sent nothing for too long (${firstRowMs / 1_000} s before the first row, ${stallMs / 1_000} s between rows are allowed): the connection was given up`,
  );
}
