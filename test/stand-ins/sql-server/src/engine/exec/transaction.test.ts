import { beforeEach, expect, test } from 'vitest';
import { TestServer, type TestSession } from '../test-server.ts';

let server: TestServer;
let a: TestSession;
let b: TestSession;

beforeEach(async () => {
  server = new TestServer();
  a = server.connect();
  b = server.connect();
  await a.rows('CREATE TABLE T (Id int PRIMARY KEY, V int); INSERT T VALUES (1, 1), (2, 2)');
});

test('others see what is committed, the writer its own rows', async () => {
  await a.rows('BEGIN TRAN; UPDATE T SET V = 10 WHERE Id = 1; INSERT T VALUES (3, 3); DELETE T WHERE Id = 2');
  expect(await a.rows('SELECT Id, V FROM T ORDER BY Id')).toEqual([
    [1, 10],
    [3, 3],
  ]);
  expect(await b.rows('SELECT Id, V FROM T ORDER BY Id')).toEqual([
    [1, 1],
    [2, 2],
  ]);
  expect(await b.rows('SELECT V FROM T WHERE Id = 1')).toEqual([[1]]);
  expect(await b.rows('SELECT V FROM T WHERE Id = 3')).toEqual([]);
  await a.rows('COMMIT');
  expect(await b.rows('SELECT Id, V FROM T ORDER BY Id')).toEqual([
    [1, 10],
    [3, 3],
  ]);
});

test('a rollback undoes everything, keys included', async () => {
  await a.rows(
    'BEGIN TRAN; UPDATE T SET Id = 7 WHERE Id = 1; DELETE T WHERE Id = 2; INSERT T VALUES (2, 9); ROLLBACK',
  );
  expect(await a.rows('SELECT Id, V FROM T ORDER BY Id')).toEqual([
    [1, 1],
    [2, 2],
  ]);
  expect(await a.rows('SELECT V FROM T WHERE Id = 7')).toEqual([]);
  expect(await a.errors('INSERT T VALUES (7, 7), (1, 1)')).toEqual([2627]);
  expect(await a.errors('INSERT T VALUES (7, 7)')).toEqual([]);
});

test('a savepoint undoes what came after it', async () => {
  await a.rows(
    'BEGIN TRAN; INSERT T VALUES (3, 3); SAVE TRAN s; INSERT T VALUES (4, 4); ROLLBACK TRAN s; COMMIT',
  );
  expect(await b.rows('SELECT Id FROM T ORDER BY Id')).toEqual([[1], [2], [3]]);
});

test('nested BEGIN TRAN only count, and the outermost COMMIT commits', async () => {
  expect(
    await a.rows(
      'BEGIN TRAN; BEGIN TRAN; SELECT @@TRANCOUNT; INSERT T VALUES (3, 3); COMMIT; SELECT @@TRANCOUNT',
    ),
  ).toEqual([[1]]);
  expect(await b.value('SELECT COUNT(*) FROM T')).toBe(2);
  await a.rows('COMMIT');
  expect(await b.value('SELECT COUNT(*) FROM T')).toBe(3);
});

test('COMMIT and ROLLBACK without a transaction fail', async () => {
  expect(await a.errors('COMMIT')).toEqual([3902]);
  expect(await a.errors('ROLLBACK')).toEqual([3903]);
  expect(await a.errors('BEGIN TRAN; ROLLBACK TRAN nowhere')).toEqual([6401]);
});

test('XACT_ABORT rolls back on any error', async () => {
  expect(
    await a.errors('SET XACT_ABORT ON; BEGIN TRAN; INSERT T VALUES (3, 3); INSERT T VALUES (1, 1); COMMIT'),
  ).toEqual([2627]);
  expect(await a.rows('SELECT @@TRANCOUNT, (SELECT COUNT(*) FROM T)')).toEqual([[0, 2]]);
});

test('a caught error dooms the transaction when XACT_ABORT is on', async () => {
  const sql = `SET XACT_ABORT ON; BEGIN TRAN
    BEGIN TRY INSERT T VALUES (1, 1) END TRY
    BEGIN CATCH SELECT XACT_STATE(); ROLLBACK END CATCH
    SELECT XACT_STATE()`;
  expect((await a.run(sql)).results).toEqual([[[-1]], [[0]]]);
});

test('the second writer waits until the first has ended', async () => {
  await a.rows('BEGIN TRAN; UPDATE T SET V = V + 1 WHERE Id = 1');
  let done = false;
  const waiting = b
    .rows('UPDATE T SET V = V * 10 WHERE Id = 1; SELECT V FROM T WHERE Id = 1')
    .then((rows) => {
      done = true;
      return rows;
    });
  await new Promise((resolve) => setImmediate(resolve));
  expect(done).toBe(false);
  await a.rows('COMMIT');
  expect(await waiting).toEqual([[20]]);
});

test('LOCK_TIMEOUT ends the wait with 1222', async () => {
  await a.rows('BEGIN TRAN; UPDATE T SET V = 5');
  expect(await b.errors('SET LOCK_TIMEOUT 0; UPDATE T SET V = 6')).toEqual([1222]);
  const waiting = b.errors('SET LOCK_TIMEOUT 500; UPDATE T SET V = 6');
  await new Promise((resolve) => setImmediate(resolve));
  server.time.advance(500);
  expect(await waiting).toEqual([1222]);
  expect(server.time.pending).toBe(0);
});

test('two sessions that wait for each other: one is the victim, 1205', async () => {
  await a.rows('CREATE DATABASE other');
  await a.rows('USE other; CREATE TABLE U (Id int); USE shop');
  await a.rows('BEGIN TRAN; UPDATE T SET V = 5');
  await b.rows('BEGIN TRAN; INSERT other.dbo.U VALUES (1)');
  const waiting = b.rows('UPDATE shop.dbo.T SET V = 6');
  await new Promise((resolve) => setImmediate(resolve));
  expect(await a.errors('INSERT other.dbo.U VALUES (2)')).toEqual([1205]);
  expect(await waiting).toEqual([]);
  expect(await a.value('SELECT @@TRANCOUNT')).toBe(0);
});

test('a connection that goes away gives its lock back', async () => {
  await a.rows('BEGIN TRAN; UPDATE T SET V = 5');
  const waiting = b.rows('UPDATE T SET V = V + 1; SELECT SUM(V) FROM T');
  a.session.close();
  expect(await waiting).toEqual([[5]]);
});

test('the requests of the protocol do what the statements do', async () => {
  const replies = [];
  for await (const reply of a.session.begin('read committed', '')) replies.push(reply);
  expect(replies[0]).toMatchObject({ kind: 'transaction', event: 'begin', id: a.session.transactionId });
  await a.rows('DELETE T');
  for await (const _ of a.session.save('s')) expect(a.session.transactionId).not.toBe(0n);
  for await (const reply of a.session.rollback('')) replies.push(reply);
  expect(a.session.transactionId).toBe(0n);
  expect(await b.value('SELECT COUNT(*) FROM T')).toBe(2);
});

test('tables that are created in a transaction vanish with it', async () => {
  await a.rows('BEGIN TRAN; CREATE TABLE N (Id int); ALTER TABLE T ADD W int NULL; ROLLBACK');
  expect(await a.errors('SELECT * FROM N')).toEqual([208]);
  expect(await a.errors('SELECT W FROM T')).toEqual([207]);
  expect(await a.rows('SELECT * FROM T ORDER BY Id')).toEqual([
    [1, 1],
    [2, 2],
  ]);
});

test('a reader that is slow sees the table as it was when it began', async () => {
  const slow = a.session.batch('SELECT Id FROM T', [], new AbortController().signal)[Symbol.asyncIterator]();
  await slow.next();
  await slow.next();
  await b.rows('DELETE T; INSERT T VALUES (9, 9)');
  expect((await slow.next()).value).toEqual({ kind: 'row', values: [2] });
  expect((await slow.next()).value).toEqual({ kind: 'done', command: 'select', count: 2 });
});

test('who gives up waiting for a lock does not get it', async () => {
  await a.rows('BEGIN TRAN; UPDATE T SET V = 5');
  const stop = new AbortController();
  const waiting = b.run('UPDATE T SET V = 6', {}, stop.signal);
  await new Promise((resolve) => setImmediate(resolve));
  stop.abort(new Error('attention'));
  await expect(waiting).rejects.toThrow('attention');
  await a.rows('COMMIT');
  expect(await server.connect().rows('SET LOCK_TIMEOUT 0; UPDATE T SET V = 7; SELECT V FROM T')).toEqual([
    [7],
    [7],
  ]);
});

test('a TRY that was given up does not catch the errors of later batches', async () => {
  const stop = new AbortController();
  const waiting = a.run("BEGIN TRY WAITFOR DELAY '00:10' END TRY BEGIN CATCH END CATCH", {}, stop.signal);
  await new Promise((resolve) => setImmediate(resolve));
  stop.abort(new Error('attention'));
  await expect(waiting).rejects.toThrow('attention');
  expect(await a.errors('SELECT 1 / 0')).toEqual([8134]);
});

test('a wrong text in EXEC can be caught', async () => {
  expect(
    await a.value("BEGIN TRY EXEC (N'SELECT FROM') END TRY BEGIN CATCH SELECT ERROR_NUMBER() END CATCH"),
  ).toBe(156);
});

test('what ends the inner batch ends the outer one', async () => {
  const { messages, results } = await a.run("EXEC (N'SELECT * FROM Nope'); SELECT 1");
  expect(messages).toMatchObject([{ number: 208 }]);
  expect(results).toEqual([]);
});
