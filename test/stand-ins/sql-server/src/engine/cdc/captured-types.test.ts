/** Values of every type through INSERT and a change table to the text that CONVERT makes of them ("CAST and CONVERT"). */
import { beforeAll, expect, test } from 'vitest';
import { TestServer, type TestSession } from '../test-server.ts';

let db: TestSession;

beforeAll(async () => {
  db = new TestServer().connect();
  await db.rows('EXEC sys.sp_cdc_enable_db');
});

let tables = 0;

async function captured(type: string, values: readonly string[], selected: string): Promise<unknown[]> {
  const table = `T${String(++tables)}`;
  await db.rows(`CREATE TABLE dbo.${table} (Id int IDENTITY PRIMARY KEY, c ${type})`);
  await db.rows(`EXEC sys.sp_cdc_enable_table N'dbo', N'${table}', @role_name = NULL`);
  for (const value of values) await db.rows(`INSERT dbo.${table} (c) VALUES (${value})`);
  const rows = await db.rows(`SELECT ${selected} FROM cdc.dbo_${table}_CT ORDER BY __$start_lsn`);
  return rows.map((row) => (row.length === 1 ? row[0] : row));
}

const NINES = '99999999999999999999999999999999999999';

const CASES: readonly (readonly [string, string, Readonly<Record<string, unknown>>])[] = [
  ['bit', 'c', { 0: false, 1: true, NULL: null }],
  ['tinyint', 'c', { 0: 0, 255: 255, NULL: null }],
  ['smallint', 'c', { '-32768': -32768, 32767: 32767 }],
  ['int', 'c', { '-2147483648': -2147483648, 2147483647: 2147483647 }],
  [
    'bigint',
    'CONVERT(varchar(20), c)',
    {
      '-9223372036854775808': '-9223372036854775808',
      "'9223372036854775807'": '9223372036854775807',
      NULL: null,
    },
  ],
  ['real', 'c', { '1.5': 1.5, '3.40E+38': Math.fround(3.4e38), '0.1': Math.fround(0.1) }],
  [
    'float',
    'CONVERT(varchar(40), c, 3)',
    { '0.1': '1.0000000000000001e-001', '-1.79E+308': '-1.7900000000000000e+308' },
  ],
  ['decimal(38,0)', 'CONVERT(varchar(41), c)', { [NINES]: NINES, [`-${NINES}`]: `-${NINES}`, NULL: null }],
  ['decimal(38,38)', 'CONVERT(varchar(41), c)', { [`-.${NINES}`]: `-0.${NINES}`, 0: `0.${'0'.repeat(38)}` }],
  [
    'money',
    'CONVERT(varchar(40), c, 2)',
    { '-922337203685477.5808': '-922337203685477.5808', '922337203685477.5807': '922337203685477.5807' },
  ],
  [
    'smallmoney',
    'CONVERT(varchar(40), c, 2)',
    { '-214748.3648': '-214748.3648', '214748.3647': '214748.3647' },
  ],
  ['char(5)', 'CONVERT(nvarchar(max), c)', { "'ab'": 'ab   ', "N'é€日'": 'é€?  ' }],
  ['varchar(5)', 'CONVERT(nvarchar(max), c)', { "''": '', "'a '": 'a ' }],
  ['nvarchar(5)', 'c', { "N'😀'": '😀', 'NCHAR(55357)': '\ud83d', "N'a' + NCHAR(0)": 'a\u0000' }],
  ['date', 'CONVERT(varchar(10), c, 23)', { "'0001-01-01'": '0001-01-01', "'9999-12-31'": '9999-12-31' }],
  ['time(0)', 'CONVERT(varchar(16), c, 126)', { "'23:59:59'": '23:59:59' }],
  [
    'time(7)',
    'CONVERT(varchar(16), c, 126)',
    { "'23:59:59.9999999'": '23:59:59.9999999', "'00:00'": '00:00:00' },
  ],
  [
    'datetime',
    'CONVERT(varchar(23), c, 121)',
    { "'1753-01-01'": '1753-01-01 00:00:00.000', "'9999-12-31 23:59:59.998'": '9999-12-31 23:59:59.997' },
  ],
  ['smalldatetime', 'CONVERT(varchar(19), c, 126)', { "'2079-06-06 23:59'": '2079-06-06T23:59:00' }],
  [
    'datetime2(7)',
    'CONVERT(varchar(33), c, 126)',
    {
      "'0001-01-01'": '0001-01-01T00:00:00',
      "'9999-12-31 23:59:59.9999999'": '9999-12-31T23:59:59.9999999',
    },
  ],
  [
    'datetimeoffset(3)',
    'CONVERT(varchar(40), c, 121)',
    { "'2026-01-01 12:34:56.1235 +05:30'": '2026-01-01 12:34:56.124 +05:30' },
  ],
  [
    'uniqueidentifier',
    'c',
    { "'6f9619ff-8b86-d011-b42d-00c04fc964ff'": '6F9619FF-8B86-D011-B42D-00C04FC964FF' },
  ],
  ['binary(4)', 'c', { '0x01': '0x01000000', '0xFFFFFFFF': '0xFFFFFFFF' }],
  ['varbinary(max)', 'c', { '0x': '0x', '0x00FF': '0x00FF', NULL: null }],
  ['image', 'c', { '0x00FF': '0x00FF' }],
  ['xml', 'CONVERT(nvarchar(max), c)', { 'N\'<a b="1">日</a>\'': '<a b="1">日</a>' }],
  ['hierarchyid', 'c.ToString()', { "'/1/2/'": '/1/2/', 'hierarchyid::GetRoot()': '/', NULL: null }],
  [
    'geography',
    "CONCAT(T.c.STSrid, N';', [c].STAsText())",
    {
      'geography::Point(47.6, -122.3, 4326)': '4326;POINT (-122.3 47.6)',
      "geography::STGeomFromText('LINESTRING(1 2, 3 4)', 4269)": '4269;LINESTRING (1 2, 3 4)',
    },
  ],
  [
    'geometry',
    'c.ToString()',
    {
      "geometry::Parse('POLYGON((0 0, 1 0, 1 1, 0 0))')": 'POLYGON ((0 0, 1 0, 1 1, 0 0))',
      "'POINT(1 2 3 4)'": 'POINT (1 2 3 4)',
      'geometry::Point(NULL, 1, 0)': null,
    },
  ],
];

test.each(CASES)('%s', async (type, selected, expected) => {
  const alias = selected.replace('T.c', `dbo_T${String(tables + 1)}_CT.c`);
  expect(await captured(type, Object.keys(expected), alias)).toEqual(Object.values(expected));
});

test('a sql_variant keeps the type of its value', async () => {
  const rows = await captured(
    'sql_variant',
    ['CAST(1.50 AS decimal(10,3))', "N'abc'", "CAST('2026-01-01' AS datetime2(3))", 'NULL'],
    `CONVERT(nvarchar(4000), c), SQL_VARIANT_PROPERTY(c, 'BaseType'), SQL_VARIANT_PROPERTY(c, 'Precision'),
     SQL_VARIANT_PROPERTY(c, 'Scale'), SQL_VARIANT_PROPERTY(c, 'MaxLength')`,
  );
  expect(rows).toEqual([
    ['1.500', 'decimal', 10, 3, 9],
    ['abc', 'nvarchar', 0, 0, 6],
    ['2026-01-01 00:00:00.000', 'datetime2', 23, 3, 7],
    [null, null, null, null, null],
  ]);
});

test('a literal without N is in the code page, whatever it is put into', async () => {
  expect(await captured('nvarchar(10)', ["'é日'", "N'é日'"], 'c')).toEqual(['é?', 'é日']);
});

test('a computed column needs no parentheses, and is NULL where it is captured', async () => {
  await db.rows('CREATE TABLE dbo.C (Id int PRIMARY KEY, Twice AS Id * 2, Next AS (Id) + 1 PERSISTED)');
  await db.rows("EXEC sys.sp_cdc_enable_table N'dbo', N'C', @role_name = NULL; INSERT dbo.C (Id) VALUES (4)");
  expect(await db.rows('SELECT * FROM dbo.C')).toEqual([[4, 8, 5]]);
  expect(await db.rows('SELECT Id, Twice, Next FROM cdc.dbo_C_CT')).toEqual([[4, null, null]]);
});

test('rowversion grows in the whole database with every insert and update', async () => {
  await db.rows('CREATE TABLE dbo.A (Id int PRIMARY KEY, v rowversion)');
  await db.rows('CREATE TABLE dbo.B (Id int PRIMARY KEY, v timestamp)');
  await db.rows('INSERT dbo.A (Id) VALUES (1); INSERT dbo.B (Id) VALUES (1); UPDATE dbo.A SET Id = 1');
  const [a, b] = [await db.value('SELECT v FROM dbo.A'), await db.value('SELECT v FROM dbo.B')];
  expect(BigInt(String(a))).toBe(BigInt(String(b)) + 1n);
  expect(await db.errors('INSERT dbo.A (Id, v) VALUES (2, 0x01)')).toEqual([273]);
});

test('what is no path, no shape or no method is refused', async () => {
  expect(await db.errors("SELECT CAST('1' AS hierarchyid)")).toEqual([6522]);
  expect(await db.errors("SELECT geometry::Parse('POINT')")).toEqual([6522]);
  expect(await db.errors('SELECT geography::Point(91, 0, 4326)')).toEqual([6522]);
  expect(await db.errors('SELECT hierarchyid::Nope()')).toEqual([6506]);
  expect(await db.errors("DECLARE @h hierarchyid = '/1/'; SELECT @h.STAsText()")).toEqual([6506]);
});

test('nodes know their level, their ancestors and their descendants', async () => {
  const [row] = await db.rows(`DECLARE @h hierarchyid = '/1/2/3/';
    SELECT @h.GetLevel(), @h.GetAncestor(2).ToString(), @h.GetAncestor(4).ToString(),
      @h.IsDescendantOf(hierarchyid::Parse('/1/2/')), @h.IsDescendantOf('/2/'), CAST(@h AS varchar(20))`);
  expect(row).toEqual([3, '/1/', null, true, false, '/1/2/3/']);
});
