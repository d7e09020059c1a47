/** The SQL Server source against the stand-in: what a person must mend, names and values. */
import { silentLog } from '@dstream/core';
import { systemClock } from '@dstream/async';
import { parseConnectionString, SqlServerSource } from '@dstream/sqlserver';
import { tableOf } from '../support/captured-database.ts';
import { describe, expect, test } from 'vitest';
import { changesOf, take } from '../support/source-reading.ts';
import { useSqlServer } from '../support/use-sql-server.ts';

const rig = useSqlServer();

const signal = () => AbortSignal.timeout(20_000);
describe('what a person must mend', () => {
  const refused = async (connectionString: string) => {
    const source = rig.use(
      new SqlServerSource({
        start: 'earliest',
        maxRows: 10,
        maxBytes: 1_000,
        tables: [],
        clock: systemClock,
        random: Math.random,
        log: silentLog,
        address: parseConnectionString(connectionString),
      }),
    );
    return source.partitions({ signal: signal() });
  };

  test('a wrong password', async () => {
    const wrong = rig.database.connectionString.replace(/Password=[^;]*/, 'Password=not-the-secret');
    await expect(refused(wrong)).rejects.toMatchObject({
      code: 'LoginFailed',
      disposition: 'fatal',
      message: expect.not.stringContaining('not-the-secret'),
    });
  });

  test('a database that does not exist', async () => {
    const wrong = rig.database.connectionString.replace(/Database=[^;]*/, 'Database=nowhere');
    await expect(refused(wrong)).rejects.toMatchObject({
      code: 'DatabaseNotFound',
      disposition: 'fatal',
      message: expect.stringContaining('"nowhere"'),
    });
  });

  test('a server that is not there is waited for', async () => {
    const { port } = rig.server;
    const away = rig.database.connectionString;
    await rig.stop();
    await expect(refused(away)).rejects.toMatchObject({
      code: 'Unreachable',
      disposition: 'retry',
      message: expect.stringContaining(`127.0.0.1:${port}`),
    });
  });

  test('a database without change data capture', async () => {
    const plain = await rig.another({ enable: false });
    await plain.pool.query('CREATE TABLE dbo.Persons (Id int NOT NULL PRIMARY KEY)');
    const source = rig.use(plain.open(['Persons']));
    const table = await tableOf(source, 'Persons');
    await expect(take(source, table, 1)).rejects.toMatchObject({ code: 'CdcNotEnabled' });
  });

  test('a table that is not captured, while another goes on', async () => {
    await rig.database.capture('Persons');
    await rig.database.pool.query('CREATE TABLE dbo.Plain (Id int NOT NULL PRIMARY KEY)');
    await rig.database.commit([{ table: 'Persons', insert: { Id: 1, Name: 'a' } }]);
    const source = rig.open(['Plain', 'Persons']);
    await expect(take(source, await tableOf(source, 'Plain'), 1)).rejects.toMatchObject({
      code: 'TableNotCaptured',
    });
    expect(changesOf(await take(source, await tableOf(source, 'Persons'), 1))).toHaveLength(1);
  });

  test('history that was cleaned up unread, and a capture instance that was created anew, are told apart', async () => {
    await rig.database.capture('Persons');
    await rig.database.commit([{ table: 'Persons', insert: { Id: 1, Name: 'a' } }]);
    const { source, table } = await rig.opened('Persons');
    const [, first] = await take(source, table, 1);
    await rig.database.commit([{ table: 'Persons', insert: { Id: 2, Name: 'b' } }]);
    await rig.database.cleanUp('Persons');
    await expect(take(source, table, 1, first?.end)).rejects.toMatchObject({
      code: 'HistoryLost',
      message: expect.stringContaining('cleaned up before they were read'),
    });
    await rig.database.pool.query(
      "EXEC sys.sp_cdc_disable_table @source_schema = N'dbo', @source_name = N'Persons', @capture_instance = N'all'",
    );
    await rig.database.enable('Persons');
    await rig.database.commit([{ table: 'Persons', insert: { Id: 3, Name: 'c' } }]);
    await expect(take(source, table, 1, first?.end)).rejects.toMatchObject({
      code: 'HistoryLost',
      message: expect.stringContaining('was created anew at'),
    });
  });

  test('capture that is switched off while a table is read', async () => {
    await rig.database.capture('Persons');
    await rig.database.commit([{ table: 'Persons', insert: { Id: 1, Name: 'a' } }]);
    const { source, table } = await rig.opened('Persons');
    const reading = (async () => {
      for await (const batch of source.read(table, undefined, { signal: signal() }))
        if (batch.changes.length > 0)
          await rig.database.pool.query(
            "EXEC sys.sp_cdc_disable_table @source_schema = N'dbo', @source_name = N'Persons', @capture_instance = N'all'",
          );
    })();
    await expect(reading).rejects.toMatchObject({ code: 'TableNotCaptured' });
  });
});

describe('names', () => {
  test.each(["Odd [name] with 'quotes' . dots; and ünï", 'a]]b', 'order'])(
    'a table called %s',
    async (name) => {
      const quoted = `[${name.replaceAll(']', ']]')}]`;
      await rig.database.pool.query('CREATE SCHEMA [s x]');
      await rig.database.pool.query(
        `CREATE TABLE [s x].${quoted} (Id int NOT NULL PRIMARY KEY, [a ]] ]]b.'c] decimal(38, 10) NULL, [größe] nvarchar(9) NULL)`,
      );
      await rig.database.enable(name, { schema: 's x', instance: 'own' });
      await rig.database.transaction([
        `INSERT INTO [s x].${quoted} VALUES (1, 1234567890123456789012345678.0123456789, N'ß')`,
      ]);
      const source = rig.open([], {
        tables: [{ schema: 's x', table: '*', pollIntervalMs: 20, maxPollIntervalMs: 40 }],
      });
      const table = await tableOf(source, name);
      const [change] = changesOf(await take(source, table, 1));
      expect(change?.data).toEqual({
        Id: 1,
        "a ] ]b.'c": '1234567890123456789012345678.0123456789',
        größe: 'ß',
      });
      expect(change?.metadata.origin['captureInstance']).toBe('own');
    },
  );

  test('come in the spelling of the catalogue', async () => {
    await rig.database.capture('Persons');
    const source = rig.open(['PERSONS']);
    expect(source.scope).toBe(`test/${rig.database.name}`);
    expect(await source.partitions({ signal: signal() })).toEqual([`test/${rig.database.name}/dbo.Persons`]);
  });
});

describe('values', () => {
  test('arrive digit for digit', async () => {
    await rig.database.pool.query(`CREATE TABLE dbo.Kinds (
      Id bigint NOT NULL PRIMARY KEY, Flag bit NULL, Tiny tinyint NULL, Small smallint NULL, Dec decimal(38, 10) NULL,
      Cash money NULL, Few smallmoney NULL, R real NULL, F float NULL, D date NULL, T time(7) NULL, Dt datetime NULL,
      Sdt smalldatetime NULL, Dt2 datetime2(7) NULL, Dto datetimeoffset(7) NULL, G uniqueidentifier NULL,
      B varbinary(10) NULL, N nvarchar(50) NULL, X xml NULL, C char(5) NULL,
      V varchar(20) NULL, L varchar(max) NULL, Old text NULL, Missing int NULL)`);
    await rig.database.enable('Kinds');
    await rig.database.transaction([
      `INSERT INTO dbo.Kinds VALUES (9223372036854775807, 1, 255, -32768, -1234567890123456789012345678.0123456789,
        922337203685477.5807, -214748.3648, 0.5, 0.1, '0001-01-01', '23:59:59.9999999', '2026-11-20T09:15:30.003',
        '2026-11-20T09:15:00', '9999-12-31T23:59:59.9999999', '2026-11-20T09:15:30.1234567+02:00',
        '6f9619ff-8b86-d011-b42d-00c04fc964ff', 0xFFD8FF, N'Łukasz 🙂', N'<a>1</a>', 'ab',
        'café €', 'long', 'old', NULL)`,
    ]);
    const { source, table } = await rig.opened('Kinds');
    const [change] = changesOf(await take(source, table, 1));
    expect(change?.data).toEqual({
      Id: '9223372036854775807',
      Flag: true,
      Tiny: 255,
      Small: -32768,
      Dec: '-1234567890123456789012345678.0123456789',
      Cash: '922337203685477.5807',
      Few: '-214748.3648',
      R: 0.5,
      F: 0.1,
      D: '0001-01-01',
      T: '23:59:59.9999999',
      Dt: '2026-11-20T09:15:30.003',
      Sdt: '2026-11-20T09:15:00',
      Dt2: '9999-12-31T23:59:59.9999999',
      Dto: '2026-11-20T09:15:30.1234567+02:00',
      G: '6F9619FF-8B86-D011-B42D-00C04FC964FF',
      B: '/9j/',
      N: 'Łukasz 🙂',
      X: '<a>1</a>',
      C: 'ab   ',
      V: 'café €',
      L: 'long',
      Old: 'old',
      Missing: null,
    });
    const ageMs = Date.now() - Date.parse(change?.metadata.committedAt ?? '');
    expect(Math.abs(ageMs)).toBeLessThan(60_000);
  });
});
