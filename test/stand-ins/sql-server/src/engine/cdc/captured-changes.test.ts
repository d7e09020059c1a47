import { beforeEach, expect, test } from 'vitest';
import type { TestSession } from '../test-server.ts';
import { captureTable, changesOf } from '../test-captured-table.ts';

let db: TestSession;

beforeEach(async () => {
  ({ db } = await captureTable());
});

test('an insert is 2, a delete 1, an update 3 and 4', async () => {
  await db.rows("INSERT T (Id, Name) VALUES (1, 'a'); UPDATE T SET Name = 'b'; DELETE T");
  expect(await changesOf(db)).toEqual([
    [2, 1, 'a'],
    [3, 1, 'a'],
    [4, 1, 'b'],
    [1, 1, 'b'],
  ]);
});

test('rows of one transaction share the commit LSN, seqvals are smaller than it and grow', async () => {
  await db.rows(
    "BEGIN TRAN; INSERT T (Id) VALUES (1), (2); UPDATE T SET Name = 'x' WHERE Id = 1; COMMIT; INSERT T (Id) VALUES (3)",
  );
  const rows = (await db.rows(
    'SELECT __$start_lsn, __$seqval, __$operation, __$command_id FROM cdc.dbo_T_CT',
  )) as [string, string, number, number][];
  const lsns = new Set(rows.map(([lsn]) => lsn));
  expect(lsns.size).toBe(2);
  expect(rows.map(([, , operation, command]) => [operation, command])).toEqual([
    [2, 1],
    [2, 1],
    [3, 2],
    [4, 2],
    [2, 1],
  ]);
  expect(rows[2]?.[1]).toBe(rows[3]?.[1]);
  expect(rows.every(([lsn, seqval]) => seqval < lsn)).toBe(true);
  expect(rows.map(([, seqval]) => seqval).sort()).toEqual(rows.map(([, seqval]) => seqval));
});

test('what is rolled back is never captured', async () => {
  await db.rows(
    'BEGIN TRAN; INSERT T (Id) VALUES (1); SAVE TRAN s; INSERT T (Id) VALUES (2); ROLLBACK TRAN s; COMMIT; BEGIN TRAN; INSERT T (Id) VALUES (3); ROLLBACK',
  );
  expect(await changesOf(db, 'Id')).toEqual([[2, 1]]);
  await db.errors('BEGIN TRAN; INSERT T (Id) VALUES (4); INSERT T (Id) VALUES (5), (1); COMMIT');
  expect(await changesOf(db, 'Id')).toEqual([
    [2, 1],
    [2, 4],
  ]);
});

test('the mask has the lowest ordinals in its last byte and is all ones for insert and delete', async () => {
  await db.rows("INSERT T (Id, Name) VALUES (1, 'a'); UPDATE T SET Name = 'b'; UPDATE T SET Name = 'b'");
  expect(await db.rows('SELECT __$operation, __$update_mask FROM cdc.dbo_T_CT')).toEqual([
    [2, '0x1F'],
    [3, '0x02'],
    [4, '0x02'],
  ]);
  const columns = Array.from({ length: 17 }, (_, i) => `C${String(i + 1)} int`).join(', ');
  await db.rows(
    `CREATE TABLE W (${columns}); INSERT W (C1) VALUES (0); EXEC sys.sp_cdc_enable_table 'dbo', 'W', @role_name = NULL; UPDATE W SET C1 = 1, C10 = 1`,
  );
  expect(
    await db.rows(
      'SELECT DISTINCT __$update_mask, sys.fn_cdc_is_bit_set(10, __$update_mask), sys.fn_cdc_is_bit_set(17, __$update_mask) FROM cdc.dbo_W_CT',
    ),
  ).toEqual([['0x000201', true, false]]);
  expect(
    await db.value("SELECT sys.fn_cdc_is_bit_set(sys.fn_cdc_get_column_ordinal('dbo_W', 'C9'), 0x000100)"),
  ).toBe(true);
});

test('large values that did not change are NULL before an update, text types are NULL before and in deletes', async () => {
  await db.rows(
    "INSERT T (Id, Name, Notes, Old) VALUES (1, 'a', 'long', 'old'); UPDATE T SET Name = 'b'; UPDATE T SET Notes = 'new'; DELETE T",
  );
  expect(await changesOf(db, 'Notes, Old, Twice')).toEqual([
    [2, 'long', 'old', null],
    [3, null, null, null],
    [4, 'long', 'old', null],
    [3, 'long', null, null],
    [4, 'new', 'old', null],
    [1, 'new', null, null],
  ]);
});

test('an update of the key is a delete and an insert with one seqval', async () => {
  await db.rows("INSERT T (Id, Name) VALUES (1, 'a'); UPDATE T SET Id = 2");
  const rows = await db.rows(
    'SELECT __$operation, Id, __$seqval, __$update_mask FROM cdc.dbo_T_CT WHERE __$operation <> 2 OR Id = 2',
  );
  expect(rows.map(([operation, id]) => [operation, id])).toEqual([
    [1, 1],
    [2, 2],
  ]);
  expect(rows[0]?.slice(2)).toEqual(rows[1]?.slice(2));
});

test('keys of many rows go through split, sort and collapse', async () => {
  await db.rows("INSERT T (Id, Name) VALUES (1, 'a'), (2, 'b'), (3, 'c'); UPDATE T SET Id = Id + 1");
  expect((await changesOf(db)).slice(3)).toEqual([
    [1, 1, 'a'],
    [3, 2, 'b'],
    [4, 2, 'a'],
    [3, 3, 'c'],
    [4, 3, 'b'],
    [2, 4, 'c'],
  ]);
});

test('swapping two keys is two updates', async () => {
  await db.rows("INSERT T (Id, Name) VALUES (1, 'a'), (2, 'b'); UPDATE T SET Id = 3 - Id");
  expect((await changesOf(db)).slice(2)).toEqual([
    [3, 1, 'a'],
    [4, 1, 'b'],
    [3, 2, 'b'],
    [4, 2, 'a'],
  ]);
});

test('an update of another unique column is a delete and an insert with one seqval', async () => {
  await db.rows(
    "CREATE UNIQUE INDEX Names ON T (Name); INSERT T (Id, Name) VALUES (1, 'a'), (2, 'b'); UPDATE T SET Name = Name + 'c'",
  );
  expect((await changesOf(db)).slice(2)).toEqual([
    [1, 1, 'a'],
    [2, 1, 'ac'],
    [1, 2, 'b'],
    [2, 2, 'bc'],
  ]);
  const seqvals = await db.rows(
    "SELECT DISTINCT __$seqval FROM cdc.dbo_T_CT WHERE Name <> N'a' OR __$operation = 1",
  );
  expect(seqvals).toHaveLength(3);
});

test('cascading deletes are captured too', async () => {
  await db.rows(
    "CREATE TABLE P (Id int PRIMARY KEY, TId int REFERENCES T (Id) ON DELETE CASCADE); EXEC sys.sp_cdc_enable_table 'dbo', 'P', @role_name = NULL",
  );
  await db.rows('INSERT T (Id) VALUES (1); INSERT P VALUES (10, 1); DELETE T');
  expect(await db.rows('SELECT __$operation, Id FROM cdc.dbo_P_CT')).toEqual([
    [2, 10],
    [1, 10],
  ]);
});
