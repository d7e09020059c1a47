import { describe, expect, test } from 'vitest';
import { lsn } from '../../../../test/support/fake-cdc-client.ts';
import { instance, pointAt, rig, row } from '../../../../test/support/table-reader-rig.ts';

describe('history that a table reader does not find', () => {
  test('a place below the low-water mark is lost history, and says from where to where', async () => {
    const { read } = rig([instance([], { startLsn: lsn(9) })], 12);
    await expect(read(pointAt(4)).next()).rejects.toMatchObject({
      code: 'HistoryLost',
      message: expect.stringMatching(`0x${lsn(9)}.*0x${lsn(5)}.*cleaned up unread`),
    });
  });

  test('an instance that was created anew is told apart from one that was cleaned up', async () => {
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
      message: expect.stringContaining('cleaned up unread'),
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
});
