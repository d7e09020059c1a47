/** What goes wrong with change tables, databases and logins of the SQL Server stand-in, as the real client sees it. */
import { FaultsClient, startStandIns, type StandIns } from '@dstream/stand-ins';
import sql from 'mssql';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { until } from '../support/until.ts';

let standIns: StandIns;
let faults: FaultsClient;
let pool: sql.ConnectionPool;
const errors: unknown[] = [];

beforeEach(async () => {
  errors.length = 0;
  standIns = await startStandIns({ onError: (error) => errors.push(error) });
  faults = new FaultsClient(standIns.faults);
  pool = await connect(standIns.env.DSTREAM_DB_CONNECTION_STRING);
  await pool.query('CREATE TABLE dbo.T (Id int NOT NULL PRIMARY KEY, Text nvarchar(max))');
  await pool.query('EXEC sys.sp_cdc_enable_db');
  await pool.query("EXEC sys.sp_cdc_enable_table N'dbo', N'T', @role_name = NULL");
});

afterEach(async () => {
  await pool.close();
  await standIns.close();
  if (errors.length > 0) throw new AggregateError(errors, 'the stand-ins reported errors');
});

async function connect(connectionString: string): Promise<sql.ConnectionPool> {
  const opened = new sql.ConnectionPool(connectionString);
  opened.on('error', () => undefined);
  return opened.connect();
}

const READ = 'SELECT Id, Text FROM cdc.dbo_T_CT';

async function value(text: string): Promise<unknown> {
  const { recordset } = await pool.query<{ v: unknown }>(text);
  return recordset[0]?.v;
}

const maxLsn = async (): Promise<string> =>
  ((await value('SELECT sys.fn_cdc_get_max_lsn() AS v')) as Buffer).toString('hex');

test('a connection is cut in the middle of a result', async () => {
  for (let id = 0; id < 50; id++)
    await pool.query`INSERT dbo.T (Id, Text) VALUES (${id}, ${'x'.repeat(2000)})`;
  await faults.inject('sql/drop-in-results', { pattern: 'cdc.dbo_T_CT', afterRows: 10 });
  const request = pool.request();
  request.stream = true;
  let rows = 0;
  request.on('row', () => (rows += 1));
  const failed = new Promise<unknown>((resolve) => void request.on('error', resolve));
  void request.query(READ);
  expect(await failed).toMatchObject({ code: 'ECONNRESET' });
  expect(rows).toBeGreaterThan(0);
  expect(rows).toBeLessThan(50);
  expect((await pool.query(READ)).recordset).toHaveLength(50);
});

test('a locked change table is 1222 after the lock timeout, and waited for without one', async () => {
  await faults.inject('sql/lock-change-table', { captureInstance: 'dbo_T', ms: 3_600_000 });
  await expect(pool.query(`SET LOCK_TIMEOUT 20; ${READ}`)).rejects.toMatchObject({ number: 1222 });
  const waiting = pool.query(`SET LOCK_TIMEOUT -1; ${READ}`);
  await faults.inject('sql/lock-change-table', { captureInstance: 'dbo_T', ms: 0 });
  expect((await waiting).recordset).toEqual([]);
});

test('a database goes back to a restore point, and its LSNs are given again', async () => {
  await pool.query("INSERT dbo.T VALUES (1, N'kept')");
  const { point } = await faults.inject('sql/restore-point', {});
  await pool.query("INSERT dbo.T VALUES (2, N'lost')");
  const lost = await maxLsn();
  await faults.inject('sql/restore', { point });
  await until(
    async () => (await pool.query(READ).catch(() => undefined))?.recordset.length === 1,
    () => 'the pool is connected again',
  );
  await pool.query("INSERT dbo.T VALUES (2, N'other')");
  expect(await maxLsn()).toBe(lost);
  await expect(faults.inject('sql/restore', { point: 99 })).rejects.toThrow('99');
});

test('the max LSN moves by itself while idle scans are on', async () => {
  const before = await maxLsn();
  await faults.inject('sql/idle-scans', { ms: 1 });
  await until(
    async () => (await maxLsn()) > before,
    () => 'an idle scan has moved the max LSN',
  );
  await faults.reset();
  const after = await maxLsn();
  expect(await maxLsn()).toBe(after);
});

test('a login reads what it was granted', async () => {
  await pool.query("CREATE LOGIN reader WITH PASSWORD = N'r-1'; CREATE USER reader FOR LOGIN reader");
  const asReader = standIns.env.DSTREAM_DB_CONNECTION_STRING.replace('User Id=sa', 'User Id=reader').replace(
    /Password=[^;]*/,
    'Password=r-1',
  );
  const reader = await connect(asReader);
  try {
    await expect(reader.query(READ)).rejects.toMatchObject({ number: 229 });
    await pool.query('GRANT SELECT ON SCHEMA::cdc TO reader');
    expect((await reader.query(READ)).recordset).toEqual([]);
    await expect(reader.query('DELETE dbo.T')).rejects.toMatchObject({ number: 229 });
  } finally {
    await reader.close();
  }
  await expect(connect(asReader.replace('r-1', 'wrong'))).rejects.toMatchObject({ code: 'ELOGIN' });
});
