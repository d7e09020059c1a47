/** The SQL Server source against the stand-in: pages and places. */
import type { ResumePoint } from '@dstream/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { changesOf, take } from '../support/source-reading.ts';
import { SqlServerDatabase } from '../support/sql-server-database.ts';
import { startSqlServerStandIn, type RunningSqlServer } from '../support/sql-server-stand-in.ts';

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

async function opened(name: string, choice = {}) {
  const source = stack.use(database.open([name], choice));
  const [table] = await source.tables({ signal: signal() });
  if (table === undefined) throw new Error(`no table ${name}`);
  return { source, table };
}

async function maxLsn(): Promise<string> {
  const { recordset } = await database.pool.query<{ max: Buffer }>('SELECT sys.fn_cdc_get_max_lsn() AS max');
  return recordset[0]?.max.toString('hex').toUpperCase() ?? '';
}

describe.each(['functions', 'direct'] as const)('an idle table, read in the mode %s', (mode) => {
  test('moves on with what was scanned, so that cleanup up to the max LSN and a restart make no gap', async () => {
    await database.capture('Idle');
    await database.capture('Busy');
    const { source, table } = await opened('Idle', { mode });
    const reading = source.read(table, undefined, { signal: signal() });
    const first = await reading.next();
    await database.commit([{ table: 'Busy', insert: { Id: 1, Name: 'a' } }]);
    const max = await maxLsn();
    let end: ResumePoint = first.value.end;
    while (end.position !== `${max}:~`) end = (await reading.next()).value.end;
    await reading.return(undefined);
    await database.cleanUp('Idle');
    expect(await maxLsn(), 'cleaned up as far as was scanned').toBe(max);
    await database.commit([{ table: 'Idle', insert: { Id: 3, Name: 'c' } }]);
    const { source: restarted } = await opened('Idle', { mode });
    const changes = changesOf(await take(restarted, table, 1, end));
    expect(changes.map((c) => c.data)).toEqual([{ Id: 3, Name: 'c' }]);
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
