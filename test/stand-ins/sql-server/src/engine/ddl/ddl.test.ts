import { beforeEach, expect, test } from 'vitest';
import { TestServer, type TestSession } from '../test-server.ts';

let server: TestServer;
let db: TestSession;

beforeEach(() => {
  server = new TestServer();
  db = server.connect();
});

test('a login needs the password and a database that exists', () => {
  const login = (user: string, password: string, database: string) =>
    server.engine.login({ user, password, database, appName: '', hostName: '' });
  expect(login('sa', 'secret', '')).toMatchObject({ ok: true, session: { database: 'master' } });
  expect(login('sa', 'wrong', '')).toMatchObject({
    ok: false,
    error: { number: 18456, severity: 14, message: "Login failed for user 'sa'." },
  });
  expect(login('sa', 'secret', 'nope')).toMatchObject({ ok: false, error: { number: 4060 } });
});

test('databases come and go', async () => {
  await db.rows('CREATE DATABASE more');
  expect(await db.value("SELECT DB_ID(N'more')")).toBe(6);
  expect(await db.errors('CREATE DATABASE More')).toEqual([1801]);
  await db.rows('DROP DATABASE more');
  expect(await db.errors('DROP DATABASE more')).toEqual([3701]);
  expect(await db.errors('DROP DATABASE IF EXISTS more')).toEqual([]);
  expect(await db.errors('DROP DATABASE shop')).toEqual([3702]);
});

test('schemas hold tables, and are dropped when empty', async () => {
  await db.rows('CREATE SCHEMA sales');
  await db.rows('CREATE TABLE sales.[Order Lines] (Id int)');
  expect(await db.errors('CREATE TABLE nowhere.T (Id int)')).toEqual([2760]);
  expect(await db.errors('DROP SCHEMA sales')).toEqual([3729]);
  await db.rows('DROP TABLE sales.[Order Lines]; DROP SCHEMA sales');
  expect(await db.errors('SELECT * FROM sales.[Order Lines]')).toEqual([208]);
});

test('definitions that contradict themselves are refused', async () => {
  expect(await db.errors('CREATE TABLE T (a int, A int)')).toEqual([2705]);
  expect(await db.errors('CREATE TABLE T (a int NULL PRIMARY KEY)')).toEqual([8111]);
  expect(await db.errors('CREATE TABLE T (a int, PRIMARY KEY (b))')).toEqual([1911]);
  expect(await db.errors('CREATE TABLE T (a int PRIMARY KEY, b int REFERENCES Nope (x))')).toEqual([1767]);
  expect(await db.errors('CREATE TABLE T (a nosuchtype)')).toEqual([2715]);
  expect(await db.rows('SELECT name FROM sys.tables')).toEqual([]);
});

test('ALTER TABLE adds, changes and drops columns', async () => {
  await db.rows('CREATE TABLE T (Id int PRIMARY KEY, A int); INSERT T VALUES (1, 5), (2, 6)');
  expect(await db.errors('ALTER TABLE T ADD B int NOT NULL')).toEqual([4901]);
  await db.rows("ALTER TABLE T ADD B int NOT NULL CONSTRAINT DF_B DEFAULT 7, C nvarchar(5) DEFAULT N'x'");
  await db.rows('ALTER TABLE T ALTER COLUMN A bigint NOT NULL');
  expect(await db.rows('SELECT * FROM T')).toEqual([
    [1, 5n, 7, null],
    [2, 6n, 7, null],
  ]);
  expect(await db.errors('ALTER TABLE T DROP COLUMN B')).toEqual([5074]);
  await db.rows('ALTER TABLE T DROP CONSTRAINT DF_B; ALTER TABLE T DROP COLUMN B');
  expect(await db.rows('SELECT * FROM T WHERE Id = 2')).toEqual([[2, 6n, null]]);
  expect(await db.errors('ALTER TABLE T DROP COLUMN Nope')).toEqual([4924]);
});

test('constraints can be added later, if the rows allow it', async () => {
  await db.rows('CREATE TABLE T (Id int NOT NULL, V int); INSERT T VALUES (1, 1), (1, 2)');
  expect(await db.errors('ALTER TABLE T ADD CONSTRAINT PK_T PRIMARY KEY (Id)')).toEqual([1505]);
  expect(await db.errors('ALTER TABLE T ADD CONSTRAINT CK CHECK (V > 1)')).toEqual([547]);
  await db.rows('DELETE T WHERE V = 1; ALTER TABLE T ADD CONSTRAINT PK_T PRIMARY KEY CLUSTERED (Id ASC)');
  expect(await db.errors('INSERT T VALUES (1, 9)')).toEqual([2627]);
});

test('TRUNCATE empties a table and begins identity anew', async () => {
  await db.rows('CREATE TABLE T (Id int IDENTITY PRIMARY KEY, V int); INSERT T (V) VALUES (1), (2)');
  await db.rows('TRUNCATE TABLE T; INSERT T (V) VALUES (3)');
  expect(await db.rows('SELECT * FROM T')).toEqual([[1, 3]]);
  await db.rows('BEGIN TRAN; TRUNCATE TABLE T; ROLLBACK');
  expect(await db.rows('SELECT * FROM T WHERE Id = 1')).toEqual([[1, 3]]);
});

test('a table that others refer to stays', async () => {
  await db.rows('CREATE TABLE P (Id int PRIMARY KEY); CREATE TABLE C (Id int REFERENCES P)');
  expect(await db.errors('DROP TABLE P')).toEqual([3726]);
  expect(await db.errors('TRUNCATE TABLE P')).toEqual([4712]);
  await db.rows('DROP TABLE C; DROP TABLE P');
});

test('temporary tables belong to their session', async () => {
  await db.rows('CREATE TABLE #t (Id int PRIMARY KEY); INSERT #t VALUES (1)');
  expect(await db.rows('SELECT * FROM #t')).toEqual([[1]]);
  expect(await server.connect().errors('SELECT * FROM #t')).toEqual([208]);
  db.session.reset();
  expect(await db.errors('SELECT * FROM #t')).toEqual([208]);
});

test('the catalogue knows tables, columns, keys and foreign keys', async () => {
  await db.rows(
    'CREATE TABLE P (Id int IDENTITY NOT NULL CONSTRAINT PK_P PRIMARY KEY, Name nvarchar(50) NULL, Price decimal(9,3), At datetime2(3), Big varbinary(max)); CREATE TABLE C (PId int CONSTRAINT FK_C REFERENCES P (Id))',
  );
  expect(
    await db.rows(
      "SELECT c.name, t.name, c.max_length, c.precision, c.scale, c.is_nullable, c.is_identity FROM sys.columns c JOIN sys.types t ON t.user_type_id = c.user_type_id WHERE c.object_id = OBJECT_ID('dbo.P') ORDER BY c.column_id",
    ),
  ).toEqual([
    ['Id', 'int', 4, 10, 0, false, true],
    ['Name', 'nvarchar', 100, 0, 0, true, false],
    ['Price', 'decimal', 5, 9, 3, true, false],
    ['At', 'datetime2', 7, 23, 3, true, false],
    ['Big', 'varbinary', -1, 0, 0, true, false],
  ]);
  expect(
    await db.rows(`SELECT kc.name, c.name FROM sys.key_constraints kc
      JOIN sys.index_columns ic ON ic.object_id = kc.parent_object_id AND ic.index_id = kc.unique_index_id
      JOIN sys.columns c ON c.object_id = ic.object_id AND c.column_id = ic.column_id WHERE kc.type = 'PK'`),
  ).toEqual([['PK_P', 'Id']]);
  expect(await db.rows('SELECT name, OBJECT_NAME(referenced_object_id) FROM sys.foreign_keys')).toEqual([
    ['FK_C', 'P'],
  ]);
  expect(
    await db.rows(
      "SELECT COLUMN_NAME, DATA_TYPE, CHARACTER_MAXIMUM_LENGTH FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = 'P' AND ORDINAL_POSITION = 2",
    ),
  ).toEqual([['Name', 'nvarchar', 50]]);
  expect(await db.value("SELECT COUNT(*) FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = 'dbo'")).toBe(2);
});

test('functions about the server and the session', async () => {
  expect(
    await db.rows(
      "SELECT DB_NAME(), SCHEMA_NAME(), ORIGINAL_LOGIN(), APP_NAME(), @@TRANCOUNT, SERVERPROPERTY('EngineEdition')",
    ),
  ).toEqual([['shop', 'dbo', 'sa', 'test', 0, 3]]);
  expect(
    await db.rows(
      "SELECT IS_SRVROLEMEMBER('sysadmin'), HAS_PERMS_BY_NAME(N'dbo.T', 'OBJECT', 'SELECT'), CURRENT_TIMEZONE_ID()",
    ),
  ).toEqual([[1, 1, 'UTC']]);
  expect(await db.value('SELECT CURRENT_TIMESTAMP')).toBe('2026-11-20 09:15:30.000');
});

test('a read-only database refuses writes, one that is offline everything', async () => {
  await db.rows('CREATE TABLE T (Id int)');
  server.engine.setReadOnly('shop', true);
  expect(await db.errors('INSERT T VALUES (1)')).toEqual([3906]);
  server.engine.setReadOnly('shop', false);
  server.engine.setOffline('shop', true);
  expect(await db.errors('SELECT * FROM T')).toEqual([942]);
  expect(await db.errors('INSERT T VALUES (1)')).toEqual([942]);
  expect(
    server.engine.login({ user: 'sa', password: 'secret', database: 'shop', appName: '', hostName: '' }),
  ).toMatchObject({ ok: false, error: { number: 4060 } });
});

test('taking a database offline ends what runs in it', async () => {
  await db.rows('CREATE TABLE T (Id int); INSERT T VALUES (1), (2)');
  await db.rows('BEGIN TRANSACTION; INSERT T VALUES (3)');
  const { session } = server.connect();
  const replies = session.batch('SELECT Id FROM T', [], new AbortController().signal)[Symbol.asyncIterator]();
  expect((await replies.next()).value).toMatchObject({ kind: 'columns' });
  expect((await replies.next()).value).toMatchObject({ kind: 'row' });
  server.engine.setOffline('shop', true);
  expect((await replies.next()).value).toMatchObject({ kind: 'message', message: { number: 942 } });
  expect(await db.errors('COMMIT')).toEqual([942]);
  server.engine.setOffline('shop', false);
  expect(await db.rows('SELECT @@TRANCOUNT, COUNT(*) FROM T')).toEqual([[0, 2]]);
});

test('counters count and observers hear', async () => {
  await db.rows('CREATE TABLE T (Id int); INSERT T VALUES (1)');
  expect(server.engine.counters()).toMatchObject({ batches: 1, statements: 2, commits: 2 });
  expect(server.observed).toEqual(['CREATE TABLE T (Id int); INSERT T VALUES (1)']);
});
