import { beforeEach, expect, test } from 'vitest';
import { TestServer, type TestSession } from '../test-server.ts';

let server: TestServer;
let db: TestSession;

const ENABLE = "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'T', @role_name = NULL";

beforeEach(async () => {
  server = new TestServer();
  db = server.connect();
  await db.rows(
    'CREATE TABLE dbo.T (Id int PRIMARY KEY, Name nvarchar(20), Notes nvarchar(max), Old ntext, Twice AS (Id * 2))',
  );
  await db.rows(`EXEC sys.sp_cdc_enable_db; ${ENABLE}`);
});

const changes = (columns = 'Id, Name'): Promise<unknown[][]> =>
  db.rows(
    `SELECT __$operation, ${columns} FROM cdc.dbo_T_CT ORDER BY __$start_lsn, __$command_id, __$seqval, __$operation`,
  );

test('an insert is 2, a delete 1, an update 3 and 4', async () => {
  await db.rows("INSERT T (Id, Name) VALUES (1, 'a'); UPDATE T SET Name = 'b'; DELETE T");
  expect(await changes()).toEqual([
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
  expect(await changes('Id')).toEqual([[2, 1]]);
  await db.errors('BEGIN TRAN; INSERT T (Id) VALUES (4); INSERT T (Id) VALUES (5), (1); COMMIT');
  expect(await changes('Id')).toEqual([
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
  expect(await changes('Notes, Old, Twice')).toEqual([
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
  expect((await changes()).slice(3)).toEqual([
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
  expect((await changes()).slice(2)).toEqual([
    [3, 1, 'a'],
    [4, 1, 'b'],
    [3, 2, 'b'],
    [4, 2, 'a'],
  ]);
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

const bytesOf = (hex: unknown): Uint8Array => Uint8Array.from(Buffer.from(String(hex).slice(2), 'hex'));

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

test('a delay holds changes back until it is over', async () => {
  server.engine.setCaptureDelay(5000);
  const before = await db.value('SELECT sys.fn_cdc_get_max_lsn()');
  await db.rows('INSERT T (Id) VALUES (1)');
  server.time.advance(4999);
  expect(await changes('Id')).toEqual([]);
  expect(await db.value('SELECT sys.fn_cdc_get_max_lsn()')).toBe(before);
  server.time.advance(1);
  expect(await changes('Id')).toEqual([[2, 1]]);
  expect(server.time.pending).toBe(0);
});

test('while capture is paused the max LSN stands still, then everything comes', async () => {
  server.engine.pauseCapture();
  await db.rows('INSERT T (Id) VALUES (1); INSERT T (Id) VALUES (2)');
  expect(await changes('Id')).toEqual([]);
  expect(await db.value('SELECT COUNT(*) FROM sys.dm_cdc_log_scan_sessions')).toBe(0);
  server.engine.resumeCapture();
  expect(await changes('Id')).toEqual([
    [2, 1],
    [2, 2],
  ]);
});

test('an idle scan moves the max LSN with a dummy row', async () => {
  const before = String(await db.value('SELECT sys.fn_cdc_get_max_lsn()'));
  server.engine.scan('shop');
  expect(String(await db.value('SELECT sys.fn_cdc_get_max_lsn()')) > before).toBe(true);
  expect(await db.value('SELECT TOP (1) tran_id FROM cdc.lsn_time_mapping ORDER BY start_lsn DESC')).toBe(
    '0x00',
  );
});

test('cleanup moves the low-water mark and older rows are gone', async () => {
  await db.rows('INSERT T (Id) VALUES (1); INSERT T (Id) VALUES (2)');
  const mark = await db.value('SELECT MAX(__$start_lsn) FROM cdc.dbo_T_CT');
  const from = bytesOf(await db.value("SELECT sys.fn_cdc_get_min_lsn('dbo_T')"));
  await db.rows('EXEC sys.sp_cdc_cleanup_change_table @capture_instance = @ci, @low_water_mark = @mark', {
    ci: 'dbo_T',
    mark: bytesOf(mark),
  });
  expect(await changes('Id')).toEqual([[2, 2]]);
  expect(await db.value("SELECT sys.fn_cdc_get_min_lsn('dbo_T')")).toBe(mark);
  expect(
    await db.errors(
      "DECLARE @to binary(10) = sys.fn_cdc_get_max_lsn(); SELECT * FROM cdc.fn_cdc_get_all_changes_dbo_T(@from, @to, N'all')",
      { from },
    ),
  ).toEqual([313]);
  expect(await db.errors("EXEC sys.sp_cdc_cleanup_change_table 'dbo_T', 0x00000000000000000001")).toEqual([
    22964,
  ]);
});

test('an unknown instance has ten zero bytes for its low-water mark', async () => {
  expect(await db.value("SELECT sys.fn_cdc_get_min_lsn(N'nope')")).toBe(`0x${'00'.repeat(10)}`);
});

test('a second instance begins at its own LSN with its own columns; a third is refused', async () => {
  await db.rows("INSERT T (Id, Name) VALUES (1, 'a'); ALTER TABLE T ADD Extra int NULL");
  await db.rows(
    "EXEC sys.sp_cdc_enable_table @source_schema = 'dbo', @source_name = 'T', @role_name = NULL, @capture_instance = 'second', @captured_column_list = N'Extra, [Id]'",
  );
  await db.rows('INSERT T (Id, Extra) VALUES (2, 22)');
  expect(await db.rows('SELECT __$operation, Id, Extra FROM cdc.second_CT')).toEqual([[2, 2, 22]]);
  expect(await changes('Id')).toEqual([
    [2, 1],
    [2, 2],
  ]);
  expect(
    await db.value(
      "SELECT CASE WHEN sys.fn_cdc_get_min_lsn('second') > sys.fn_cdc_get_min_lsn('dbo_T') THEN 1 ELSE 0 END",
    ),
  ).toBe(1);
  expect(await db.errors("EXEC sys.sp_cdc_enable_table 'dbo', 'T', 'third', @role_name = NULL")).toEqual([
    22962,
  ]);
  expect(await db.rows('SELECT ddl_command FROM cdc.ddl_history')).toHaveLength(1);
});

test('switching on and off says what is wrong', async () => {
  expect(await db.errors(ENABLE)).toEqual([22926]);
  expect(await db.errors('EXEC sys.sp_cdc_enable_db')).toEqual([22906]);
  expect(await db.errors("EXEC sys.sp_cdc_enable_table 'dbo', 'Nope', @role_name = NULL")).toEqual([22931]);
  expect(
    await db.errors(
      "EXEC sys.sp_cdc_enable_table 'dbo', 'T', 'x', @role_name = NULL, @captured_column_list = N'Id, Nope'",
    ),
  ).toEqual([22923]);
  expect(await db.errors("EXEC sys.sp_cdc_enable_table 'dbo', 'T'")).toEqual([201]);
  expect(await db.errors("EXEC sys.sp_cdc_disable_table 'dbo', 'T', 'nope'")).toEqual([22960]);
  expect(await db.errors('USE master; EXEC sys.sp_cdc_enable_db')).toEqual([22902]);
  expect(await db.errors('EXEC sys.sp_cdc_help_change_data_capture')).toEqual([22901]);
});

test('before CDC is enabled there is nothing of it', async () => {
  await db.rows('CREATE DATABASE bare');
  await db.rows('USE bare');
  expect(await db.value('SELECT sys.fn_cdc_get_max_lsn()')).toBe(null);
  expect(await db.errors('SELECT * FROM cdc.change_tables')).toEqual([208]);
  expect(await db.errors("SELECT * FROM cdc.fn_cdc_get_all_changes_dbo_T(0x01, 0x02, N'all')")).toEqual([
    208,
  ]);
});

test('disabling takes the change table away; the other tables go on', async () => {
  await db.rows(
    "CREATE TABLE U (Id int PRIMARY KEY); EXEC sys.sp_cdc_enable_table 'dbo', 'U', @role_name = NULL",
  );
  await db.rows("EXEC sys.sp_cdc_disable_table 'dbo', 'T', 'all'");
  await db.rows('INSERT T (Id) VALUES (1); INSERT U VALUES (1)');
  expect(await db.errors('SELECT * FROM cdc.dbo_T_CT')).toEqual([208]);
  expect(await db.value('SELECT COUNT(*) FROM cdc.dbo_U_CT')).toBe(1);
  await db.rows('EXEC sys.sp_cdc_disable_db');
  expect(await db.errors('SELECT * FROM cdc.dbo_U_CT')).toEqual([208]);
  expect(await db.value("SELECT is_cdc_enabled FROM sys.databases WHERE name = 'shop'")).toBe(false);
});

test('a captured table cannot be truncated, and takes its instance with it when it is dropped', async () => {
  expect(await db.errors('TRUNCATE TABLE T')).toEqual([4711]);
  await db.rows('DROP TABLE T');
  expect(await db.rows('SELECT * FROM cdc.change_tables')).toEqual([]);
});

test('a dropped column is NULL in what is captured after it', async () => {
  await db.rows(
    "INSERT T (Id, Name) VALUES (1, 'a'); ALTER TABLE T DROP COLUMN Name; INSERT T (Id) VALUES (2)",
  );
  expect(await changes()).toEqual([
    [2, 1, 'a'],
    [2, 2, null],
  ]);
});

test('sp_cdc_help_change_data_capture lists instances', async () => {
  const { results } = await db.run("EXEC sys.sp_cdc_help_change_data_capture 'dbo', 'T'");
  expect(results[0]?.[0]?.slice(0, 3)).toEqual(['dbo', 'T', 'dbo_T']);
  expect(results[0]?.[0]?.at(-1)).toBe('[Id], [Name], [Notes], [Old], [Twice]');
});

test('one statement asks about many tables at once', async () => {
  await db.rows(
    "CREATE TABLE U (Id int PRIMARY KEY); EXEC sys.sp_cdc_enable_table 'dbo', 'U', @role_name = NULL",
  );
  const seen = bytesOf(await db.value('SELECT sys.fn_cdc_get_max_lsn()'));
  await db.rows('INSERT U VALUES (1)');
  const probe = `SELECT i, moved, low FROM (
      SELECT 0 AS i, CASE WHEN EXISTS (SELECT 1 FROM cdc.[dbo_T_CT] WHERE __$start_lsn > @p0) THEN 1 ELSE 0 END AS moved, sys.fn_cdc_get_min_lsn(N'dbo_T') AS low
      UNION ALL SELECT 1, CASE WHEN EXISTS (SELECT 1 FROM cdc.[dbo_U_CT] WHERE __$start_lsn > @p1) THEN 1 ELSE 0 END, sys.fn_cdc_get_min_lsn(N'dbo_U')
    ) AS probe WHERE moved = 1`;
  const rows = await db.rows(probe, { p0: seen, p1: seen });
  expect(rows.map(([i, moved]) => [i, moved])).toEqual([[1, 1]]);
});

test('cleaning up a capture instance that does not exist is an error', () => {
  const mark = new Uint8Array(10);
  expect(() => server.engine.runCleanup('shop', 'dbo_Nope', mark)).toThrow(
    expect.objectContaining({ number: 22960 }),
  );
  expect(() => server.engine.runCleanup('shop', 'DBO_t', mark)).not.toThrow();
});
