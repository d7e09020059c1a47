/** The SQL Server stand-in with a captured database, both new for every test of a file. */
import type { PartitionId } from '@dstream/core';
import type { SqlServerSource } from '@dstream/sqlserver';
import { afterEach, beforeEach } from 'vitest';
import type { SqlServerStandIn } from '../stand-ins/all/src/start-sql-server.ts';
import { tableOf } from './captured-database.ts';
import { SqlServerDatabase, type SourceChoice } from './sql-server-database.ts';
import { startSqlServerStandIn } from './sql-server-stand-in.ts';

export interface OpenedTable {
  readonly source: SqlServerSource;
  /** The partition. */
  readonly table: PartitionId;
}

/** What the test that runs has: made anew before it, closed after it. */
export class SqlServerRig {
  #stack = new AsyncDisposableStack();
  #running: { readonly server: SqlServerStandIn; readonly database: SqlServerDatabase } | undefined;

  async start(): Promise<void> {
    const { server, connectionString } = this.use(await startSqlServerStandIn());
    this.#running = { server, database: this.use(await SqlServerDatabase.create(connectionString)) };
  }

  /** Closes everything that was made or given, the last first. More may be given afterwards, and is closed by the next call. */
  async stop(): Promise<void> {
    const stack = this.#stack;
    this.#stack = new AsyncDisposableStack();
    this.#running = undefined;
    await stack.disposeAsync();
  }

  get server(): SqlServerStandIn {
    return this.#now.server;
  }

  get database(): SqlServerDatabase {
    return this.#now.database;
  }

  get #now() {
    if (this.#running === undefined) throw new Error('the rig runs only within a test');
    return this.#running;
  }

  /** Closes it after the test. */
  use<T extends AsyncDisposable>(resource: T): T {
    return this.#stack.use(resource);
  }

  /** Does it after the test. */
  defer(after: () => void): void {
    this.#stack.defer(after);
  }

  /** Another database on the same server. */
  async another(choice: Parameters<typeof SqlServerDatabase.create>[1]): Promise<SqlServerDatabase> {
    return this.use(await SqlServerDatabase.create(this.database.connectionString, choice));
  }

  /** A source over these tables. */
  open(tables: readonly string[], choice?: SourceChoice): SqlServerSource {
    return this.use(this.database.open(tables, choice));
  }

  /** A source over one table, which is of `dbo` unless named `schema.table`. */
  async opened(name: string, choice?: SourceChoice): Promise<OpenedTable> {
    const source = this.open([name], choice);
    return { source, table: await tableOf(source, name.replace(/^.*\./, '')) };
  }
}

/** Called at the top of a file. */
export function useSqlServer(): SqlServerRig {
  const rig = new SqlServerRig();
  beforeEach(() => rig.start());
  afterEach(() => rig.stop());
  return rig;
}
