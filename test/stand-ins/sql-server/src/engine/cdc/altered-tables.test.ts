import { beforeEach, expect, test } from 'vitest';
import type { TestServer, TestSession } from '../test-server.ts';
import { bytesOf, captureTable, changesOf } from '../test-captured-table.ts';

let server: TestServer;
let db: TestSession;

beforeEach(async () => {
  ({ server, db } = await captureTable());
});

const typeOfColumn = async (column: string): Promise<unknown> => {
  const { types, columns } = await db.run('SELECT * FROM cdc.dbo_T_CT');
  return types[0]?.[columns[0]?.indexOf(column) ?? -1];
};

test('a changed type changes the change table, what it holds, and what waits for the capture job', async () => {
  await db.rows("INSERT T (Id, Name) VALUES (1, '7')");
  server.engine.pauseCapture();
  await db.rows("INSERT T (Id, Name) VALUES (2, '8')");
  await db.rows(
    "BEGIN TRAN; INSERT T (Id, Name) VALUES (3, '9'); ALTER TABLE T ALTER COLUMN Name bigint; COMMIT",
  );
  await db.rows('INSERT T (Id, Name) VALUES (4, 9223372036854775807)');
  server.engine.resumeCapture();
  expect(await typeOfColumn('Name')).toEqual({ name: 'bigint' });
  expect(await changesOf(db)).toEqual([
    [2, 1, 7n],
    [2, 2, 8n],
    [2, 3, 9n],
    [2, 4, 9223372036854775807n],
  ]);
  expect(await db.rows('SELECT required_column_update FROM cdc.ddl_history')).toEqual([[true]]);
  expect(await db.value("SELECT column_type FROM cdc.captured_columns WHERE column_name = 'Name'")).toBe(
    'bigint',
  );
});

test('a rollback gives the old type back', async () => {
  await db.rows("INSERT T (Id, Name) VALUES (1, '7')");
  await db.rows('BEGIN TRAN; ALTER TABLE T ALTER COLUMN Name int; ROLLBACK');
  expect(await typeOfColumn('Name')).toEqual({ name: 'nvarchar', length: 20 });
  expect(await changesOf(db)).toEqual([[2, 1, '7']]);
  expect(await db.rows('SELECT * FROM cdc.ddl_history')).toEqual([]);
});

test('a change table that was dropped by hand is missing for every reader, and the instance stays', async () => {
  await db.rows('INSERT T (Id) VALUES (1)');
  const low = await db.value("SELECT sys.fn_cdc_get_min_lsn('dbo_T')");
  await db.rows('DROP TABLE cdc.dbo_T_CT');
  expect(await db.errors('SELECT * FROM cdc.dbo_T_CT')).toEqual([208]);
  expect(
    await db.errors("SELECT * FROM cdc.fn_cdc_get_all_changes_dbo_T(@low, @low, N'all')", {
      low: bytesOf(low),
    }),
  ).toEqual([208]);
  expect(await db.value("SELECT sys.fn_cdc_get_min_lsn('dbo_T')")).toBe(low);
  expect(await db.value('SELECT COUNT(*) FROM cdc.change_tables')).toBe(1);
  expect(await db.errors('DROP TABLE cdc.dbo_T_CT')).toEqual([3701]);
});

test('any name that brackets can hold names a captured table', async () => {
  const name = `Größe [a].b "c" 'd' 日本`;
  const quoted = `[${name.replaceAll(']', ']]')}]`;
  const text = `N'${name.replaceAll("'", "''")}'`;
  await db.rows('CREATE SCHEMA [odd schema]');
  await db.rows(
    `CREATE TABLE [odd schema].${quoted} (Id int PRIMARY KEY, [a ]]b.c] int, [x,y] int, "q""q" int)`,
  );
  await db.rows(
    `EXEC sys.sp_cdc_enable_table N'odd schema', ${text}, @role_name = NULL, @captured_column_list = N'Id, [x,y], [a ]]b.c]'`,
  );
  await db.rows(`INSERT [odd schema].${quoted} VALUES (1, 2, 3, 4)`);
  const instance = `[odd schema_${name.replaceAll(']', ']]')}_CT]`;
  expect(await db.rows(`SELECT Id, [a ]]b.c], [x,y] FROM cdc.${instance}`)).toEqual([[1, 2, 3]]);
  const functionName = `[fn_cdc_get_all_changes_odd schema_${name.replaceAll(']', ']]')}]`;
  expect(
    await db.rows(`DECLARE @a binary(10) = sys.fn_cdc_get_min_lsn(N'odd schema_' + ${text}), @b binary(10) = sys.fn_cdc_get_max_lsn();
      SELECT [x,y] FROM cdc.${functionName}(@a, @b, N'all')`),
  ).toEqual([[3]]);
});

test('a table has 1,024 columns at most, and its update mask 128 bytes', async () => {
  const columns = (count: number): string =>
    Array.from({ length: count }, (_, i) => `c${String(i)} int`).join();
  expect(await db.errors(`CREATE TABLE Wide (${columns(1025)})`)).toEqual([1702]);
  await db.rows(
    `CREATE TABLE Wide (${columns(1024)}, PRIMARY KEY (c0))`.replace('c0 int', 'c0 int NOT NULL'),
  );
  await db.rows("EXEC sys.sp_cdc_enable_table 'dbo', 'Wide', @role_name = NULL");
  await db.rows('INSERT Wide (c0) VALUES (1); UPDATE Wide SET c0 = 1, c1 = 2, c1023 = 3');
  const masks = await db.rows('SELECT __$operation, __$update_mask FROM cdc.dbo_Wide_CT');
  expect(masks).toEqual([
    [2, `0x${'FF'.repeat(128)}`],
    [3, `0x80${'00'.repeat(126)}02`],
    [4, `0x80${'00'.repeat(126)}02`],
  ]);
});

test('an alias type is its base type with a name of its own', async () => {
  await db.rows('CREATE TYPE dbo.Phone FROM varchar(20) NOT NULL');
  await db.rows('CREATE TABLE U (Id int PRIMARY KEY, P dbo.Phone, Q Phone NULL)');
  expect(await db.errors('INSERT U (Id) VALUES (1)')).toEqual([515]);
  await db.rows(
    "EXEC sys.sp_cdc_enable_table 'dbo', 'U', @role_name = NULL; INSERT U (Id, P) VALUES (1, '1')",
  );
  expect(await db.rows('SELECT P, Q FROM cdc.dbo_U_CT')).toEqual([['1', null]]);
  expect(
    await db.rows(`SELECT c.name, t.name, t.is_user_defined, t.system_type_id, c.is_nullable FROM sys.columns c
      JOIN sys.types t ON t.user_type_id = c.user_type_id WHERE c.object_id = OBJECT_ID('U') ORDER BY column_id`),
  ).toEqual([
    ['Id', 'int', false, 56, false],
    ['P', 'Phone', true, 167, false],
    ['Q', 'Phone', true, 167, true],
  ]);
  expect(await db.errors('DROP TYPE dbo.Phone')).toEqual([3732]);
  expect(await db.errors('CREATE TYPE Phone FROM int')).toEqual([219]);
  expect(await db.errors('CREATE TABLE V (Id dbo.Nope)')).toEqual([2715]);
  await db.rows('DROP TABLE U; DROP TYPE Phone; DROP TYPE IF EXISTS Phone');
});
