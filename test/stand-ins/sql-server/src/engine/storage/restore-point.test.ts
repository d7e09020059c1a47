import { beforeEach, expect, test } from 'vitest';
import { captureTable, changesOf } from '../test-captured-table.ts';
import type { TestServer, TestSession } from '../test-server.ts';

let server: TestServer;
let db: TestSession;

beforeEach(async () => {
  ({ server, db } = await captureTable());
});

const fork = (): Promise<unknown[][]> =>
  db.rows(
    "SELECT recovery_fork_guid, first_recovery_fork_guid, fork_point_lsn FROM sys.database_recovery_status WHERE database_id = DB_ID('shop')",
  );

test('rows, changes and their times are as they were, and the same LSNs are given again', async () => {
  await db.rows("INSERT T (Id, Name) VALUES (1, 'a')");
  const point = server.engine.rememberDatabase('shop');
  await db.rows("UPDATE T SET Name = 'b'; INSERT T (Id, Name) VALUES (2, 'lost')");
  const lost = await db.value('SELECT MAX(__$start_lsn) FROM cdc.dbo_T_CT');
  const before = await db.value('SELECT COUNT(*) FROM cdc.lsn_time_mapping');
  server.engine.rewindDatabase('shop', point);
  expect(await db.rows('SELECT Id, Name FROM T')).toEqual([[1, 'a']]);
  expect(await changesOf(db)).toEqual([[2, 1, 'a']]);
  expect(await db.value('SELECT COUNT(*) FROM cdc.lsn_time_mapping')).toBe(Number(before) - 2);
  await db.rows("UPDATE T SET Name = 'c'; INSERT T (Id, Name) VALUES (2, 'new')");
  expect(await db.value('SELECT MAX(__$start_lsn) FROM cdc.dbo_T_CT')).toBe(lost);
  expect(await db.rows('SELECT Id, Name FROM T ORDER BY Id')).toEqual([
    [1, 'c'],
    [2, 'new'],
  ]);
});

test('a restore begins a new recovery fork and keeps the first', async () => {
  const [[first, origin, none] = []] = await fork();
  expect([first, none]).toEqual([origin, null]);
  server.engine.rewindDatabase('shop', server.engine.rememberDatabase('shop'));
  const [[second, stillOrigin, point] = []] = await fork();
  expect(second).not.toBe(first);
  expect(stillOrigin).toBe(first);
  expect(point).not.toBe(null);
});

test('tables, columns, instances and keys come back, later ones are gone, open transactions too', async () => {
  await db.rows("INSERT T (Id, Name) VALUES (1, 'a')");
  const point = server.engine.rememberDatabase('shop');
  await db.rows(
    "ALTER TABLE T DROP COLUMN Name; CREATE TABLE Later (Id int); EXEC sys.sp_cdc_disable_table 'dbo', 'T', 'all'",
  );
  await db.rows('BEGIN TRAN; DELETE T');
  server.engine.rewindDatabase('shop', point);
  expect(await db.value('SELECT @@TRANCOUNT')).toBe(0);
  expect(await server.connect().errors('SET LOCK_TIMEOUT 0; UPDATE T SET Id = Id')).toEqual([]);
  expect(await db.errors('SELECT * FROM Later')).toEqual([208]);
  expect(await db.errors("INSERT T (Id, Name) VALUES (1, 'twice')")).toEqual([2627]);
  expect(await db.rows('SELECT Name FROM T WHERE Id = 1')).toEqual([['a']]);
  expect(await db.value("SELECT COUNT(*) FROM cdc.change_tables WHERE capture_instance = 'dbo_T'")).toBe(1);
  server.engine.rewindDatabase('shop', point);
  expect(await db.rows('SELECT Name FROM T WHERE Id = 1')).toEqual([['a']]);
});

test('users, roles and permissions are those of the restore point', async () => {
  await db.rows("CREATE LOGIN r WITH PASSWORD = 'r'; CREATE USER r FOR LOGIN r; CREATE ROLE kept");
  await db.rows('ALTER ROLE kept ADD MEMBER r; GRANT SELECT ON T TO kept');
  const point = server.engine.rememberDatabase('shop');
  await db.rows('REVOKE SELECT ON T FROM kept; DROP ROLE kept; CREATE ROLE later');
  server.engine.rewindDatabase('shop', point);
  const reader = server.connect('shop', 'r', 'r');
  expect(await reader.errors('SELECT * FROM T')).toEqual([]);
  expect(await reader.value("SELECT IS_MEMBER('kept')")).toBe(1);
  expect(await db.value("SELECT DATABASE_PRINCIPAL_ID('later')")).toBe(null);
});

test('what was not committed is no part of a restore point', async () => {
  await db.rows("BEGIN TRAN; INSERT T (Id, Name) VALUES (1, 'open')");
  const point = server.engine.rememberDatabase('shop');
  await db.rows('COMMIT');
  server.engine.rewindDatabase('shop', point);
  expect(await db.rows('SELECT * FROM T')).toEqual([]);
  expect(await changesOf(db)).toEqual([]);
});

test('idle scans move the max LSN by themselves until they are ended', async () => {
  const max = async (): Promise<string> => String(await db.value('SELECT sys.fn_cdc_get_max_lsn()'));
  const start = await max();
  server.engine.setIdleScans(5000);
  server.time.advance(4999);
  expect(await max()).toBe(start);
  server.time.advance(1);
  const first = await max();
  server.time.advance(5000);
  expect(first > start && (await max()) > first).toBe(true);
  server.engine.setIdleScans(0);
  expect(server.time.pending).toBe(0);
});
