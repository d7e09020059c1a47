/** The SQL Server source against the stand-in: what can go wrong with servers, names, pages and connections. */
import {
  asDStreamError,
  silentLog,
  type ChangeBatch,
  type ChangeEvent,
  type ChangeSource,
  type ResumePoint,
  type TableId,
} from '@dstream/core';
import { systemClock } from '@dstream/runtime';
import { parseConnectionString, SqlServerSource } from '@dstream/sqlserver';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { tableOf } from '../support/captured-database.ts';
import { SqlServerDatabase } from '../support/sql-server-database.ts';
import { startSqlServerStandIn, type RunningSqlServer } from '../support/sql-server-stand-in.ts';
import { until } from '../support/until.ts';

let stack: AsyncDisposableStack;
let running: RunningSqlServer;
let database: SqlServerDatabase;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  running = stack.use(await startSqlServerStandIn());
  database = stack.use(await SqlServerDatabase.create(running.connectionString));
});
afterEach(() => stack.disposeAsync());

const signal = () => AbortSignal.timeout(20_000);
const changesOf = (batches: readonly ChangeBatch[]): ChangeEvent[] => batches.flatMap((b) => b.changes);

async function take(
  source: ChangeSource,
  table: TableId,
  count: number,
  from?: ResumePoint,
): Promise<ChangeBatch[]> {
  const batches: ChangeBatch[] = [];
  for await (const batch of source.read(table, from, { signal: signal() })) {
    batches.push(batch);
    if (changesOf(batches).length >= count) break;
  }
  return batches;
}

async function opened(name: string, choice = {}) {
  const source = stack.use(database.open([name], choice));
  const [table] = await source.tables({ signal: signal() });
  if (table === undefined) throw new Error(`no table ${name}`);
  return { source, table };
}

describe('what a person must mend', () => {
  const refused = async (connectionString: string) => {
    const source = stack.use(
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
    return source.tables({ signal: signal() });
  };

  test('a wrong password', async () => {
    const wrong = database.connectionString.replace(/Password=[^;]*/, 'Password=not-the-secret');
    await expect(refused(wrong)).rejects.toMatchObject({
      code: 'LoginFailed',
      disposition: 'fatal',
      message: expect.not.stringContaining('not-the-secret'),
    });
  });

  test('a database that does not exist', async () => {
    const wrong = database.connectionString.replace(/Database=[^;]*/, 'Database=nowhere');
    await expect(refused(wrong)).rejects.toMatchObject({
      code: 'DatabaseNotFound',
      disposition: 'fatal',
      message: expect.stringContaining('"nowhere"'),
    });
  });

  test('a server that is not there is waited for', async () => {
    const { port } = running.server;
    const away = database.connectionString;
    await database[Symbol.asyncDispose]();
    await running[Symbol.asyncDispose]();
    stack = new AsyncDisposableStack();
    await expect(refused(away)).rejects.toMatchObject({
      code: 'Unreachable',
      disposition: 'retry',
      message: expect.stringContaining(`127.0.0.1:${port}`),
    });
  });

  test('a database without change data capture', async () => {
    const plain = stack.use(await SqlServerDatabase.create(running.connectionString, { enable: false }));
    await plain.pool.query('CREATE TABLE dbo.Persons (Id int NOT NULL PRIMARY KEY)');
    const source = stack.use(plain.open(['Persons']));
    const table = await tableOf(source, 'Persons');
    await expect(take(source, table, 1)).rejects.toMatchObject({ code: 'CdcNotEnabled' });
  });

  test('a table that is not captured, while another goes on', async () => {
    await database.capture('Persons');
    await database.pool.query('CREATE TABLE dbo.Plain (Id int NOT NULL PRIMARY KEY)');
    await database.commit([{ table: 'Persons', insert: { Id: 1, Name: 'a' } }]);
    const source = stack.use(database.open(['Plain', 'Persons']));
    await expect(take(source, await tableOf(source, 'Plain'), 1)).rejects.toMatchObject({
      code: 'TableNotCaptured',
    });
    expect(changesOf(await take(source, await tableOf(source, 'Persons'), 1))).toHaveLength(1);
  });

  test('history that was cleaned up unread, and a capture instance that was created anew, are told apart', async () => {
    await database.capture('Persons');
    await database.commit([{ table: 'Persons', insert: { Id: 1, Name: 'a' } }]);
    const { source, table } = await opened('Persons');
    const [, first] = await take(source, table, 1);
    await database.commit([{ table: 'Persons', insert: { Id: 2, Name: 'b' } }]);
    await database.cleanUp('Persons');
    await expect(take(source, table, 1, first?.end)).rejects.toMatchObject({
      code: 'HistoryLost',
      message: expect.stringContaining('cleaned up unread'),
    });
    await database.pool.query(
      "EXEC sys.sp_cdc_disable_table @source_schema = N'dbo', @source_name = N'Persons', @capture_instance = N'all'",
    );
    await database.enable('Persons');
    await database.commit([{ table: 'Persons', insert: { Id: 3, Name: 'c' } }]);
    await expect(take(source, table, 1, first?.end)).rejects.toMatchObject({
      code: 'HistoryLost',
      message: expect.stringContaining('was created anew at'),
    });
  });

  test('capture that is switched off while a table is read', async () => {
    await database.capture('Persons');
    await database.commit([{ table: 'Persons', insert: { Id: 1, Name: 'a' } }]);
    const { source, table } = await opened('Persons');
    const reading = (async () => {
      for await (const batch of source.read(table, undefined, { signal: signal() }))
        if (batch.changes.length > 0)
          await database.pool.query(
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
      await database.pool.query('CREATE SCHEMA [s x]');
      await database.pool.query(
        `CREATE TABLE [s x].${quoted} (Id int NOT NULL PRIMARY KEY, [a ]] ]]b.'c] decimal(38, 10) NULL, [größe] nvarchar(9) NULL)`,
      );
      await database.enable(name, { schema: 's x', instance: 'own' });
      await database.transaction([
        `INSERT INTO [s x].${quoted} VALUES (1, 1234567890123456789012345678.0123456789, N'ß')`,
      ]);
      const source = stack.use(
        database.open([], {
          tables: [{ schema: 's x', table: '*', pollIntervalMs: 20, maxPollIntervalMs: 40 }],
        }),
      );
      const table = await tableOf(source, name);
      const [change] = changesOf(await take(source, table, 1));
      expect(change?.data).toEqual({
        Id: 1,
        "a ] ]b.'c": '1234567890123456789012345678.0123456789',
        größe: 'ß',
      });
      expect(change?.metadata.captureInstance).toBe('own');
    },
  );

  test('come in the spelling of the catalogue', async () => {
    await database.capture('Persons');
    const source = stack.use(database.open(['PERSONS']));
    const [table] = await source.tables({ signal: signal() });
    expect(table).toMatchObject({ source: 'test', schema: 'dbo', table: 'Persons' });
    expect(table?.database).toMatch(/^dstream_test_/);
  });
});

describe('pages', () => {
  const persons = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, i) => ({
      table: 'Persons',
      insert: { Id: from + i, Name: `p${from + i}` },
    }));

  test('a transaction larger than a page is read whole, in order, with ids that stay', async () => {
    await database.capture('Persons');
    await database.commit(persons(1, 60));
    await database.transaction([
      "UPDATE dbo.Persons SET Name = Name + N'!' WHERE Id <= 20",
      'DELETE FROM dbo.Persons WHERE Id > 55',
    ]);
    const read = async (maxRows: number) => {
      const { source, table } = await opened('Persons', { maxRows });
      return changesOf(await take(source, table, 85));
    };
    const whole = await read(5_000);
    expect(whole.map((c) => c.metadata.sequence)).toEqual([
      ...Array.from({ length: 60 }, (_, i) => i + 1),
      ...Array.from({ length: 25 }, (_, i) => i + 1),
    ]);
    for (const maxRows of [1, 2, 3, 7]) expect(await read(maxRows)).toEqual(whole);
  });

  test('reading on after every batch of small pages repeats and loses nothing', async () => {
    await database.capture('Persons');
    await database.commit(persons(1, 5));
    await database.transaction([
      "UPDATE dbo.Persons SET Name = N'new'",
      'DELETE FROM dbo.Persons WHERE Id = 3',
    ]);
    const { source, table } = await opened('Persons', { maxRows: 3 });
    const batches = await take(source, table, 11);
    for (const [index, { end }] of batches.slice(0, -1).entries())
      expect(changesOf(await take(source, table, 1, end))[0]).toEqual(changesOf(batches.slice(index + 1))[0]);
  });

  test('an update of the key is a delete and an insert, whatever the page', async () => {
    await database.capture('Persons');
    await database.commit(persons(1, 2));
    await database.transaction(['UPDATE dbo.Persons SET Id = 9 WHERE Id = 1']);
    const { source, table } = await opened('Persons', { maxRows: 1 });
    expect(
      changesOf(await take(source, table, 4)).map((c) => [c.metadata.operation, c.data?.['Id']]),
    ).toEqual([
      ['insert', 1],
      ['insert', 2],
      ['delete', 1],
      ['insert', 9],
    ]);
  });
});

describe('values', () => {
  test('arrive digit for digit', async () => {
    await database.pool.query(`CREATE TABLE dbo.Kinds (
      Id bigint NOT NULL PRIMARY KEY, Flag bit NULL, Tiny tinyint NULL, Small smallint NULL, Dec decimal(38, 10) NULL,
      Cash money NULL, Few smallmoney NULL, R real NULL, F float NULL, D date NULL, T time(7) NULL, Dt datetime NULL,
      Sdt smalldatetime NULL, Dt2 datetime2(7) NULL, Dto datetimeoffset(7) NULL, G uniqueidentifier NULL,
      B varbinary(10) NULL, N nvarchar(50) NULL, X xml NULL, C char(5) NULL,
      V varchar(20) NULL, L varchar(max) NULL, Old text NULL, Missing int NULL)`);
    await database.enable('Kinds');
    await database.transaction([
      `INSERT INTO dbo.Kinds VALUES (9223372036854775807, 1, 255, -32768, -1234567890123456789012345678.0123456789,
        922337203685477.5807, -214748.3648, 0.5, 0.1, '0001-01-01', '23:59:59.9999999', '2026-11-20T09:15:30.003',
        '2026-11-20T09:15:00', '9999-12-31T23:59:59.9999999', '2026-11-20T09:15:30.1234567+02:00',
        '6f9619ff-8b86-d011-b42d-00c04fc964ff', 0xFFD8FF, N'Łukasz 🙂', N'<a>1</a>', 'ab',
        'café €', 'long', 'old', NULL)`,
    ]);
    const { source, table } = await opened('Kinds');
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

describe('what passes', () => {
  test('a connection killed between pages: reading on loses and repeats nothing', async () => {
    await database.capture('Persons');
    await database.transaction([
      `INSERT INTO dbo.Persons (Id, Name) VALUES ${Array.from({ length: 40 }, (_, i) => `(${i + 1}, N'p')`).join(', ')}`,
    ]);
    const { source, table } = await opened('Persons', { maxRows: 5 });
    const seen: unknown[] = [];
    let end: ResumePoint | undefined;
    const failures: string[] = [];
    while (seen.length < 40)
      try {
        for await (const batch of source.read(table, end, { signal: signal() })) {
          seen.push(...batch.changes.map((c) => c.data?.['Id']));
          end = batch.end;
          if (seen.length >= 40) break;
          if (seen.length > 0 && failures.length < 3) running.server.dropConnections();
        }
      } catch (error) {
        failures.push(asDStreamError(error).code);
      }
    expect(new Set(failures)).toEqual(new Set(['Unreachable']));
    expect(seen).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
  });

  test('a deadlock and a result that stalls are errors that pass', async () => {
    await database.capture('Persons');
    await database.commit([{ table: 'Persons', insert: { Id: 1, Name: 'a' } }]);
    const { source, table } = await opened('Persons', { patience: { firstRowMs: 200, stallMs: 200 } });
    const message = { number: 1205, severity: 13, state: 45, message: 'deadlock victim', line: 1 };
    running.server.faults.onStatement(/fn_cdc_get_all_changes/, { kind: 'fail', message }, 1);
    await expect(take(source, table, 1)).rejects.toMatchObject({ code: 'Transient', disposition: 'retry' });
    running.server.faults.onStatement(/fn_cdc_get_all_changes/, { kind: 'delay', ms: 5_000 }, 1);
    await expect(take(source, table, 1)).rejects.toMatchObject({ code: 'Stalled', disposition: 'retry' });
    running.server.clear();
    expect(changesOf(await take(source, table, 1))).toHaveLength(1);
  });

  test('a change table that was missing for a moment is read again', async () => {
    await database.capture('Persons');
    await database.commit([{ table: 'Persons', insert: { Id: 1, Name: 'a' } }]);
    const { source, table } = await opened('Persons');
    const message = { number: 208, severity: 16, state: 1, message: 'Invalid object name', line: 1 };
    running.server.faults.onStatement(/fn_cdc_get_all_changes.*@from/s, { kind: 'fail', message }, 1);
    await expect(take(source, table, 1)).rejects.toMatchObject({ code: 'Transient' });
    expect(changesOf(await take(source, table, 1))).toHaveLength(1);
  });

  test('a locked change table is an error of its own table that passes', async () => {
    await database.capture('Locked');
    await database.capture('Persons');
    await database.commit([{ table: 'Persons', insert: { Id: 1, Name: 'a' } }]);
    const source = stack.use(database.open(['Locked', 'Persons']));
    const [locked, persons] = [await tableOf(source, 'Locked'), await tableOf(source, 'Persons')];
    const message = { number: 1222, severity: 16, state: 51, message: 'lock request time out', line: 1 };
    running.server.faults.onStatement(/dbo_Locked_CT/, { kind: 'fail', message }, Infinity);
    const [failed, read] = await Promise.allSettled([take(source, locked, 1), take(source, persons, 1)]);
    expect(failed).toMatchObject({ status: 'rejected', reason: { code: 'Transient' } });
    expect(read).toMatchObject({ status: 'fulfilled' });
  });

  test('twenty idle tables are asked about in one statement a pass', async () => {
    for (let i = 0; i < 20; i += 1) await database.capture(`Idle${i}`);
    const source = stack.use(
      database.open([], {
        tables: [{ schema: 'dbo', table: '*', pollIntervalMs: 200, maxPollIntervalMs: 200 }],
      }),
    );
    const tables = await source.tables({ signal: signal() });
    const controller = new AbortController();
    const reads = tables.map(async (table) => {
      for await (const batch of source.read(table, undefined, { signal: controller.signal })) void batch;
    });
    const probes = () => {
      const { statementsByText } = running.server.faults.counters();
      return Object.entries(statementsByText).filter(([text]) => text.includes('fn_cdc_get_max_lsn'));
    };
    const count = () => probes().reduce((sum, [, n]) => sum + n, 0);
    await until(
      () => count() >= 8,
      () => `eight probes, there were ${count()}`,
    );
    const before = count();
    const startedMs = performance.now();
    await until(
      () => count() >= before + 5,
      () => 'five more probes',
    );
    expect(performance.now() - startedMs).toBeGreaterThan(500);
    controller.abort(new Error('enough'));
    await Promise.allSettled(reads);
  });
});
