import { beforeEach, expect, test } from 'vitest';
import type { TestServer, TestSession } from '../test-server.ts';
import { bytesOf, captureTable, changesOf, ENABLE } from '../test-captured-table.ts';

let server: TestServer;
let db: TestSession;

beforeEach(async () => {
  ({ server, db } = await captureTable());
});

test('a delay holds changes back until it is over', async () => {
  server.engine.setCaptureDelay(5000);
  const before = await db.value('SELECT sys.fn_cdc_get_max_lsn()');
  await db.rows('INSERT T (Id) VALUES (1)');
  server.time.advance(4999);
  expect(await changesOf(db, 'Id')).toEqual([]);
  expect(await db.value('SELECT sys.fn_cdc_get_max_lsn()')).toBe(before);
  server.time.advance(1);
  expect(await changesOf(db, 'Id')).toEqual([[2, 1]]);
  expect(server.time.pending).toBe(0);
});

test('while capture is paused the max LSN stands still, then everything comes', async () => {
  server.engine.pauseCapture();
  await db.rows('INSERT T (Id) VALUES (1); INSERT T (Id) VALUES (2)');
  expect(await changesOf(db, 'Id')).toEqual([]);
  expect(await db.value('SELECT COUNT(*) FROM sys.dm_cdc_log_scan_sessions')).toBe(0);
  server.engine.resumeCapture();
  expect(await changesOf(db, 'Id')).toEqual([
    [2, 1],
    [2, 2],
  ]);
});

test('an idle scan moves the max LSN with a dummy row', async () => {
  const before = String(await db.value('SELECT sys.fn_cdc_get_max_lsn()'));
  server.engine.scan('shop');
  expect(String(await db.value('SELECT sys.fn_cdc_get_max_lsn()')) > before).toBe(true);
  expect(await db.value('SELECT TOP (1) tran_id FROM cdc.lsn_time_mapping ORDER BY start_lsn DESC')).toBe(
    '0x00',
  );
});

test('cleanup moves the low-water mark and older rows are gone', async () => {
  await db.rows('INSERT T (Id) VALUES (1); INSERT T (Id) VALUES (2)');
  const mark = await db.value('SELECT MAX(__$start_lsn) FROM cdc.dbo_T_CT');
  const from = bytesOf(await db.value("SELECT sys.fn_cdc_get_min_lsn('dbo_T')"));
  await db.rows('EXEC sys.sp_cdc_cleanup_change_table @capture_instance = @ci, @low_water_mark = @mark', {
    ci: 'dbo_T',
    mark: bytesOf(mark),
  });
  expect(await changesOf(db, 'Id')).toEqual([[2, 2]]);
  expect(await db.value("SELECT sys.fn_cdc_get_min_lsn('dbo_T')")).toBe(mark);
  expect(
    await db.errors(
      "DECLARE @to binary(10) = sys.fn_cdc_get_max_lsn(); SELECT * FROM cdc.fn_cdc_get_all_changes_dbo_T(@from, @to, N'all')",
      { from },
    ),
  ).toEqual([313]);
  expect(await db.errors("EXEC sys.sp_cdc_cleanup_change_table 'dbo_T', 0x00000000000000000001")).toEqual([
    22964,
  ]);
});

test('an unknown instance has ten zero bytes for its low-water mark', async () => {
  expect(await db.value("SELECT sys.fn_cdc_get_min_lsn(N'nope')")).toBe(`0x${'00'.repeat(10)}`);
});

test('a second instance begins at its own LSN with its own columns; a third is refused', async () => {
  await db.rows("INSERT T (Id, Name) VALUES (1, 'a'); ALTER TABLE T ADD Extra int NULL");
  await db.rows(
    "EXEC sys.sp_cdc_enable_table @source_schema = 'dbo', @source_name = 'T', @role_name = NULL, @capture_instance = 'second', @captured_column_list = N'Extra, [Id]'",
  );
  await db.rows('INSERT T (Id, Extra) VALUES (2, 22)');
  expect(await db.rows('SELECT __$operation, Id, Extra FROM cdc.second_CT')).toEqual([[2, 2, 22]]);
  expect(await changesOf(db, 'Id')).toEqual([
    [2, 1],
    [2, 2],
  ]);
  expect(
    await db.value(
      "SELECT CASE WHEN sys.fn_cdc_get_min_lsn('second') > sys.fn_cdc_get_min_lsn('dbo_T') THEN 1 ELSE 0 END",
    ),
  ).toBe(1);
  expect(await db.errors("EXEC sys.sp_cdc_enable_table 'dbo', 'T', 'third', @role_name = NULL")).toEqual([
    22962,
  ]);
  expect(await db.rows('SELECT ddl_command FROM cdc.ddl_history')).toHaveLength(1);
});

test('switching on and off says what is wrong', async () => {
  expect(await db.errors(ENABLE)).toEqual([22926]);
  expect(await db.errors('EXEC sys.sp_cdc_enable_db')).toEqual([22906]);
  expect(await db.errors("EXEC sys.sp_cdc_enable_table 'dbo', 'Nope', @role_name = NULL")).toEqual([22931]);
  expect(
    await db.errors(
      "EXEC sys.sp_cdc_enable_table 'dbo', 'T', 'x', @role_name = NULL, @captured_column_list = N'Id, Nope'",
    ),
  ).toEqual([22923]);
  expect(await db.errors("EXEC sys.sp_cdc_enable_table 'dbo', 'T'")).toEqual([201]);
  expect(await db.errors("EXEC sys.sp_cdc_disable_table 'dbo', 'T', 'nope'")).toEqual([22960]);
  expect(await db.errors('USE master; EXEC sys.sp_cdc_enable_db')).toEqual([22902]);
  expect(await db.errors('EXEC sys.sp_cdc_help_change_data_capture')).toEqual([22901]);
});

test('before CDC is enabled there is nothing of it', async () => {
  await db.rows('CREATE DATABASE bare');
  await db.rows('USE bare');
  expect(await db.value('SELECT sys.fn_cdc_get_max_lsn()')).toBe(null);
  expect(await db.errors('SELECT * FROM cdc.change_tables')).toEqual([208]);
  expect(await db.errors("SELECT * FROM cdc.fn_cdc_get_all_changes_dbo_T(0x01, 0x02, N'all')")).toEqual([
    208,
  ]);
});

test('disabling takes the change table away; the other tables go on', async () => {
  await db.rows(
    "CREATE TABLE U (Id int PRIMARY KEY); EXEC sys.sp_cdc_enable_table 'dbo', 'U', @role_name = NULL",
  );
  await db.rows("EXEC sys.sp_cdc_disable_table 'dbo', 'T', 'all'");
  await db.rows('INSERT T (Id) VALUES (1); INSERT U VALUES (1)');
  expect(await db.errors('SELECT * FROM cdc.dbo_T_CT')).toEqual([208]);
  expect(await db.value('SELECT COUNT(*) FROM cdc.dbo_U_CT')).toBe(1);
  await db.rows('EXEC sys.sp_cdc_disable_db');
  expect(await db.errors('SELECT * FROM cdc.dbo_U_CT')).toEqual([208]);
  expect(await db.value("SELECT is_cdc_enabled FROM sys.databases WHERE name = 'shop'")).toBe(false);
});

test('a captured table cannot be truncated, and takes its instance with it when it is dropped', async () => {
  expect(await db.errors('TRUNCATE TABLE T')).toEqual([4711]);
  await db.rows('DROP TABLE T');
  expect(await db.rows('SELECT * FROM cdc.change_tables')).toEqual([]);
});

test('a dropped column is NULL in what is captured after it', async () => {
  await db.rows(
    "INSERT T (Id, Name) VALUES (1, 'a'); ALTER TABLE T DROP COLUMN Name; INSERT T (Id) VALUES (2)",
  );
  expect(await changesOf(db)).toEqual([
    [2, 1, 'a'],
    [2, 2, null],
  ]);
});

test('sp_cdc_help_change_data_capture lists instances', async () => {
  const { results } = await db.run("EXEC sys.sp_cdc_help_change_data_capture 'dbo', 'T'");
  expect(results[0]?.[0]?.slice(0, 3)).toEqual(['dbo', 'T', 'dbo_T']);
  expect(results[0]?.[0]?.at(-1)).toBe('[Id], [Name], [Notes], [Old], [Twice]');
});

test('one statement asks about many tables at once', async () => {
  await db.rows(
    "CREATE TABLE U (Id int PRIMARY KEY); EXEC sys.sp_cdc_enable_table 'dbo', 'U', @role_name = NULL",
  );
  const seen = bytesOf(await db.value('SELECT sys.fn_cdc_get_max_lsn()'));
  await db.rows('INSERT U VALUES (1)');
  const probe = `SELECT i, moved, low FROM (
      SELECT 0 AS i, CASE WHEN EXISTS (SELECT 1 FROM cdc.[dbo_T_CT] WHERE __$start_lsn > @p0) THEN 1 ELSE 0 END AS moved, sys.fn_cdc_get_min_lsn(N'dbo_T') AS low
      UNION ALL SELECT 1, CASE WHEN EXISTS (SELECT 1 FROM cdc.[dbo_U_CT] WHERE __$start_lsn > @p1) THEN 1 ELSE 0 END, sys.fn_cdc_get_min_lsn(N'dbo_U')
    ) AS probe WHERE moved = 1`;
  const rows = await db.rows(probe, { p0: seen, p1: seen });
  expect(rows.map(([i, moved]) => [i, moved])).toEqual([[1, 1]]);
});

test('cleaning up a capture instance that does not exist is an error', () => {
  const mark = new Uint8Array(10);
  expect(() => server.engine.runCleanup('shop', 'dbo_Nope', mark)).toThrow(
    expect.objectContaining({ number: 22960 }),
  );
  expect(() => server.engine.runCleanup('shop', 'DBO_t', mark)).not.toThrow();
});
