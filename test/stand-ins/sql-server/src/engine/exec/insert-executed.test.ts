import { beforeEach, expect, test } from 'vitest';
import { TestServer, type TestSession } from '../test-server.ts';

let db: TestSession;

beforeEach(async () => {
  db = new TestServer().connect();
  await db.rows('CREATE TABLE T (n int, s nvarchar(10) NULL)');
});

const inserted = (): Promise<unknown[][]> => db.rows('SELECT n, s FROM T ORDER BY n');

test('every result of a text is inserted, and the count is of all', async () => {
  const { counts, results } = await db.run(
    "INSERT INTO T EXEC ('SELECT 1, ''a''; SELECT 2, NULL UNION ALL SELECT 3, ''c''')",
  );
  expect([counts, results]).toEqual([[3], []]);
  expect(await inserted()).toEqual([
    [1, 'a'],
    [2, null],
    [3, 'c'],
  ]);
});

test('into named columns, from sp_executesql with parameters', async () => {
  await db.rows("INSERT T (n) EXECUTE sp_executesql N'SELECT @a + 1', N'@a int', 41");
  expect(await inserted()).toEqual([[42, null]]);
});

test('a result that does not fit inserts nothing', async () => {
  expect(await db.errors("INSERT T EXEC ('SELECT 1, ''a''; SELECT 2')")).toEqual([213]);
  expect(await db.errors("INSERT T (n) EXEC ('SELECT 1, 2')")).toEqual([213]);
  expect(await db.errors("INSERT T OUTPUT inserted.n EXEC ('SELECT 1, ''a''')")).toEqual([483]);
  expect(await inserted()).toEqual([]);
});

test('messages of the text reach the client, an error that ends it ends the INSERT', async () => {
  const { messages } = await db.run("INSERT T EXEC ('PRINT ''seen''; SELECT 1, ''a''')");
  expect(messages.map(({ message }) => message)).toEqual(['seen']);
  expect(await db.errors("INSERT T EXEC ('SELECT 2, ''b''; SELECT nothing')")).toEqual([207]);
  expect(await inserted()).toEqual([[1, 'a']]);
});

test('the INSERT waits for a writer like any other', async () => {
  const server = new TestServer();
  const [a, b] = [server.connect(), server.connect()];
  await a.rows('CREATE TABLE T (n int); BEGIN TRAN; INSERT T VALUES (1)');
  const waiting = b.run("INSERT T EXEC ('SELECT 2')");
  await a.rows('COMMIT');
  expect((await waiting).counts).toEqual([1]);
});
