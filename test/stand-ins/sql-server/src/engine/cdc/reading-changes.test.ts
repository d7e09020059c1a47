import { beforeEach, expect, test } from 'vitest';
import type { TestServer, TestSession } from '../test-server.ts';
import { bytesOf, captureTable } from '../test-captured-table.ts';

let server: TestServer;
let db: TestSession;

beforeEach(async () => {
  ({ server, db } = await captureTable());
});

test('the function reads a closed range, with and without the image before updates', async () => {
  await db.rows("INSERT T (Id, Name) VALUES (1, 'a'); UPDATE T SET Name = 'b'");
  const read = (option: string): Promise<unknown[][]> =>
    db.rows(`DECLARE @from binary(10) = sys.fn_cdc_get_min_lsn(N'dbo_T'), @to binary(10) = sys.fn_cdc_get_max_lsn();
      SELECT __$operation, Name FROM cdc.fn_cdc_get_all_changes_dbo_T(@from, @to, N'${option}')`);
  expect(await read('all')).toEqual([
    [2, 'a'],
    [4, 'b'],
  ]);
  expect(await read('all update old')).toEqual([
    [2, 'a'],
    [3, 'a'],
    [4, 'b'],
  ]);
});

test('out of range, NULL and unknown options fail with 313', async () => {
  await db.rows('INSERT T (Id) VALUES (1)');
  const failing = async (from: string, to: string, option = 'all'): Promise<number[]> =>
    db.errors(`DECLARE @min binary(10) = sys.fn_cdc_get_min_lsn('dbo_T'), @max binary(10) = sys.fn_cdc_get_max_lsn();
      DECLARE @from binary(10) = ${from}, @to binary(10) = ${to};
      SELECT * FROM cdc.fn_cdc_get_all_changes_dbo_T(@from, @to, N'${option}')`);
  expect(await failing('@min', '@max')).toEqual([]);
  expect(await failing('sys.fn_cdc_decrement_lsn(@min)', '@max')).toEqual([313]);
  expect(await failing('@min', 'sys.fn_cdc_increment_lsn(@max)')).toEqual([313]);
  expect(await failing('sys.fn_cdc_increment_lsn(@max)', '@max')).toEqual([313]);
  expect(await failing('NULL', '@max')).toEqual([313]);
  expect(await failing('@min', '@max', 'everything')).toEqual([313]);
  expect(await db.errors("SELECT * FROM cdc.fn_cdc_get_all_changes_dbo_Nope(0x01, 0x02, N'all')")).toEqual([
    208,
  ]);
});

const PAGE = `SELECT TOP (@n) __$start_lsn, __$seqval, __$operation, [Id], CONVERT(varchar(41), [Name]) AS [Name]
  FROM cdc.[fn_cdc_get_all_changes_dbo_T](@from, @to, N'all update old')
  WHERE (__$start_lsn > @lsn OR (__$start_lsn = @lsn AND (__$seqval > @seqval OR (__$seqval = @seqval AND __$operation > @op))))
  ORDER BY __$start_lsn, __$seqval, __$operation`;

test.each([1, 2, 3, 7, 100])('pages of %i rows by the complete key give every row once', async (size) => {
  await db.rows(
    "INSERT T (Id) VALUES (1), (2), (3), (4); UPDATE T SET Name = 'x'; BEGIN TRAN; UPDATE T SET Id = 10 WHERE Id = 1; DELETE T WHERE Id = 2; COMMIT",
  );
  const [from, to] = (
    await db.rows("SELECT sys.fn_cdc_get_min_lsn('dbo_T'), sys.fn_cdc_get_max_lsn()")
  )[0] as [string, string];
  const all = await db.rows('SELECT __$start_lsn, __$seqval, __$operation, Id, Name FROM cdc.dbo_T_CT');
  const read: unknown[][] = [];
  let [lsn, seqval, op]: unknown[] = [`0x${'00'.repeat(10)}`, `0x${'00'.repeat(10)}`, 0];
  for (;;) {
    const page = await db.rows(PAGE, {
      n: size,
      from: bytesOf(from),
      to: bytesOf(to),
      lsn: bytesOf(lsn),
      seqval: bytesOf(seqval),
      op: op as number,
    });
    read.push(...page);
    if (page.length < size) break;
    [lsn, seqval, op] = page.at(-1) as unknown[];
  }
  expect(read).toEqual(all);
});

test('a page by the change table itself, ordered by command id', async () => {
  await db.rows("INSERT T (Id) VALUES (1), (2); UPDATE T SET Name = 'x'");
  const rows = await db.rows(`SELECT TOP (2) __$operation, Id FROM cdc.[dbo_T_CT]
    WHERE __$start_lsn > 0x00 OR (__$start_lsn = 0x00 AND (__$command_id > 0 OR (__$command_id = 0 AND __$seqval > 0x00)))
    ORDER BY __$start_lsn, __$command_id, __$seqval, __$operation`);
  expect(rows).toEqual([
    [2, 1],
    [2, 2],
  ]);
});

test('the catalogue describes instances', async () => {
  expect(
    await db.rows(`SELECT ct.capture_instance, s.name, t.name, t.is_tracked_by_cdc, ct.start_lsn, ct.supports_net_changes, ct.role_name
      FROM cdc.change_tables AS ct JOIN sys.tables AS t ON t.object_id = ct.source_object_id JOIN sys.schemas AS s ON s.schema_id = t.schema_id`),
  ).toEqual([
    ['dbo_T', 'dbo', 'T', true, await db.value("SELECT sys.fn_cdc_get_min_lsn('dbo_T')"), true, null],
  ]);
  expect(
    await db.rows(
      "SELECT column_name, column_id, column_type, column_ordinal, is_computed FROM cdc.captured_columns WHERE object_id = OBJECT_ID(N'cdc.dbo_T_CT') ORDER BY column_ordinal",
    ),
  ).toEqual([
    ['Id', 1, 'int', 1, false],
    ['Name', 2, 'nvarchar', 2, false],
    ['Notes', 3, 'nvarchar', 3, false],
    ['Old', 4, 'ntext', 4, false],
    ['Twice', 5, 'int', 5, true],
  ]);
  expect(await db.rows('SELECT column_name, index_ordinal, column_id FROM cdc.index_columns')).toEqual([
    ['Id', 1, 1],
  ]);
  expect(await db.rows('SELECT name FROM sys.databases WHERE is_cdc_enabled = 1')).toEqual([['shop']]);
});

test('commit times stand in cdc.lsn_time_mapping, in UTC', async () => {
  await db.rows('INSERT T (Id) VALUES (1)');
  server.time.advance(1500);
  await db.rows('INSERT T (Id) VALUES (2)');
  const rows =
    await db.rows(`SELECT m.tran_end_time, DATEDIFF_BIG(millisecond, '2026-11-20T09:15:30', m.tran_end_time)
    FROM cdc.lsn_time_mapping AS m WHERE m.start_lsn IN (SELECT __$start_lsn FROM cdc.dbo_T_CT) ORDER BY m.start_lsn`);
  expect(rows).toEqual([
    ['2026-11-20 09:15:30.000', 0n],
    ['2026-11-20 09:15:31.500', 1500n],
  ]);
  expect(await db.value('SELECT sys.fn_cdc_map_lsn_to_time(sys.fn_cdc_get_max_lsn())')).toBe(
    '2026-11-20 09:15:31.500',
  );
  expect(
    await db.value(
      "SELECT COUNT(*) FROM cdc.dbo_T_CT WHERE __$start_lsn = sys.fn_cdc_map_time_to_lsn('largest less than or equal', '2026-11-20T09:15:31')",
    ),
  ).toBe(1);
});

test('IN and BETWEEN on start_lsn find exactly what they say', async () => {
  await db.rows('INSERT T (Id) VALUES (1); INSERT T (Id) VALUES (2); INSERT T (Id) VALUES (3)');
  const lsns = (await db.rows('SELECT DISTINCT __$start_lsn FROM cdc.dbo_T_CT')).map(([lsn]) => bytesOf(lsn));
  const [a, , c] = lsns as [Uint8Array, Uint8Array, Uint8Array];
  expect(
    await db.value('SELECT COUNT(*) FROM cdc.lsn_time_mapping WHERE start_lsn IN (@a, @c)', { a, c }),
  ).toBe(2);
  expect(
    await db.value('SELECT COUNT(*) FROM cdc.lsn_time_mapping WHERE start_lsn BETWEEN @a AND @c', { a, c }),
  ).toBe(3);
  expect(
    await db.value('SELECT COUNT(*) FROM cdc.lsn_time_mapping WHERE start_lsn > @a AND start_lsn < @c', {
      a,
      c,
    }),
  ).toBe(1);
});
