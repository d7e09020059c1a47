import { beforeEach, expect, test } from 'vitest';
import { TestServer, type TestSession } from '../test-server.ts';

let db: TestSession;

beforeEach(async () => {
  db = new TestServer().connect();
  await db.rows(
    'CREATE TABLE T (Id int PRIMARY KEY, Name nvarchar(40), Price decimal(9, 2), At datetime2(3))',
  );
});

async function described(sql: string): Promise<unknown[][]> {
  const rows = await db.rows('EXEC sp_describe_undeclared_parameters @sql', { sql });
  return rows.map(([ordinal, name, , type]) => [ordinal, name, type]);
}

test.each([
  ['INSERT T (Name, Id) VALUES (@a, @b)', ['nvarchar(40)', 'int']],
  ['INSERT INTO dbo.T VALUES (@a, @b, @c, @d)', ['int', 'nvarchar(40)', 'decimal(9,2)', 'datetime2(3)']],
  ['SELECT * FROM T WHERE Name LIKE @a AND @b < t.Price', ['nvarchar(40)', 'decimal(9,2)']],
  ['UPDATE T SET At = @a WHERE Id IN (@b, @c)', ['datetime2(3)', 'int', 'int']],
  ['DELETE T WHERE Id + @a > 3', ['int']],
  ['SELECT 1', []],
])('%s', async (sql, types) => {
  expect(await described(sql)).toEqual(types.map((type, i) => [i + 1, `@${'abcd'.charAt(i)}`, type]));
});

test('what is declared is not described', async () => {
  expect(
    await db.rows("EXEC sp_describe_undeclared_parameters N'SELECT * FROM T WHERE Id = @a', N'@a int'"),
  ).toEqual([]);
});

test('a type that cannot be deduced is 11502, a parameter that stands twice 11508', async () => {
  const describe = (sql: string): string => `EXEC sp_describe_undeclared_parameters N'${sql}'`;
  expect(await db.errors(describe('SELECT @a'))).toEqual([11502]);
  expect(await db.errors(describe('SELECT * FROM T WHERE Id = @a OR Id = @a'))).toEqual([11508]);
  expect(await db.errors(describe('SELECT * FROM Nothing WHERE Id = @a'))).toEqual([208]);
});
