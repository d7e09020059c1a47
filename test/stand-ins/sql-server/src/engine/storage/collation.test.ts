import { beforeEach, expect, test } from 'vitest';
import { TestServer, type TestSession } from '../test-server.ts';

let server: TestServer;
let db: TestSession;

beforeEach(async () => {
  server = new TestServer();
  await server.connect().rows('CREATE DATABASE exact COLLATE Latin1_General_100_CS_AS');
  db = server.connect('exact');
  await db.rows('CREATE TABLE dbo.Cars (Id nvarchar(10) PRIMARY KEY, Name nvarchar(10), name nvarchar(10))');
});

test('names of tables, columns, aliases and schemas differ by case', async () => {
  await db.rows("CREATE TABLE dbo.cars (Id int); INSERT Cars VALUES (N'a', N'N', N'n')");
  expect(await db.rows('SELECT Name, name FROM Cars')).toEqual([['N', 'n']]);
  expect(await db.rows('SELECT * FROM cars')).toEqual([]);
  expect(await db.errors('SELECT * FROM CARS')).toEqual([208]);
  expect(await db.errors('SELECT NAME FROM Cars')).toEqual([207]);
  expect(await db.errors('SELECT * FROM DBO.Cars')).toEqual([208]);
  expect(await db.errors('SELECT C.Id FROM Cars c')).toEqual([4104]);
  expect(await db.errors('SELECT * FROM sys.Tables')).toEqual([208]);
  expect(await db.value("SELECT OBJECT_ID('dbo.CARS')")).toBe(null);
  expect(await db.rows('SELECT TABLE_NAME FROM INFORMATION_SCHEMA.TABLES ORDER BY 1')).toHaveLength(2);
});

test('texts differ by case: in keys, comparisons, patterns, groups and order', async () => {
  await db.rows("INSERT Cars VALUES (N'a', N'x', N'1'), (N'A', N'X', N'2'), (N'b', N'x', N'3')");
  expect(await db.errors("INSERT Cars (Id) VALUES (N'a')")).toEqual([2627]);
  expect(await db.value("SELECT name FROM Cars WHERE Id = N'A'")).toBe('2');
  expect(await db.rows("SELECT Id FROM Cars WHERE Name = 'x' ORDER BY Id")).toEqual([['a'], ['b']]);
  expect(await db.rows("SELECT Id FROM Cars WHERE Name LIKE N'X%'")).toEqual([['A']]);
  expect(await db.rows("SELECT Id FROM Cars WHERE Id IN (N'A')")).toEqual([['A']]);
  expect(await db.rows('SELECT Name, COUNT(*) FROM Cars GROUP BY Name ORDER BY Name')).toEqual([
    ['x', 2],
    ['X', 1],
  ]);
  expect(await db.rows('SELECT DISTINCT Name FROM Cars')).toHaveLength(2);
  expect(await db.rows('SELECT a.Id FROM Cars a JOIN (SELECT Name FROM Cars) b ON b.Name = a.Id')).toEqual(
    [],
  );
});

test('capture instances differ by case, and so does what an update of a key is', async () => {
  await db.rows('CREATE TABLE dbo.cars (Id int PRIMARY KEY); EXEC sys.sp_cdc_enable_db');
  await db.rows("EXEC sys.sp_cdc_enable_table 'dbo', 'Cars', @role_name = NULL");
  await db.rows("EXEC sys.sp_cdc_enable_table 'dbo', 'cars', @role_name = NULL");
  await db.rows("INSERT Cars (Id) VALUES (N'a'); UPDATE Cars SET Id = N'A'; INSERT cars VALUES (1)");
  expect(await db.rows('SELECT __$operation, Id FROM cdc.dbo_Cars_CT')).toEqual([
    [2, 'a'],
    [1, 'a'],
    [2, 'A'],
  ]);
  expect(await db.rows('SELECT __$operation, Id FROM cdc.dbo_cars_CT')).toEqual([[2, 1]]);
  expect(await db.errors('SELECT * FROM cdc.dbo_CARS_CT')).toEqual([208]);
  expect(await db.value("SELECT sys.fn_cdc_get_min_lsn('DBO_Cars')")).toBe(`0x${'00'.repeat(10)}`);
  expect(await db.errors("EXEC sys.sp_cdc_enable_table 'dbo', 'CARS', @role_name = NULL")).toEqual([22931]);
  const READ = (name: string): string =>
    `DECLARE @a binary(10) = sys.fn_cdc_get_min_lsn('dbo_Cars'), @b binary(10) = sys.fn_cdc_get_max_lsn();
     SELECT COUNT(*) FROM cdc.fn_cdc_get_all_changes_${name}(@a, @b, N'all')`;
  expect(await db.value(READ('dbo_Cars'))).toBe(3);
  expect(await db.errors(READ('dbo_CARS'))).toEqual([208]);
});

test('a binary collation orders by code, and every database tells its own', async () => {
  await db.rows('CREATE DATABASE codes COLLATE Latin1_General_BIN2');
  const codes = server.connect('codes');
  expect(await codes.rows("SELECT v FROM (VALUES (N'b'), (N'B'), (N'a')) AS t(v) ORDER BY v")).toEqual([
    ['B'],
    ['a'],
    ['b'],
  ]);
  expect(
    await db.rows(
      "SELECT name, collation_name FROM sys.databases WHERE name IN (N'exact', N'codes', N'shop') ORDER BY name",
    ),
  ).toEqual([
    ['codes', 'Latin1_General_BIN2'],
    ['exact', 'Latin1_General_100_CS_AS'],
    ['shop', 'SQL_Latin1_General_CP1_CI_AS'],
  ]);
  expect(await db.errors('CREATE DATABASE odd COLLATE Klingon_CI_AS')).toEqual([448]);
});
