/** The scalar functions of change data capture at their borders. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { TestServer, TestSession } from '../test-server.ts';
import { captureTable } from '../test-captured-table.ts';

let server: TestServer;
let db: TestSession;
beforeEach(async () => {
  ({ server, db } = await captureTable());
});

const zeros = '00'.repeat(9);

describe('an LSN is stepped', () => {
  test.each([
    ['increment', `0x${zeros}FF`, `0x${'00'.repeat(8)}0100`],
    ['increment', `0x${'FF'.repeat(10)}`, `0x${zeros}00`],
    ['decrement', `0x${'00'.repeat(8)}0100`, `0x${zeros}FF`],
    ['decrement', `0x0000002A00000038000B`, `0x0000002A00000038000A`],
  ])('%s of %s', async (step, from, to) => {
    expect(await db.value(`SELECT sys.fn_cdc_${step}_lsn(${from})`)).toBe(to);
  });

  test('NULL stays NULL', async () => {
    expect(await db.rows('SELECT sys.fn_cdc_increment_lsn(NULL), sys.fn_cdc_decrement_lsn(NULL)')).toEqual([
      [null, null],
    ]);
  });
});

describe('a time is mapped', () => {
  /** Two commits, a second apart, at 09:15:31 and 09:15:32. */
  beforeEach(async () => {
    for (const id of [1, 2]) {
      server.time.advance(1_000);
      await db.rows(`INSERT T (Id) VALUES (${id})`);
    }
  });

  const idAt = (relation: string, time: string) =>
    db.value(
      `SELECT MAX(Id) FROM cdc.dbo_T_CT WHERE __$start_lsn = sys.fn_cdc_map_time_to_lsn(N'${relation}', '2026-11-20T${time}')`,
    );

  test.each([
    ['largest less than', '09:15:32', 1],
    ['largest less than or equal', '09:15:32', 2],
    ['smallest greater than', '09:15:31', 2],
    ['smallest greater than or equal', '09:15:31', 1],
    ['Largest Less Than Or Equal', '09:15:33', 2],
  ])('%s %s: change %i', async (relation, time, id) => {
    expect(await idAt(relation, time)).toBe(id);
  });

  test('what lies behind the last commit, or before the first, is NULL', async () => {
    expect(
      await db.rows(`SELECT sys.fn_cdc_map_time_to_lsn('smallest greater than', '2026-11-20T09:15:32'),
        sys.fn_cdc_map_time_to_lsn('largest less than', '2026-11-20T09:15:00')`),
    ).toEqual([[null, null]]);
  });

  test('an LSN that is no commit has no time', async () => {
    expect(
      await db.rows(`SELECT sys.fn_cdc_map_lsn_to_time(sys.fn_cdc_get_max_lsn()),
        sys.fn_cdc_map_lsn_to_time(sys.fn_cdc_decrement_lsn(sys.fn_cdc_get_max_lsn()))`),
    ).toEqual([['2026-11-20 09:15:32.000', null]]);
  });
});

test('every commit that was captured has a row of its own in the mapping, what was rolled back none', async () => {
  const count = () => db.value('SELECT COUNT(*) FROM cdc.lsn_time_mapping WHERE tran_id <> 0x00');
  const before = Number(await count());
  await db.rows('INSERT T (Id) VALUES (1); BEGIN TRAN; INSERT T (Id) VALUES (2), (3); COMMIT');
  await db.rows('BEGIN TRAN; INSERT T (Id) VALUES (4); ROLLBACK');
  expect(Number(await count()) - before).toBe(2);
  expect(
    await db.value(
      'SELECT COUNT(*) FROM cdc.dbo_T_CT WHERE __$start_lsn NOT IN (SELECT start_lsn FROM cdc.lsn_time_mapping)',
    ),
  ).toBe(0);
});

test('a mask answers for its columns only', async () => {
  await db.rows("INSERT T (Id, Name) VALUES (1, 'a'); UPDATE T SET Notes = 'n'");
  expect(
    await db.rows(`SELECT sys.fn_cdc_is_bit_set(0, __$update_mask), sys.fn_cdc_is_bit_set(2, __$update_mask),
      sys.fn_cdc_is_bit_set(3, __$update_mask), sys.fn_cdc_is_bit_set(1000, __$update_mask),
      sys.fn_cdc_has_column_changed('dbo_T', 'notes', __$update_mask), sys.fn_cdc_has_column_changed('dbo_T', 'Nope', __$update_mask)
      FROM cdc.dbo_T_CT WHERE __$operation = 4`),
  ).toEqual([[false, false, true, false, true, null]]);
});
