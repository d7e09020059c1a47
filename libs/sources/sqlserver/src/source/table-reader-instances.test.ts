import { DStreamError } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { lsn, type FakeCdcClient } from '../../../../../test/support/fake-cdc-client.ts';
import { changesOf, instance, rig, row, upTo } from '../../../../../test/support/table-reader-rig.ts';

/** From now on the catalogue has no `start_lsn` for the instance, until it is said to be established. */
function withoutLsn(client: FakeCdcClient, name: string): { established: boolean } {
  const state = { established: false };
  const query = client.query.bind(client);
  client.query = async (statement) => {
    const sets = await query(statement);
    const isEmpty = ([first, lsnBytes]: readonly unknown[]) =>
      !state.established && first === name && Buffer.isBuffer(lsnBytes);
    return sets.map((rows) => rows.map((row) => (isEmpty(row) ? [name, null] : row)));
  };
  return state;
}

describe('the capture instances that a table reader follows', () => {
  test('a new instance that capture has not come to yet is waited for', async () => {
    const { client, clock, read } = rig([instance([row(30, 1, 2, 1)], { startLsn: lsn(20) })], 12);
    const batches = read();
    const first = await batches.next();
    expect(first.value.end.position).toBe(`${lsn(19)}:~`);
    const next = batches.next();
    await clock.advance(1_000);
    client.max = lsn(30);
    await clock.advance(4_000);
    expect((await next).value.changes).toHaveLength(1);
  });

  test('the next capture instance takes over exactly at its start', async () => {
    const old = instance([row(2, 1, 2, 1), row(5, 1, 2, 2), row(7, 1, 2, 3)], { name: 'old' });
    const young = instance([row(5, 1, 2, 2), row(7, 1, 2, 3)], { name: 'young', startLsn: lsn(5) });
    const changes = changesOf(await upTo(rig([old, young], 7).read(), 7));
    expect(changes.map((c) => [c.data?.['Id'], c.metadata.origin['captureInstance']])).toEqual([
      [1, 'old'],
      [2, 'young'],
      [3, 'young'],
    ]);
  });

  test.each([5_000, 1])(
    'columns that are altered while pages of %d rows are read: read again, each change once',
    async (maxRows) => {
      const altered = instance([row(2, 1, 2, 1), row(3, 1, 2, 2), row(4, 1, 2, 3)], {});
      const { client, read } = rig([altered], 4, { maxRows });
      let reads = 0;
      client.before = ({ text }) => {
        // Capture alters the column and writes it down while the first page is on its way.
        if (text.includes('fn_cdc_get_all_changes') && (reads += 1) === 1)
          Object.assign(altered, {
            columnUpdates: 1,
            columns: altered.columns.map((c) => ({ ...c, type: 'bigint' })),
          });
      };
      const changes = changesOf(await upTo(read(), 4));
      expect(changes.map(({ data }) => data?.['Id'])).toEqual(['1', '2', '3']);
    },
  );

  test('an instance without its first LSN is waited for, then read', async () => {
    const { client, clock, read } = rig([instance([row(3, 1, 2, 1)], { startLsn: lsn(2) })], 3);
    const answers = withoutLsn(client, 'dbo_Persons');
    const batches = read();
    const first = batches.next();
    await clock.advance(1_000 + 2_000);
    const looks = client.statements.filter(({ text }) => text.includes('captured_columns')).length;
    expect([looks, client.statements.some(({ text }) => text.includes('max_lsn'))]).toEqual([3, false]);
    answers.established = true;
    await clock.advance(4_000);
    expect((await first).value).toMatchObject({ changes: [], end: { position: `${lsn(1)}:~` } });
    expect((await batches.next()).value?.changes).toHaveLength(1);
    await batches.return(undefined);
    expect(clock.sleeping).toBe(0);
  });

  test('a wait for the first LSN ends with the reason of the abort', async () => {
    const { client, clock, stop, read } = rig([instance([])], 3);
    withoutLsn(client, 'dbo_Persons');
    const waiting = expect(read().next()).rejects.toThrow('enough');
    await clock.advance(10);
    stop(new Error('enough'));
    await waiting;
    expect(clock.sleeping).toBe(0);
  });

  test('an instance that begins right after the first look into the catalogue still takes over', async () => {
    const old = instance([row(2, 1, 2, 1), row(5, 1, 2, 2)], { name: 'old' });
    const young = instance([row(5, 1, 2, 2)], { name: 'young', startLsn: lsn(5) });
    const { client, read } = rig([old, young], 5);
    const answers = withoutLsn(client, 'young');
    client.before = ({ text }) => {
      if (text.includes('max_lsn')) answers.established = true;
    };
    const changes = changesOf(await upTo(read(), 5));
    expect(changes.map((c) => c.metadata.origin['captureInstance'])).toEqual(['old', 'young']);
  });

  test.each([
    ['gone for good', Infinity, 'TableNotCaptured'],
    ['missing for a moment', 2, 'CaptureChanged'],
  ])('a change table that is %s though its instance is registered', async (_, times, code) => {
    const { client, read } = rig([instance([])], 3);
    let left = times;
    client.before = ({ text }) => {
      const cause = Object.assign(new Error('Invalid object name'), { number: 208 });
      // The probe of all tables, then that of this one, then the look whether it is there.
      if (text.includes('_CT]') && left-- > 0) throw new DStreamError('Unexpected', 'error 208', { cause });
    };
    await expect(read().next()).rejects.toMatchObject({ code });
  });
});
