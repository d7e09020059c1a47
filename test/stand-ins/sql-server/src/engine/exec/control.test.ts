import { beforeEach, expect, test } from 'vitest';
import { TestServer, type TestSession } from '../test-server.ts';

let db: TestSession;

beforeEach(() => {
  db = new TestServer().connect();
});

test('variables are declared, set and used', async () => {
  expect(
    await db.rows("DECLARE @a int = 2, @b nvarchar(10); SET @b = N'x'; SET @a += 3; SELECT @a AS a, @b AS b"),
  ).toEqual([[5, 'x']]);
  expect(await db.errors('SELECT @nope')).toEqual([137]);
  expect(await db.errors('DECLARE @a int, @A int')).toEqual([134]);
});

test('SELECT assigns variables from the last row', async () => {
  expect(
    await db.value('DECLARE @n int = 0; SELECT @n = @n + v FROM (VALUES (1), (2), (3)) AS t(v); SELECT @n'),
  ).toBe(6);
});

test('IF, WHILE, BREAK and CONTINUE', async () => {
  const sql = `DECLARE @i int = 0, @s varchar(100) = ''
    WHILE 1 = 1 BEGIN
      SET @i += 1
      IF @i = 2 CONTINUE
      IF @i > 4 BREAK
      ELSE SET @s = @s + CAST(@i AS varchar(10))
    END
    SELECT @s`;
  expect(await db.value(sql)).toBe('134');
});

test('RETURN ends the batch', async () => {
  expect((await db.run('SELECT 1; RETURN; SELECT 2')).results).toEqual([[[1]]]);
});

test('PRINT and low RAISERROR are messages, not errors', async () => {
  const { messages } = await db.run("PRINT N'hello'; RAISERROR('to %s, %d', 10, 1, N'you', 5)");
  expect(messages).toMatchObject([
    { number: 0, severity: 0, message: 'hello' },
    { number: 50000, severity: 10, message: 'to you, 5' },
  ]);
});

test('the batch goes on after RAISERROR and ends at THROW', async () => {
  const { messages, results } = await db.run(
    "RAISERROR('a', 16, 2); SELECT 1; THROW 50001, 'b', 3; SELECT 2",
  );
  expect(messages).toMatchObject([
    { number: 50000, state: 2, message: 'a' },
    { number: 50001, state: 3, message: 'b' },
  ]);
  expect(results).toEqual([[[1]]]);
});

test('CATCH sees the error and THROW hands it on', async () => {
  const { messages, results } = await db.run(`BEGIN TRY
    SELECT 1 / 0
  END TRY
  BEGIN CATCH
    SELECT ERROR_NUMBER(), ERROR_MESSAGE(), ERROR_LINE(), ERROR_SEVERITY();
    THROW
  END CATCH
  SELECT 2`);
  expect(results.at(-1)).toEqual([[8134, 'Divide by zero error encountered.', 2, 16]]);
  expect(messages).toMatchObject([{ number: 8134 }]);
});

test('an inner CATCH is left before an outer one is entered', async () => {
  const sql = `BEGIN TRY
    BEGIN TRY RAISERROR('one', 16, 1) END TRY
    BEGIN CATCH RAISERROR('two', 16, 1) END CATCH
  END TRY
  BEGIN CATCH SELECT ERROR_MESSAGE() END CATCH`;
  expect(await db.value(sql)).toBe('two');
});

test('errors say where they are', async () => {
  const { messages } = await db.run('SELECT 1\nSELECT * FROM Nope');
  expect(messages).toMatchObject([{ number: 208, line: 2, message: "Invalid object name 'Nope'." }]);
  const syntax = await db.run('SELECT 1\nSELECT FROM');
  expect(syntax.messages).toMatchObject([
    { number: 156, line: 2, message: "Incorrect syntax near the keyword 'FROM'." },
  ]);
  expect(syntax.results).toEqual([]);
});

test('what is not supported fails loudly', async () => {
  expect(await db.errors('DECLARE c CURSOR FOR SELECT 1')).toEqual([102]);
  expect(await db.errors('SELECT 1 FOR JSON PATH')).toEqual([156]);
  expect(await db.errors('SET FIPS_FLAGGER ON')).toEqual([195]);
  expect(await db.errors('EXEC sp_who2')).toEqual([2812]);
  expect(await db.errors('SELECT no_such_function(1)')).toEqual([195]);
  expect(await db.errors('SELECT dbo.no_such_function(1)')).toEqual([4121]);
});

test('a statement that fails does not end the batch, unless XACT_ABORT is on', async () => {
  expect((await db.run('SELECT 1 / 0; SELECT 2')).results.at(-1)).toEqual([[2]]);
  expect((await db.run('SET XACT_ABORT ON; SELECT 1 / 0; SELECT 3')).results.at(-1)).toEqual([]);
});

test('sp_executesql takes parameters and gives outputs back', async () => {
  const sql = `DECLARE @total int
    EXEC sp_executesql N'SELECT @out = @a + @b', N'@a int, @b int, @out int OUTPUT', 1, @b = 2, @out = @total OUTPUT
    SELECT @total`;
  expect(await db.value(sql)).toBe(3);
});

test('EXEC runs a text', async () => {
  expect(await db.value("DECLARE @t nvarchar(20) = N'SELECT ' ; EXEC (@t + N'42')")).toBe(42);
});

test('output parameters of a batch come back with their values', async () => {
  const answers = [];
  for await (const reply of db.session.batch(
    'SET @x = @x + 1',
    [{ name: '@x', type: { name: 'int' }, value: 1, output: true }],
    new AbortController().signal,
  ))
    answers.push(reply);
  expect(answers).toEqual([{ kind: 'output', name: '@x', type: { name: 'int' }, value: 2 }]);
});

test('USE changes the database of the session', async () => {
  const answer = await db.run('USE master; SELECT DB_NAME()');
  expect(answer.replies[0]).toEqual({ kind: 'database', name: 'master' });
  expect(answer.results).toEqual([[['master']]]);
  expect(db.session.database).toBe('master');
  expect(await db.errors('USE nowhere')).toEqual([911]);
});

test('WAITFOR waits for the clock', async () => {
  const server = new TestServer();
  const session = server.connect();
  const answer = session.rows("WAITFOR DELAY '00:00:02'; SELECT 1");
  await Promise.resolve();
  expect(server.time.pending).toBe(1);
  server.time.advance(2000);
  expect(await answer).toEqual([[1]]);
});

test('an abort ends a waiting batch and leaves no timer', async () => {
  const server = new TestServer();
  const session = server.connect();
  const stop = new AbortController();
  const answer = session.run("WAITFOR DELAY '01:00'", {}, stop.signal);
  await Promise.resolve();
  stop.abort(new Error('stopped'));
  await expect(answer).rejects.toThrow('stopped');
  expect(server.time.pending).toBe(0);
});
