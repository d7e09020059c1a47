import { beforeEach, expect, test } from 'vitest';
import { TestServer, type TestSession } from '../test-server.ts';

let db: TestSession;

beforeEach(async () => {
  db = new TestServer().connect();
  await db.rows(`CREATE TABLE Cars (Id int PRIMARY KEY, Make nvarchar(20), Price decimal(10,2), OwnerId int);
    CREATE TABLE Owners (Id int PRIMARY KEY, Name nvarchar(20));
    INSERT Owners VALUES (1, N'Ann'), (2, N'Bob'), (3, N'Cid');
    INSERT Cars VALUES (1, N'Opel', 10, 1), (2, N'Audi', 20, 1), (3, N'opel', 30.5, 2), (4, NULL, NULL, NULL)`);
});

test.each<[string, unknown[][]]>([
  ['SELECT 1 + 2 * 3, 7 / 2, 7 % 4, -(-5), 2.5 * 2, 1 & 3 | 4', [[7, 3, 3, 5, '5.0', 5]]],
  ["SELECT N'a' + 'b', CAST(12 AS varchar(5)) + 'x', CONVERT(int, '42')", [['ab', '12x', 42]]],
  [
    "SELECT CASE WHEN 1 = 2 THEN 'a' WHEN NULL = NULL THEN 'b' ELSE 'c' END, CASE 2 WHEN 1 THEN 10 WHEN 2 THEN 20 END",
    [['c', 20]],
  ],
  [
    "SELECT IIF(1 < 2, 'y', 'n'), COALESCE(NULL, NULL, 3), NULLIF(1, 1), NULLIF(2, 1), ISNULL(NULL, 'z')",
    [['y', 3, null, 2, 'z']],
  ],
  ["SELECT TRY_CONVERT(int, 'x'), TRY_CAST('5' AS int)", [[null, 5]]],
  [
    "SELECT LEN(N'abc'), UPPER('x'), SUBSTRING('hello', 2, 3), LEFT('abc', 2), DATALENGTH(N'ab')",
    [[3, 'X', 'ell', 'ab', 4]],
  ],
  [
    "SELECT DATEADD(day, 1, CAST('2026-02-28' AS date)), DATEDIFF(minute, '2026-01-01T00:00', '2026-01-01T01:30')",
    [['2026-03-01', 90]],
  ],
  ['SELECT 0x0A0B, CAST(0x01 AS int), $1.5', [['0x0A0B', 1, '1.50']]],
  ['SELECT 9999999999, 1e3, .5', [['9999999999', 1000, '0.5']]],
  [
    'SELECT [Id], "Make" FROM [dbo].[Cars] -- comment\n/* and /* nested */ one */ WHERE Id = 1',
    [[1, 'Opel']],
  ],
  ['SELECT Id FROM shop.dbo.Cars WHERE Cars.Id = 2', [[2]]],
  ["SELECT Id FROM Cars WHERE Make = 'OPEL' ORDER BY Id DESC", [[3], [1]]],
  ["SELECT Id FROM Cars WHERE Make LIKE '%p_l' AND Make NOT LIKE '[^o]%' ORDER BY 1", [[1], [3]]],
  ["SELECT 1 WHERE '50%' LIKE '50!%' ESCAPE '!'", [[1]]],
  ['SELECT Id FROM Cars WHERE Price BETWEEN 10 AND 20 AND Id NOT IN (2, 9)', [[1]]],
  ['SELECT Id FROM Cars WHERE Price IS NULL OR NOT Price > 15 ORDER BY Id', [[1], [4]]],
  ['SELECT Id FROM Cars WHERE OwnerId NOT IN (SELECT OwnerId FROM Cars WHERE Id > 2)', []],
  ['SELECT Name FROM Owners o WHERE NOT EXISTS (SELECT * FROM Cars c WHERE c.OwnerId = o.Id)', [['Cid']]],
  [
    'SELECT Name, (SELECT COUNT(*) FROM Cars WHERE OwnerId = o.Id) FROM Owners AS o ORDER BY Name',
    [
      ['Ann', 2],
      ['Bob', 1],
      ['Cid', 0],
    ],
  ],
  [
    "SELECT c.Id, o.Name FROM Cars c JOIN Owners o ON o.Id = c.OwnerId WHERE o.Name = N'Ann' ORDER BY c.Id",
    [
      [1, 'Ann'],
      [2, 'Ann'],
    ],
  ],
  [
    'SELECT c.Id, o.Name FROM Cars c LEFT JOIN Owners o ON o.Id = c.OwnerId AND o.Id > 1 ORDER BY c.Id',
    [
      [1, null],
      [2, null],
      [3, 'Bob'],
      [4, null],
    ],
  ],
  [
    'SELECT c.Id, o.Name FROM Cars c RIGHT OUTER JOIN Owners o ON o.Id = c.OwnerId ORDER BY o.Id, c.Id',
    [
      [1, 'Ann'],
      [2, 'Ann'],
      [3, 'Bob'],
      [null, 'Cid'],
    ],
  ],
  [
    'SELECT c.Id, o.Id FROM Cars c FULL JOIN Owners o ON o.Id = c.OwnerId ORDER BY c.Id, o.Id',
    [
      [null, 3],
      [1, 1],
      [2, 1],
      [3, 2],
      [4, null],
    ],
  ],
  ['SELECT COUNT(*) FROM Cars CROSS JOIN Owners', [[12]]],
  ['SELECT COUNT(*) FROM Cars, Owners WHERE Cars.OwnerId = Owners.Id', [[3]]],
  [
    'SELECT o.Name, x.Id FROM Owners o CROSS APPLY (SELECT TOP (1) Id FROM Cars WHERE OwnerId = o.Id ORDER BY Price DESC) AS x ORDER BY 1',
    [
      ['Ann', 2],
      ['Bob', 3],
    ],
  ],
  [
    'SELECT o.Name, x.Id FROM Owners o OUTER APPLY (SELECT MAX(Id) AS Id FROM Cars WHERE OwnerId = o.Id) x ORDER BY 1',
    [
      ['Ann', 2],
      ['Bob', 3],
      ['Cid', null],
    ],
  ],
  [
    "SELECT t.a, t.b FROM (VALUES (1, N'x'), (2, NULL)) AS t(a, b)",
    [
      [1, 'x'],
      [2, null],
    ],
  ],
  [
    'WITH rich AS (SELECT Id, Price FROM Cars WHERE Price > 15), one (n) AS (SELECT COUNT(*) FROM rich) SELECT n, (SELECT MAX(Price) FROM rich) FROM one',
    [[2, '30.50']],
  ],
  [
    'SELECT OwnerId, COUNT(*), SUM(Price), MIN(Make) FROM Cars GROUP BY OwnerId HAVING COUNT(Price) > 0 ORDER BY OwnerId',
    [
      [1, 2, '30.00', 'Audi'],
      [2, 1, '30.50', 'opel'],
    ],
  ],
  [
    'SELECT COUNT(*), COUNT(Price), COUNT(DISTINCT Make), AVG(Id), COUNT_BIG(*) FROM Cars',
    [[4, 3, 2, 2, 4n]],
  ],
  ['SELECT COUNT(*), MAX(Id) FROM Cars WHERE 1 = 0', [[0, null]]],
  ["SELECT STRING_AGG(Make, ', ') WITHIN GROUP (ORDER BY Id DESC) FROM Cars", [['opel, Audi, Opel']]],
  [
    'SELECT UPPER(Make) AS M, COUNT(*) AS N FROM Cars WHERE Make IS NOT NULL GROUP BY UPPER(Make) ORDER BY N DESC, M',
    [
      ['OPEL', 2],
      ['AUDI', 1],
    ],
  ],
  ['SELECT DISTINCT Make FROM Cars ORDER BY Make', [[null], ['Audi'], ['Opel']]],
  [
    'SELECT Id, ROW_NUMBER() OVER (PARTITION BY OwnerId ORDER BY Price DESC) AS n FROM Cars ORDER BY Id',
    [
      [1, 2n],
      [2, 1n],
      [3, 1n],
      [4, 1n],
    ],
  ],
  [
    'SELECT Id, COUNT(*) OVER (PARTITION BY OwnerId) FROM Cars ORDER BY Id',
    [
      [1, 2],
      [2, 2],
      [3, 1],
      [4, 1],
    ],
  ],
  ['SELECT TOP (2) Id FROM Cars ORDER BY Price DESC', [[3], [2]]],
  ['SELECT TOP 50 PERCENT Id FROM Cars ORDER BY Id', [[1], [2]]],
  ['SELECT Id FROM Cars ORDER BY Id OFFSET 1 ROWS FETCH NEXT 2 ROWS ONLY', [[2], [3]]],
  ['SELECT Price * 2 AS Twice FROM Cars WHERE Id < 3 ORDER BY Twice DESC', [['40.00'], ['20.00']]],
  ['SELECT 1 AS a UNION SELECT 1 UNION ALL SELECT 2 ORDER BY a DESC', [[2], [1]]],
  ['SELECT Id FROM Cars EXCEPT SELECT Id FROM Owners', [[4]]],
  ['SELECT Id FROM Cars INTERSECT SELECT Id FROM Owners', [[1], [2], [3]]],
  ["SELECT NULL AS a UNION ALL SELECT N'x'", [[null], ['x']]],
  ['SELECT Id FROM Cars WITH (NOLOCK) WHERE Id = 1 OPTION (RECOMPILE, MAXDOP 1)', [[1]]],
  ['SELECT x = Id FROM Cars (NOLOCK) WHERE Id = 1', [[1]]],
  [
    'SELECT c.*, o.Name FROM Owners o JOIN Cars c ON c.OwnerId = o.Id WHERE c.Id = 3',
    [[3, 'opel', '30.50', 2, 'Bob']],
  ],
])('%s', async (sql, expected) => {
  expect(await db.rows(sql)).toEqual(expected);
});

test.each<[string, number]>([
  ['SELECT Id FROM Nope', 208],
  ['SELECT Id FROM nowhere.dbo.Cars', 911],
  ['SELECT Nope FROM Cars', 207],
  ['SELECT x.Id FROM Cars c', 4104],
  ['SELECT Id FROM Cars JOIN Owners ON Cars.OwnerId = Owners.Id', 209],
  ['SELECT * FROM Cars JOIN Cars ON 1 = 1', 1013],
  ['SELECT Make, COUNT(*) FROM Cars', 8120],
  ['SELECT 1 WHERE COUNT(*) > 1', 147],
  ['SELECT (SELECT Id, Make FROM Cars)', 116],
  ['SELECT (SELECT Id FROM Cars)', 512],
  ['SELECT 1, 2 UNION SELECT 1', 205],
  ['SELECT Id FROM Cars ORDER BY 2', 108],
  ['SELECT DISTINCT Make FROM Cars ORDER BY Id', 145],
  ['SELECT 1 AS a UNION SELECT 2 ORDER BY b', 104],
  ['SELECT * FROM (SELECT Id FROM Cars ORDER BY Id) x', 1033],
  ['SELECT * FROM (SELECT 1) x', 8155],
  ['SELECT * FROM (SELECT 1 AS a, 2 AS a) x', 8156],
  ['DECLARE @a int; SELECT @a = 1, Id FROM Cars', 141],
  ['SELECT Id FROM Cars WHERE Id', 4145],
  ["SELECT CAST('x' AS int)", 245],
  ['SELECT TOP (-1) Id FROM Cars', 127],
  ["SELECT 'open", 105],
  ['IF 1 = 0 SELECT 1 AS []', 1038],
  ['SELECT 1 /* open', 113],
  ['SELECT 1 +', 102],
  ['SELECT (1', 102],
])('%s fails with %i', async (sql, number) => {
  expect(await db.errors(sql)).toEqual([number]);
});

test('the types of a result are known before its first row', async () => {
  const { types, columns } = await db.run(
    'SELECT Id, Price * 2 AS p, CASE WHEN 1 = 0 THEN NULL ELSE Make END AS m, COUNT(*) OVER (PARTITION BY Id) AS c FROM Cars WHERE 1 = 0',
  );
  expect(columns).toEqual([['Id', 'p', 'm', 'c']]);
  expect(types[0]?.map(({ name }) => name)).toEqual(['int', 'decimal', 'nvarchar', 'int']);
  expect(types[0]?.[2]).toEqual({ name: 'nvarchar', length: 20 });
});

test('a seek by the key compares in the type of the higher precedence', async () => {
  expect(await db.rows('SELECT Id FROM Cars WHERE Id = @id', { id: 3n })).toEqual([[3]]);
  expect(await db.rows('SELECT Id FROM Cars WHERE Id = @id', { id: '2' })).toEqual([[2]]);
  expect(await db.rows('SELECT Id FROM Cars WHERE Id = 2.5')).toEqual([]);
  expect(await db.rows('SELECT Id FROM Cars WHERE Id = NULL')).toEqual([]);
  expect(await db.rows("SELECT Id FROM Cars WHERE 1 = Id AND Make = N'opel'")).toEqual([[1]]);
});

test('the same text with other types of parameters, or after a change of the table, is compiled anew', async () => {
  const text = 'SELECT * FROM Owners WHERE Id = @p';
  expect(await db.rows(text, { p: 1 })).toEqual([[1, 'Ann']]);
  expect(await db.rows(text, { p: '2' })).toEqual([[2, 'Bob']]);
  await db.rows("ALTER TABLE Owners ADD City nvarchar(10) NOT NULL DEFAULT N'Rome'");
  expect(await db.rows(text, { p: 1 })).toEqual([[1, 'Ann', 'Rome']]);
});

test('a page out of many rows reads no more rows than it needs', async () => {
  const stream = db.session.batch(
    'SELECT TOP (3) a.Id FROM Cars a CROSS JOIN Cars b',
    [],
    new AbortController().signal,
  );
  let rows = 0;
  for await (const reply of stream) if (reply.kind === 'row') rows++;
  expect(rows).toBe(3);
});

test('IN reads a subquery once that uses nothing of the block around it', async () => {
  const rows = Array.from({ length: 64 }, (_, i) => `(${String(i)})`).join(', ');
  const coin = 'SELECT ABS(CHECKSUM(NEWID())) % 2';
  const count = `SELECT COUNT(*) FROM (VALUES ${rows}) AS t(n)`;
  expect([0, 64]).toContain(await db.value(`${count} WHERE 1 IN (${coin})`));
  expect(await db.value(`${count} WHERE n IN (SELECT t.n WHERE t.n < 10)`)).toBe(10);
});

test('SET ROWCOUNT ends queries, and writes are refused under it', async () => {
  const limited = new TestServer().connect();
  await limited.rows('CREATE TABLE Numbers (n int); INSERT Numbers VALUES (1), (2), (3)');
  const { results, counts } = await limited.run('SET ROWCOUNT 2; SELECT n FROM Numbers');
  expect([results, counts]).toEqual([[[[1], [2]]], [2]]);
  expect(await limited.errors('DELETE Numbers')).toEqual([50_000]);
  expect(await limited.rows('SET ROWCOUNT 0; SELECT n FROM Numbers')).toHaveLength(3);
});

test('who one is has functions without parentheses', async () => {
  const session = new TestServer().connect();
  expect(await session.rows('SELECT SYSTEM_USER, SESSION_USER, USER, CURRENT_USER')).toEqual([
    ['sa', 'dbo', 'dbo', 'dbo'],
  ]);
});
