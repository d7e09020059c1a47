/** The SQL Server source against the stand-in: capture instances that come, go and differ from their table. */
import type { ChangeEvent, ChangeSource, PartitionId, ResumePoint } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { changesOf, take } from '../support/source-reading.ts';
import { tableOf } from '../support/captured-database.ts';
import { Following } from '../support/following.ts';
import { useSqlServer } from '../support/use-sql-server.ts';

const rig = useSqlServer();

interface Followed {
  readonly source: ChangeSource;
  readonly table: PartitionId;
  readonly following: Following;
  readonly stop: AbortController;
}

async function follow(name: string, choice = {}): Promise<Followed> {
  const source = rig.open([name], choice);
  const table = await tableOf(source, name.replace(/^.*\./, ''));
  const stop = new AbortController();
  const following = new Following(source, table, stop.signal);
  rig.defer(() => stop.abort());
  return { source, table, following, stop };
}

const insert = (id: number, more = '') =>
  rig.database.transaction([`INSERT INTO dbo.Persons VALUES (${id}, N'p${id}'${more})`]);

const ids = (changes: readonly ChangeEvent[]) => changes.map(({ data }) => data?.['Id']);

describe('a second capture instance', () => {
  test('takes over at its start: every change once, in the shape of its instance, in one session', async () => {
    await rig.database.capture('Persons');
    const { source, table, following, stop } = await follow('Persons', { maxRows: 2 });
    await insert(1);
    await following.has(1);
    await rig.database.pool.query('ALTER TABLE dbo.Persons ADD City nvarchar(20) NULL');
    await insert(2, ", N'before'");
    await rig.database.enable('Persons', { instance: 'second' });
    await insert(3, ", N'after'");
    await rig.database.transaction(["UPDATE dbo.Persons SET City = N'Oslo' WHERE Id = 1"]);
    await following.has(4);
    stop.abort();
    expect(ids(following.changes)).toEqual([1, 2, 3, 1]);
    expect(following.changes.map(({ data }) => Object.keys(data ?? {}).join())).toEqual([
      'Id,Name',
      'Id,Name',
      'Id,Name,City',
      'Id,Name,City',
    ]);
    expect(following.changes.map(({ metadata }) => metadata.origin['captureInstance'])).toEqual([
      'dbo_Persons',
      'dbo_Persons',
      'second',
      'second',
    ]);
    expect(following.changes.at(-1)).toMatchObject({
      before: { Id: 1, Name: 'p1', City: null },
      metadata: { operation: 'update', changed: ['City'] },
    });
    // Whoever reads again, from the start or from anywhere, gets the same changes with the same ids.
    expect(changesOf(await take(source, table, 4))).toEqual(following.changes);
  });

  test('and the old one dropped once it was read: nothing is noticed', async () => {
    await rig.database.capture('Persons');
    const { following, stop } = await follow('Persons');
    await insert(1);
    await rig.database.enable('Persons', { instance: 'second' });
    await insert(2);
    await following.has(2);
    await disable('dbo_Persons');
    await insert(3);
    await following.has(3);
    await rig.database.enable('Persons', { instance: 'third' });
    await insert(4);
    await following.has(4);
    stop.abort();
    expect(ids(following.changes)).toEqual([1, 2, 3, 4]);
    expect(following.changes.at(-1)?.metadata.origin['captureInstance']).toBe('third');
  });

  test('and the old one dropped before it was read to its end: history is lost, and that is said', async () => {
    await rig.database.capture('Persons');
    await insert(1);
    const { source, table } = await rig.opened('Persons');
    const [, first] = await take(source, table, 1);
    await insert(2);
    await rig.database.enable('Persons', { instance: 'second' });
    await insert(3);
    await disable('dbo_Persons');
    await expect(take(source, table, 1, first?.end)).rejects.toMatchObject({ code: 'HistoryLost' });
  });

  test('of which the old one is drained exactly to the start of the new, also from a place inside a transaction', async () => {
    await rig.database.capture('Persons');
    await rig.database.transaction(
      Array.from({ length: 7 }, (_, i) => `INSERT INTO dbo.Persons VALUES (${i}, N'p')`),
    );
    await rig.database.enable('Persons', { instance: 'second' });
    await rig.database.transaction(
      Array.from({ length: 7 }, (_, i) => `UPDATE dbo.Persons SET Name = N'q' WHERE Id = ${i}`),
    );
    const { source, table } = await rig.opened('Persons', { maxRows: 1 });
    const whole = await take(source, table, 14);
    expect(ids(changesOf(whole))).toEqual([0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6]);
    for (const { end } of whole) {
      const rest = changesOf(whole).filter(({ metadata }) => metadata.position > end.position);
      expect(await readOn(source, table, rest.length, end)).toEqual(rest);
    }
  });
});

describe('a column', () => {
  test('that is dropped is NULL until an instance without it takes over', async () => {
    await rig.database.pool.query(
      'CREATE TABLE dbo.Persons (Id int NOT NULL PRIMARY KEY, Name nvarchar(9) NULL, Age int NULL)',
    );
    await rig.database.enable('Persons');
    const { following, stop } = await follow('Persons');
    await insert(1, ', 41');
    await rig.database.pool.query('ALTER TABLE dbo.Persons DROP COLUMN Age');
    await insert(2);
    await following.has(2);
    await rig.database.enable('Persons', { instance: 'second' });
    await insert(3);
    await following.has(3);
    stop.abort();
    expect(following.changes.map(({ data }) => data)).toEqual([
      { Id: 1, Name: 'p1', Age: 41 },
      { Id: 2, Name: 'p2', Age: null },
      { Id: 3, Name: 'p3' },
    ]);
  });

  test('whose type is changed while it is read keeps every digit', async () => {
    await rig.database.pool.query(
      'CREATE TABLE dbo.Persons (Id int NOT NULL PRIMARY KEY, Name nvarchar(9) NULL, Amount int NULL)',
    );
    await rig.database.enable('Persons');
    const { following, stop } = await follow('Persons');
    await insert(1, ', 7');
    await following.has(1);
    await rig.database.pool.query('ALTER TABLE dbo.Persons ALTER COLUMN Amount decimal(38, 10) NULL');
    await insert(2, ', 1234567890123456789012345678.0123456789');
    await following.has(2);
    await rig.database.pool.query('ALTER TABLE dbo.Persons ALTER COLUMN Name nvarchar(400) NULL');
    await rig.database.transaction([`INSERT INTO dbo.Persons VALUES (3, N'${'x'.repeat(400)}', 1)`]);
    await following.has(3);
    stop.abort();
    expect(following.changes[1]?.data?.['Amount']).toBe('1234567890123456789012345678.0123456789');
    expect(following.changes[2]?.data?.['Name']).toBe('x'.repeat(400));
  });

  test('in the middle that is not captured is left out, and a change of it alone is no change', async () => {
    await rig.database.pool.query(
      'CREATE TABLE dbo.Wide (Id int NOT NULL PRIMARY KEY, A int NULL, Secret int NULL, B nvarchar(max) NULL)',
    );
    await rig.database.enable('Wide', { columns: 'Id, A, B' });
    await rig.database.transaction(["INSERT INTO dbo.Wide VALUES (1, 1, 99, N'b')"]);
    await rig.database.transaction(['UPDATE dbo.Wide SET Secret = 98']);
    await rig.database.transaction(['UPDATE dbo.Wide SET A = 2']);
    await rig.database.transaction(["UPDATE dbo.Wide SET B = N'c'"]);
    const { source, table } = await rig.opened('Wide');
    const [first, second, third] = changesOf(await take(source, table, 3));
    expect(first?.data).toEqual({ Id: 1, A: 1, B: 'b' });
    expect(second).toMatchObject({ metadata: { changed: ['A'] }, before: { Id: 1, A: 1 } });
    expect(second?.metadata.unavailable).toEqual([{ in: 'before', columns: ['B'] }]);
    expect(third).toMatchObject({
      metadata: { changed: ['B'] },
      before: { Id: 1, A: 2, B: 'b' },
      data: { B: 'c' },
    });
  });
});

describe('a table', () => {
  test('without a key is read with updates as they are, and says that it has no key', async () => {
    await rig.database.pool.query('CREATE TABLE dbo.Loose (Id int NULL, Name nvarchar(9) NULL)');
    await rig.database.enable('Loose');
    await rig.database.transaction(["INSERT INTO dbo.Loose VALUES (1, N'a'), (1, N'a'), (NULL, NULL)"]);
    await rig.database.transaction(["UPDATE dbo.Loose SET Name = N'b'"]);
    await rig.database.transaction(['DELETE FROM dbo.Loose']);
    const { source, table } = await rig.opened('Loose');
    const changes = changesOf(await take(source, table, 9));
    expect(changes.map(({ metadata }) => metadata.operation)).toEqual([
      'insert',
      'insert',
      'insert',
      'update',
      'update',
      'update',
      'delete',
      'delete',
      'delete',
    ]);
    expect(changes.every(({ metadata }) => metadata.key === null)).toBe(true);
    expect(new Set(changes.map(({ metadata }) => metadata.id)).size).toBe(9);
  });

  test('that is dropped while it is read is a fault of its own, and the others go on', async () => {
    await rig.database.capture('Persons');
    await rig.database.capture('Others');
    const source = rig.open(['Persons', 'Others']);
    const stop = new AbortController();
    const persons = new Following(source, await tableOf(source, 'Persons'), stop.signal);
    const others = new Following(source, await tableOf(source, 'Others'), stop.signal);
    const dropped = expect(persons.ended).rejects.toMatchObject({ code: 'TableNotFound' });
    await insert(1);
    await persons.has(1);
    await rig.database.pool.query('DROP TABLE dbo.Persons');
    await dropped;
    await rig.database.commit([{ table: 'Others', insert: { Id: 1, Name: 'a' } }]);
    await others.has(1);
    stop.abort();
  });

  test('of a database whose capture is disabled while it is read says so', async () => {
    await rig.database.capture('Persons');
    const { following } = await follow('Persons');
    await insert(1);
    await following.has(1);
    await rig.database.pool.query('EXEC sys.sp_cdc_disable_db');
    await expect(following.ended).rejects.toMatchObject({ code: 'CdcNotEnabled' });
  });

  test('in another schema, with an instance of its own name', async () => {
    await rig.database.pool.query('CREATE SCHEMA sales');
    await rig.database.pool.query('CREATE TABLE sales.Persons (Id int NOT NULL PRIMARY KEY)');
    await rig.database.capture('Persons');
    await rig.database.enable('Persons', { schema: 'sales', instance: 'Vertrieb Kunden' });
    await rig.database.transaction([
      'INSERT INTO sales.Persons VALUES (5)',
      "INSERT INTO dbo.Persons VALUES (6, N'x')",
    ]);
    const { source, table } = await rig.opened('sales.Persons');
    const [change] = changesOf(await take(source, table, 1));
    expect(change).toMatchObject({
      data: { Id: 5 },
      metadata: { schema: 'sales', origin: { captureInstance: 'Vertrieb Kunden' } },
    });
  });
});

describe('a case-sensitive database', () => {
  test('keeps apart what differs in case, and takes the spelling that is there', async () => {
    const sensitive = await rig.another({ collation: 'Latin1_General_100_CS_AS' });
    await sensitive.pool.query(
      'CREATE TABLE dbo.Orders (Id int NOT NULL PRIMARY KEY, name int NULL, Name int NULL)',
    );
    await sensitive.pool.query('CREATE TABLE dbo.ORDERS (Id int NOT NULL PRIMARY KEY)');
    await sensitive.enable('Orders');
    await sensitive.enable('ORDERS', { instance: 'upper' });
    await sensitive.transaction([
      'INSERT INTO dbo.Orders VALUES (1, 2, 3)',
      'INSERT INTO dbo.ORDERS VALUES (9)',
    ]);
    const source = rig.use(sensitive.open(['Orders', 'ORDERS']));
    const read = async (name: string) => changesOf(await take(source, await tableOf(source, name), 1))[0];
    expect(await read('Orders')).toMatchObject({
      data: { Id: 1, name: 2, Name: 3 },
      metadata: { table: 'Orders', origin: { captureInstance: 'dbo_Orders' } },
    });
    expect(await read('ORDERS')).toMatchObject({ data: { Id: 9 }, metadata: { table: 'ORDERS' } });
  });
});

async function readOn(source: ChangeSource, table: PartitionId, count: number, from: ResumePoint) {
  return count === 0 ? [] : changesOf(await take(source, table, count, from));
}

function disable(instance: string) {
  return rig.database.pool.query(
    `EXEC sys.sp_cdc_disable_table @source_schema = N'dbo', @source_name = N'Persons', @capture_instance = N'${instance}'`,
  );
}
