/** A database of its own on a SQL Server, real or stand-in, with change data capture. */
import { randomBytes } from 'node:crypto';
import { silentLog, type Log } from '@dstream/core';
import { systemClock } from '@dstream/async';
import { parseConnectionString, SqlServerSource, type SqlServerSourceOptions } from '@dstream/sqlserver';
import sql from 'mssql';
import { tableOf, type CapturedDatabase, type PersonChange } from './captured-database.ts';
import { openDatabase } from './database.ts';
import { until } from './until.ts';

export interface SourceChoice extends Partial<SqlServerSourceOptions> {
  readonly log?: Log;
}

export class SqlServerDatabase implements CapturedDatabase {
  readonly can = { partition: 'table', transactions: true, forgets: 'table' } as const;
  readonly partition = tableOf;
  readonly connectionString: string;
  readonly pool: sql.ConnectionPool;
  readonly name: string;
  readonly #master: sql.ConnectionPool;
  #captured = 0;

  private constructor(
    name: string,
    connectionString: string,
    master: sql.ConnectionPool,
    pool: sql.ConnectionPool,
  ) {
    this.name = name;
    this.connectionString = connectionString;
    this.#master = master;
    this.pool = pool;
  }

  /** @param enable false for a database without change data capture; `collation`: that of the server if not given */
  static async create(
    connectionString: string,
    { enable = true, collation = '' } = {},
  ): Promise<SqlServerDatabase> {
    const name = `dstream_test_${randomBytes(4).toString('hex')}`;
    const own = inDatabase(name, connectionString);
    const master = await openDatabase(connectionString);
    await master.query(`CREATE DATABASE [${name}]${collation === '' ? '' : ` COLLATE ${collation}`}`);
    const pool = await openDatabase(own);
    if (enable) await pool.query('EXEC sys.sp_cdc_enable_db');
    return new SqlServerDatabase(name, own, master, pool);
  }

  /** Captures a table that exists. `columns`, `instance`: of `sys.sp_cdc_enable_table`. */
  async enable(table: string, { schema = 'dbo', instance = '', columns = '' } = {}): Promise<void> {
    const text = (value: string) => `N'${value.replaceAll("'", "''")}'`;
    await this.pool.query(
      `EXEC sys.sp_cdc_enable_table @source_schema = ${text(schema)}, @source_name = ${text(table)}, @role_name = NULL` +
        (instance === '' ? '' : `, @capture_instance = ${text(instance)}`) +
        (columns === '' ? '' : `, @captured_column_list = ${text(columns)}`),
    );
  }

  async capture(name: string): Promise<void> {
    await this.pool.query(
      `CREATE TABLE dbo.[${name}] (Id int NOT NULL PRIMARY KEY, Name nvarchar(100) NOT NULL)`,
    );
    await this.enable(name);
  }

  async commit(changes: readonly PersonChange[]): Promise<void> {
    await this.transaction(changes.map(statementOf));
  }

  /** Commits the statements as one transaction; resolves when capture has come past it. */
  async transaction(statements: readonly string[]): Promise<void> {
    const transaction = new sql.Transaction(this.pool);
    await transaction.begin();
    for (const statement of statements) await new sql.Request(transaction).query(statement);
    await transaction.commit();
    await this.#capturedAll();
  }

  /** @param rowsKept the newest rows of the change table that stay; none when not given */
  async cleanUp(name: string, { rowsKept = 0 } = {}): Promise<void> {
    const low =
      rowsKept === 0
        ? 'sys.fn_cdc_get_max_lsn()'
        : `(SELECT MIN(k.[at]) FROM (SELECT TOP (${rowsKept}) __$start_lsn AS [at] FROM cdc.[dbo_${name}_CT] ORDER BY __$start_lsn DESC) AS k)`;
    await this.pool.query(
      `DECLARE @low binary(10) = ${low};
       EXEC sys.sp_cdc_cleanup_change_table @capture_instance = N'dbo_${name}', @low_water_mark = @low, @threshold = 5000`,
    );
  }

  source(tables: readonly string[], start: 'earliest' | 'latest' = 'earliest'): SqlServerSource {
    return this.open(tables, { start, maxRows: 2 });
  }

  /** Tables are `dbo` unless named `schema.table`. */
  open(tables: readonly string[], choice: SourceChoice = {}): SqlServerSource {
    return new SqlServerSource({
      address: parseConnectionString(this.connectionString),
      name: 'test',
      tables: tables.map((name) => {
        const [schema, table] =
          name.startsWith('dbo.') || !name.includes('.')
            ? ['dbo', name.replace(/^dbo\./, '')]
            : name.split('.');
        return { schema: schema ?? 'dbo', table: table ?? name, pollIntervalMs: 20, maxPollIntervalMs: 40 };
      }),
      start: 'earliest',
      maxRows: 5_000,
      maxBytes: 8_388_608,
      clock: systemClock,
      log: silentLog,
      random: Math.random,
      ...choice,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pool.close();
    // Capture jobs and processes that were killed may still hold it: their connections are ended.
    await this.#master.query(`ALTER DATABASE [${this.name}] SET SINGLE_USER WITH ROLLBACK IMMEDIATE`);
    await this.#master.query(`DROP DATABASE [${this.name}]`);
    await this.#master.close();
  }

  /** Waits until the max LSN has moved past where it was at the commit: capture reads the log in order. */
  async #capturedAll(): Promise<void> {
    const wanted = (this.#captured += 1);
    await this.pool.query(
      "IF OBJECT_ID(N'dbo.capture_marker') IS NULL CREATE TABLE dbo.capture_marker (Id int NOT NULL PRIMARY KEY)",
    );
    const tracked = await this.pool.query<{ is: boolean }>(
      "SELECT is_tracked_by_cdc AS [is] FROM sys.tables WHERE name = N'capture_marker'",
    );
    if (tracked.recordset[0]?.is !== true) await this.enable('capture_marker');
    await this.pool.query(`INSERT INTO dbo.capture_marker (Id) VALUES (${wanted})`);
    await until(
      async () => {
        const found = await this.pool.query<{ n: number }>(
          `SELECT COUNT(*) AS n FROM cdc.dbo_capture_marker_CT WHERE Id = ${wanted}`,
        );
        return found.recordset[0]?.n === 1;
      },
      () => 'capture has come past the transaction',
      60_000,
    );
  }
}

/** The same server, another database. */
function inDatabase(name: string, connectionString: string): string {
  const database = /(?<=(^|;)\s*Database\s*=)[^;]*/i;
  if (!database.test(connectionString))
    throw new Error('the connection string of the server names no database: add Database=master');
  return connectionString.replace(database, name);
}

function statementOf(change: PersonChange): string {
  const table = `dbo.[${change.table}]`;
  const text = (value: string) => `N'${value.replaceAll("'", "''")}'`;
  if ('insert' in change)
    return `INSERT INTO ${table} (Id, Name) VALUES (${change.insert.Id}, ${text(change.insert.Name)})`;
  if ('delete' in change) return `DELETE FROM ${table} WHERE Id = ${change.delete.Id}`;
  return `UPDATE ${table} SET Name = ${text(change.update.Name)} WHERE Id = ${change.update.Id}`;
}
