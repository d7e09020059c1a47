import { beforeEach, expect, test } from 'vitest';
import { captureTable } from '../test-captured-table.ts';
import { TestServer, type TestSession } from '../test-server.ts';

let server: TestServer;
let owner: TestSession;

beforeEach(async () => {
  ({ server, db: owner } = await captureTable());
  await owner.rows("INSERT T (Id, Name) VALUES (1, 'a')");
  await owner.rows("CREATE LOGIN reader WITH PASSWORD = 'r1'; CREATE USER reader FOR LOGIN reader");
});

const connect = (): TestSession => server.connect('shop', 'reader', 'r1');

const READ = `DECLARE @a binary(10) = sys.fn_cdc_get_min_lsn('dbo_T'), @b binary(10) = sys.fn_cdc_get_max_lsn();
  SELECT Id FROM cdc.fn_cdc_get_all_changes_dbo_T(@a, @b, N'all')`;
const ZERO = `0x${'00'.repeat(10)}`;

test('a login needs its password, and a user in the database', async () => {
  expect(() => server.connect('shop', 'reader', 'wrong')).toThrow('18456');
  await owner.rows('CREATE DATABASE other');
  expect(() => server.connect('other', 'reader', 'r1')).toThrow('4060');
  expect(await connect().errors('USE other')).toEqual([916]);
  expect(await connect().errors('SELECT * FROM other.dbo.Nothing')).toEqual([208]);
  await owner.rows('ALTER LOGIN reader DISABLE');
  expect(() => connect()).toThrow('18456');
});

test('who was granted nothing reads nothing and changes nothing', async () => {
  const db = connect();
  expect(await db.errors('SELECT * FROM T')).toEqual([229]);
  expect(await db.errors('INSERT T (Id) VALUES (2)')).toEqual([229]);
  expect(await db.errors('UPDATE T SET Id = 2')).toEqual([229]);
  expect(await db.errors('DELETE T')).toEqual([229]);
  expect(await db.errors('CREATE TABLE U (Id int)')).toEqual([262]);
  expect(await db.errors('DROP TABLE T')).toEqual([1088]);
  expect(await db.errors('SELECT * FROM cdc.change_tables')).toEqual([229]);
  expect(await db.errors('SELECT * FROM cdc.dbo_T_CT')).toEqual([229]);
  expect(await db.errors("EXEC sys.sp_cdc_disable_table 'dbo', 'T', 'all'")).toEqual([22904]);
  expect(await db.errors('GRANT SELECT TO reader')).toEqual([15247]);
  expect(await db.errors('SELECT * FROM sys.dm_cdc_log_scan_sessions')).toEqual([262]);
  expect(await db.rows('SELECT name FROM sys.tables')).toEqual([]);
  expect(await db.value("SELECT OBJECT_ID('dbo.T')")).toBe(null);
});

test('without SELECT on the captured columns the low-water mark is ten zero bytes', async () => {
  const db = connect();
  expect(await db.value("SELECT sys.fn_cdc_get_min_lsn('dbo_T')")).toBe(ZERO);
  const low = await owner.value("SELECT sys.fn_cdc_get_min_lsn('dbo_T')");
  expect(await db.errors(READ)).toEqual([229]);
  await owner.rows('GRANT SELECT ON dbo.T (Id, Name, Notes, Old) TO reader');
  expect(await db.value("SELECT sys.fn_cdc_get_min_lsn('dbo_T')")).toBe(ZERO);
  await owner.rows('GRANT SELECT ON dbo.T (Twice) TO reader');
  expect(await db.value("SELECT sys.fn_cdc_get_min_lsn('dbo_T')")).toBe(low);
  expect(await db.rows(READ)).toEqual([[1]]);
  await owner.rows('DENY SELECT ON OBJECT::dbo.T (Old) TO reader');
  expect(await db.errors(READ)).toEqual([229]);
});

test('a gating role lets in its members only', async () => {
  await owner.rows(`EXEC sys.sp_cdc_disable_table 'dbo', 'T', 'all';
    EXEC sys.sp_cdc_enable_table 'dbo', 'T', @role_name = N'gate'; INSERT T (Id) VALUES (2)`);
  await owner.rows('GRANT SELECT ON SCHEMA::dbo TO reader');
  const db = connect();
  expect(await db.errors(READ)).toEqual([229]);
  await owner.rows('ALTER ROLE gate ADD MEMBER reader');
  expect(await db.rows(READ)).toEqual([[2]]);
  await owner.rows('ALTER ROLE gate DROP MEMBER reader');
  expect(await db.value("SELECT sys.fn_cdc_get_min_lsn('dbo_T')")).toBe(ZERO);
});

test('what is revoked or denied is gone with the next statement', async () => {
  const db = connect();
  await owner.rows('GRANT SELECT ON SCHEMA::cdc TO reader');
  expect(await db.value('SELECT COUNT(*) FROM cdc.change_tables')).toBe(1);
  await owner.rows('DENY SELECT ON OBJECT::cdc.change_tables TO reader');
  expect(await db.errors('SELECT COUNT(*) FROM cdc.change_tables')).toEqual([229]);
  expect(await db.value('SELECT COUNT(*) FROM cdc.captured_columns')).toBe(5);
  await owner.rows('REVOKE SELECT ON SCHEMA::cdc FROM reader');
  expect(await db.errors('SELECT COUNT(*) FROM cdc.captured_columns')).toEqual([229]);
});

test('roles hold what was granted to them, roles in roles too', async () => {
  await owner.rows('CREATE ROLE outer_role; CREATE ROLE inner_role; GRANT SELECT ON T TO outer_role');
  await owner.rows('ALTER ROLE outer_role ADD MEMBER inner_role; ALTER ROLE inner_role ADD MEMBER reader');
  const db = connect();
  expect(await db.value('SELECT COUNT(*) FROM T')).toBe(1);
  expect(await db.value("SELECT IS_MEMBER('outer_role')")).toBe(1);
  expect(await db.rows('SELECT name FROM sys.tables')).toEqual([['T']]);
  await owner.rows('DROP ROLE inner_role');
  expect(await db.errors('SELECT COUNT(*) FROM T')).toEqual([229]);
  expect(await db.value("SELECT IS_MEMBER('inner_role')")).toBe(null);
});

test('fixed roles and sysadmin do what they are for', async () => {
  const db = connect();
  await owner.rows('ALTER ROLE db_datareader ADD MEMBER reader');
  expect(await db.value('SELECT COUNT(*) FROM T')).toBe(1);
  expect(await db.errors('DELETE T')).toEqual([229]);
  await owner.rows('ALTER ROLE db_owner ADD MEMBER reader');
  await db.rows('CREATE TABLE U (Id int)');
  await owner.rows('GRANT VIEW SERVER STATE TO reader; ALTER ROLE db_owner DROP MEMBER reader');
  expect(await db.value('SELECT COUNT(*) FROM sys.dm_cdc_log_scan_sessions')).toBe(1);
  await owner.rows('ALTER SERVER ROLE sysadmin ADD MEMBER reader');
  await db.rows('CREATE DATABASE mine');
});

test('who comes with a token is an administrator until there is a user of that name', async () => {
  const tokens = new TestServer(0, (token) => `id of ${token}`);
  const admin = tokens.connectByToken('a');
  await admin.rows('CREATE TABLE dbo.S (Id int); CREATE USER [id of b] FROM EXTERNAL PROVIDER');
  expect(await tokens.connectByToken('b').errors('SELECT * FROM dbo.S')).toEqual([229]);
  expect(await tokens.connectByToken('c').errors('SELECT * FROM dbo.S')).toEqual([]);
});

test('a plan made for one login is not used for another', async () => {
  expect(await owner.value('SELECT COUNT(*) FROM T')).toBe(1);
  expect(await connect().errors('SELECT COUNT(*) FROM T')).toEqual([229]);
});

test('principals that are there or not there are errors', async () => {
  expect(await owner.errors("CREATE LOGIN READER WITH PASSWORD = 'x'")).toEqual([15025]);
  expect(await owner.errors('CREATE USER reader FOR LOGIN reader')).toEqual([15023]);
  expect(await owner.errors('CREATE USER x FOR LOGIN nobody')).toEqual([15007]);
  expect(await owner.errors('DROP USER nobody')).toEqual([15151]);
  expect(await owner.errors('GRANT SELECT ON T TO nobody')).toEqual([15151]);
  expect(await owner.errors('GRANT SELECT ON Nope TO reader')).toEqual([15151]);
  expect(await owner.errors('GRANT SELECT ON SCHEMA::nope TO reader')).toEqual([15151]);
  expect(await owner.errors('ALTER ROLE nope ADD MEMBER reader')).toEqual([15151]);
  await owner.rows('DROP USER IF EXISTS nobody; DROP USER reader; DROP LOGIN reader');
  expect(await owner.rows("SELECT name FROM sys.database_principals WHERE type = 'S'")).toEqual([['dbo']]);
});
