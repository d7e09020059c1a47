/** A database under test, through the client an ordinary program uses. */
import sql from 'mssql';

export async function openDatabase(connectionString: string): Promise<sql.ConnectionPool> {
  const pool = new sql.ConnectionPool(connectionString);
  pool.on('error', () => undefined);
  return pool.connect();
}

/** `dbo.<name>` with an identity key, a number and a text, captured. Enables CDC on the database if it is not. */
export async function createCapturedTable(pool: sql.ConnectionPool, name: string): Promise<void> {
  await pool.query(
    `CREATE TABLE dbo.[${name}] (Id int IDENTITY(1,1) NOT NULL PRIMARY KEY, N int NOT NULL, Note nvarchar(200) NULL)`,
  );
  const enabled = await pool.query<{ is: boolean }>(
    'SELECT is_cdc_enabled AS [is] FROM sys.databases WHERE name = DB_NAME()',
  );
  if (enabled.recordset[0]?.is !== true) await pool.query('EXEC sys.sp_cdc_enable_db');
  await pool.query(
    `EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'${name}', @role_name = NULL`,
  );
}

/** Inserts rows numbered `from` to `to`, `perTransaction` a transaction (one statement each). */
export async function insertRows(
  pool: sql.ConnectionPool,
  table: string,
  { from, to, perTransaction = 100 }: { from: number; to: number; perTransaction?: number },
): Promise<void> {
  for (let first = from; first <= to; first += perTransaction) {
    const last = Math.min(to, first + perTransaction - 1);
    const rows = Array.from({ length: last - first + 1 }, (_, n) => `(${first + n}, N'row ${first + n} ✓')`);
    await pool.query(`INSERT INTO dbo.[${table}] (N, Note) VALUES ${rows.join(', ')}`);
  }
}
