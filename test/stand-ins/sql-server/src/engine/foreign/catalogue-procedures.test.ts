import { beforeEach, expect, test } from 'vitest';
import { TestServer, type TestSession } from '../test-server.ts';

let db: TestSession;

beforeEach(async () => {
  db = new TestServer().connect();
  await db.rows(`CREATE SCHEMA sales;
    CREATE TABLE sales.Parents (Id int IDENTITY CONSTRAINT PK_Parents PRIMARY KEY, Code char(3) NOT NULL CONSTRAINT UQ_Code UNIQUE);
    CREATE TABLE sales.Children (A int NOT NULL, B int NOT NULL, ParentId int NULL CONSTRAINT FK_Parent REFERENCES sales.Parents (Id)
      ON DELETE SET NULL ON UPDATE CASCADE, Name nvarchar(40) NULL, Price decimal(9, 2) NULL, At datetime2(3) NULL,
      CONSTRAINT PK_Children PRIMARY KEY (A, B));
    CREATE INDEX IX_Name ON sales.Children (Name)`);
});

const select = (columns: string, procedure: string, shape: string): Promise<unknown[][]> =>
  db.rows(`DECLARE @r TABLE (${shape}); INSERT INTO @r EXEC ${procedure}; SELECT ${columns} FROM @r`);

test('sp_tables lists tables by pattern and by type', async () => {
  const listed = [
    ['shop', 'sales', 'Children', 'TABLE', null],
    ['shop', 'sales', 'Parents', 'TABLE', null],
  ];
  expect(await db.rows("EXEC sp_tables '%', 'sales'")).toEqual(listed);
  expect(await db.rows("EXEC sp_tables @table_name = 'Par%', @table_type = '''VIEW'',''TABLE'''")).toEqual([
    listed[1],
  ]);
  expect(await db.rows("EXEC sp_tables 'Par%', @fUsePattern = 0")).toEqual([]);
  expect(await db.rows("EXEC sp_tables @table_type = '''VIEW'''")).toEqual([]);
});

test('sp_columns_100 describes a column in the terms of ODBC', async () => {
  const { columns, results } = await db.run(
    "EXEC sys.sp_columns_100 'Children', 'sales', NULL, '%', @ODBCVer = 3",
  );
  const at = ['COLUMN_NAME', 'DATA_TYPE', 'TYPE_NAME', 'PRECISION', 'LENGTH', 'SCALE', 'RADIX', 'NULLABLE'];
  const places = at.map((name) => columns[0]?.indexOf(name) ?? -1);
  expect(columns[0]).toHaveLength(29);
  expect(results[0]?.map((row) => places.map((place) => row[place]))).toEqual([
    ['A', 4, 'int', 10, 4, 0, 10, 0],
    ['B', 4, 'int', 10, 4, 0, 10, 0],
    ['ParentId', 4, 'int', 10, 4, 0, 10, 1],
    ['Name', -9, 'nvarchar', 40, 80, null, null, 1],
    ['Price', 3, 'decimal', 9, 11, 2, 10, 1],
    ['At', 93, 'datetime2', 23, 16, 3, null, 1],
  ]);
});

test('sp_columns speaks ODBC 2 unless told otherwise, and knows columns that count themselves', async () => {
  const [at] = await db.rows("EXEC sp_columns 'Children', 'sales', @column_name = 'At'");
  expect(at?.[4]).toBe(11);
  const [id] = await db.rows("EXEC sp_columns 'Parents', 'sales', @column_name = 'Id'");
  expect(id?.[5]).toBe('int identity');
});

test('sp_pkeys, sp_special_columns and INFORMATION_SCHEMA agree about the primary key', async () => {
  expect(await db.rows("EXEC sp_pkeys 'Children', 'sales'")).toEqual([
    ['shop', 'sales', 'Children', 'A', 1, 'PK_Children'],
    ['shop', 'sales', 'Children', 'B', 2, 'PK_Children'],
  ]);
  const best = await db.rows("EXEC sp_special_columns 'Children', 'sales'");
  expect(best.map((row) => row[1])).toEqual(['A', 'B']);
  expect(
    await db.rows(`SELECT u.COLUMN_NAME, u.ORDINAL_POSITION FROM INFORMATION_SCHEMA.TABLE_CONSTRAINTS c
      JOIN INFORMATION_SCHEMA.KEY_COLUMN_USAGE u ON u.CONSTRAINT_NAME = c.CONSTRAINT_NAME
      WHERE c.CONSTRAINT_TYPE = 'PRIMARY KEY' AND c.TABLE_NAME = 'Children' ORDER BY 2`),
  ).toEqual([
    ['A', 1],
    ['B', 2],
  ]);
});

test('sp_fkeys finds a key from both of its ends', async () => {
  const key = [
    'shop',
    'sales',
    'Parents',
    'Id',
    'shop',
    'sales',
    'Children',
    'ParentId',
    1,
    0,
    2,
    'FK_Parent',
    'PK_Parents',
    7,
  ];
  expect(await db.rows("EXEC sp_fkeys @pktable_name = 'Parents', @pktable_owner = 'sales'")).toEqual([key]);
  expect(await db.rows("EXEC sp_fkeys @fktable_name = 'Children', @fktable_owner = 'sales'")).toEqual([key]);
  expect(await db.rows("EXEC sp_fkeys @pktable_name = 'Children'")).toEqual([]);
});

test('sp_statistics lists unique indexes first, behind a line about the table', async () => {
  await db.rows("INSERT sales.Parents (Code) VALUES ('a'), ('b')");
  const shown = (rows: unknown[][]): unknown[][] =>
    rows.map((row) => [row[3], row[5], row[6], row[7], row[8], row[10]]);
  expect(shown(await db.rows("EXEC sp_statistics 'Parents', 'sales'"))).toEqual([
    [null, null, 0, null, null, 2],
    [0, 'PK_Parents', 1, 1, 'Id', 2],
    [0, 'UQ_Code', 3, 1, 'Code', 2],
  ]);
  const unique = await db.rows("EXEC sp_statistics_100 'Children', 'sales', @is_unique = 'Y'");
  expect(unique.map((row) => row[5])).toEqual([null, 'PK_Children', 'PK_Children']);
});

test('another database is 15250, no table at all 15252, an unknown procedure 2812', async () => {
  expect(await db.errors("EXEC sp_tables @table_qualifier = 'master'")).toEqual([15250]);
  expect(await db.errors('EXEC sp_fkeys')).toEqual([15252]);
  expect(await db.errors("EXEC sp_columns_170 'Children'")).toEqual([2812]);
});

test('what is listed can be inserted', async () => {
  const shape = 'q sysname, o sysname, t sysname, c sysname, s smallint, k sysname';
  expect(await select('c, s', "sp_pkeys 'Children', 'sales'", shape)).toEqual([
    ['A', 1],
    ['B', 2],
  ]);
});

test('a database other than the session’s is listed when the procedure is named in it', async () => {
  expect(await db.rows("USE master; EXEC shop.sys.sp_pkeys 'Parents', 'sales'")).toEqual([
    ['shop', 'sales', 'Parents', 'Id', 1, 'PK_Parents'],
  ]);
});
