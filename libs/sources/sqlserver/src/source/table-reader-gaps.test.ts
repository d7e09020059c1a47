import { describe, expect, test } from 'vitest';
import { lsn } from '../../../../../test/support/fake-cdc-client.ts';
import { lsnBytes } from '../position/log-position.ts';
import {
  changesOf,
  instance,
  pointAt,
  rig,
  row,
  upTo,
} from '../../../../../test/support/table-reader-rig.ts';

describe('history that a table reader does not find', () => {
  test('a place below the low-water mark is lost history, and says from where to where', async () => {
    const { read } = rig([instance([], { startLsn: lsn(9) })], 12);
    await expect(read(pointAt(4)).next()).rejects.toMatchObject({
      code: 'HistoryLost',
      message: expect.stringMatching(
        `0x${lsn(9)}.*0x${lsn(5)}.*cleaned up before they were read.*Restart a table from the beginning`,
      ),
    });
  });

  test('an instance that was created anew is distinguished from one that was cleaned up', async () => {
    const { read } = rig([instance([], { startLsn: lsn(9), createdAt: lsn(9) })], 12);
    await expect(read(pointAt(4)).next()).rejects.toMatchObject({
      code: 'HistoryLost',
      message: expect.stringMatching(`created anew at 2026-11-20T09:00:09.123Z.*0x${lsn(9)}.*0x${lsn(5)}`),
    });
  });

  test('lost history is said also when nothing more can be asked', async () => {
    const { client, read } = rig([instance([], { startLsn: lsn(9), createdAt: lsn(9) })], 12);
    client.before = ({ text }) => {
      if (text.includes('AS [is_transaction]')) throw new Error('gone');
    };
    await expect(read(pointAt(4)).next()).rejects.toMatchObject({
      code: 'HistoryLost',
      message: expect.stringContaining('cleaned up before they were read'),
    });
  });

  test('a place above all that the source knows means that it went back', async () => {
    const { read } = rig([instance([])], 12);
    await expect(read(pointAt(40)).next()).rejects.toMatchObject({
      code: 'SourceWentBack',
      message: expect.stringContaining('replica that lags'),
    });
  });

  test('history that is cleaned up while a page is read is not passed over', async () => {
    const only = instance([row(2, 1, 2, 1), row(3, 1, 2, 2)]);
    const { client, read } = rig([only], 3);
    client.before = ({ text }) => {
      if (text.includes('fn_cdc_get_all_changes'))
        Object.assign(only, { startLsn: lsn(3), rows: only.rows.slice(1) });
    };
    const batches = read();
    await batches.next();
    await expect(batches.next()).rejects.toMatchObject({ code: 'HistoryLost' });
  });

  test.each(['stop', 'skip'] as const)(
    'cleanup of nothing but what has left, in the middle of a page, is no gap (on_gap = "%s")',
    async (onGap) => {
      const rows = Array.from({ length: 1_200 }, (_, i) => row(2 + i, 1, 2, i));
      const only = instance(rows);
      const batches = rig([only], 1_201, { onGap }).read();
      await batches.next();
      const { value: first } = await batches.next();
      const left = first.changes.length;
      Object.assign(only, { startLsn: lsn(2 + left), rows: rows.slice(left) });
      const rest = changesOf(await upTo(batches, 1_201));
      expect(first.changes.length + rest.length).toBe(1_200);
      expect(rest.every(({ metadata }) => metadata.operation === 'insert')).toBe(true);
    },
  );

  test('the table stops only at a gap that the catalogue confirms', async () => {
    const rows = Array.from({ length: 1_200 }, (_, i) => row(2 + i, 1, 2, i));
    const only = instance(rows);
    const { client, read } = rig([only], 1_201);
    const asked = client.query.bind(client);
    let marks = 0;
    client.query = async (statement) => {
      const isMarks = statement.parameters.length === 0 && statement.text.includes("(N'dbo_Persons')");
      if (isMarks && (marks += 1) === 2) return [[[lsnBytes(lsn(1_000)), 0]]];
      return asked(statement);
    };
    expect(changesOf(await upTo(read(), 1_201))).toHaveLength(1_200);
    expect(marks).toBeGreaterThan(2);
  });
});
