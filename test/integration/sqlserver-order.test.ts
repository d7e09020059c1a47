/** The SQL Server source against the stand-in: pages and places. */
import type { ResumePoint } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { changesOf, take } from '../support/source-reading.ts';
import { useSqlServer } from '../support/use-sql-server.ts';

const rig = useSqlServer();

const signal = () => AbortSignal.timeout(20_000);

async function maxLsn(): Promise<string> {
  const { recordset } = await rig.database.pool.query<{ max: Buffer }>(
    'SELECT sys.fn_cdc_get_max_lsn() AS max',
  );
  return recordset[0]?.max.toString('hex').toUpperCase() ?? '';
}

describe.each(['functions', 'direct'] as const)('an idle table, read in the mode %s', (mode) => {
  test('moves on with what was scanned, so that cleanup up to the max LSN and a restart make no gap', async () => {
    await rig.database.capture('Idle');
    await rig.database.capture('Busy');
    const { source, table } = await rig.opened('Idle', { mode });
    const reading = source.read(table, undefined, { signal: signal() });
    const first = await reading.next();
    await rig.database.commit([{ table: 'Busy', insert: { Id: 1, Name: 'a' } }]);
    const max = await maxLsn();
    let end: ResumePoint = first.value.end;
    while (end.position !== `${max}:~`) end = (await reading.next()).value.end;
    await reading.return(undefined);
    await rig.database.cleanUp('Idle');
    expect(await maxLsn(), 'cleaned up as far as was scanned').toBe(max);
    await rig.database.commit([{ table: 'Idle', insert: { Id: 3, Name: 'c' } }]);
    const { source: restarted } = await rig.opened('Idle', { mode });
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
    await rig.database.capture('Persons');
    await rig.database.commit(persons(1, 60));
    await rig.database.transaction([
      "UPDATE dbo.Persons SET Name = Name + N'!' WHERE Id <= 20",
      'DELETE FROM dbo.Persons WHERE Id > 55',
    ]);
    const read = async (maxRows: number) => {
      const { source, table } = await rig.opened('Persons', { maxRows });
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
    await rig.database.capture('Persons');
    await rig.database.commit(persons(1, 5));
    await rig.database.transaction([
      "UPDATE dbo.Persons SET Name = N'new'",
      'DELETE FROM dbo.Persons WHERE Id = 3',
    ]);
    const { source, table } = await rig.opened('Persons', { maxRows: 3 });
    const batches = await take(source, table, 11);
    for (const [index, { end }] of batches.slice(0, -1).entries())
      expect(changesOf(await take(source, table, 1, end))[0]).toEqual(changesOf(batches.slice(index + 1))[0]);
  });

  test('an update of the key is a delete and an insert, whatever the page', async () => {
    await rig.database.capture('Persons');
    await rig.database.commit(persons(1, 2));
    await rig.database.transaction(['UPDATE dbo.Persons SET Id = 9 WHERE Id = 1']);
    const { source, table } = await rig.opened('Persons', { maxRows: 1 });
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
