import { beforeEach, expect, test } from 'vitest';
import type { TestServer, TestSession } from '../test-server.ts';
import { captureTable } from '../test-captured-table.ts';

let server: TestServer;
let db: TestSession;

beforeEach(async () => {
  ({ server, db } = await captureTable());
});

test('the jobs are shown with their settings', async () => {
  await db.rows("EXEC sys.sp_cdc_change_job @job_type = 'cleanup', @retention = 60");
  expect((await db.rows('EXEC sys.sp_cdc_help_jobs')).map((row) => row.slice(1))).toEqual([
    ['capture', 'cdc.shop_capture', 500, 10, true, 5n, 0n, 0n],
    ['cleanup', 'cdc.shop_cleanup', 0, 0, false, 0n, 60n, 5000n],
  ]);
});

test('the captured columns of an instance are described, of no other 22981', async () => {
  const rows = await db.rows("EXEC sys.sp_cdc_get_captured_columns 'dbo_T'");
  expect(rows.map((row) => [...row.slice(0, 4), row[6]])).toContainEqual(['dbo', 'T', 'dbo_T', 'Id', 'int']);
  expect(await db.errors("EXEC sys.sp_cdc_get_captured_columns 'nothing'")).toEqual([22981]);
});

test('the functions work on the database that they are named in', async () => {
  const here = await db.value("SELECT sys.fn_cdc_get_min_lsn('dbo_T')");
  const elsewhere = server.connect('master');
  expect(await elsewhere.value("SELECT [shop].sys.fn_cdc_get_min_lsn('dbo_T')")).toBe(here);
  expect(await elsewhere.value('SELECT shop.sys.fn_cdc_get_max_lsn()')).toBe(
    await db.value('SELECT sys.fn_cdc_get_max_lsn()'),
  );
  expect(await elsewhere.value('SELECT sys.fn_cdc_get_max_lsn()')).toBeNull();
  expect(await elsewhere.errors('SELECT nothing.sys.fn_cdc_get_max_lsn()')).toEqual([911]);
  expect(await elsewhere.errors('SELECT shop.sys.db_name()')).toEqual([4121]);
});

test('a scan of the log names its LSNs', async () => {
  const [row] = await db.rows('SELECT start_lsn, end_lsn FROM sys.dm_cdc_log_scan_sessions');
  const max = String(await db.value('SELECT sys.fn_cdc_get_max_lsn()'));
  expect(row?.[1]).toBe(`${max.slice(2, 10)}:${max.slice(10, 18)}:${max.slice(18)}`.toLowerCase());
  expect(row?.[0]).toMatch(/^[0-9a-f]{8}:[0-9a-f]{8}:[0-9a-f]{4}$/);
});
