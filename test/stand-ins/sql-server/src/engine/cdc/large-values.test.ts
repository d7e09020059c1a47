/** What change tables hold of large values ("cdc.<capture_instance>_CT"), on both sides of a byte of the update mask. */
import { expect, test } from 'vitest';
import { TestServer, type TestSession } from '../test-server.ts';

async function captured(width: number): Promise<TestSession> {
  const db = new TestServer().connect();
  const fillers = Array.from({ length: width - 8 }, (_, i) => `f${String(i)} int`);
  const large = 'v varchar(max), n nvarchar(max), b varbinary(max), x xml, t text, w ntext, i image';
  await db.rows(`CREATE TABLE T (${['Id int PRIMARY KEY', ...fillers, large].join()})`);
  await db.rows("EXEC sys.sp_cdc_enable_db; EXEC sys.sp_cdc_enable_table 'dbo', 'T', @role_name = NULL");
  await db.rows("INSERT T (Id, v, n, b, x, t, w, i) VALUES (1, 'v', N'n', 0x0B, N'<x/>', 't', N'w', 0x01)");
  return db;
}

const imagesOf = (db: TestSession): Promise<unknown[][]> =>
  db.rows(`SELECT __$operation, __$update_mask, v, n, b, x, t, w, i FROM cdc.dbo_T_CT
    ORDER BY __$start_lsn, __$command_id, __$seqval, __$operation`);

const ALL = ['v', 'n', '0x0B', '<x/>', 't', 'w', '0x01'];
const none = [null, null, null];

test.each([
  [9, '0x01FF', '0x0002', '0x0004'],
  [16, '0xFFFF', '0x0002', '0x0200'],
  [17, '0x01FFFF', '0x000002', '0x000400'],
])('%i columns', async (width, full, small, large) => {
  const db = await captured(width);
  await db.rows('UPDATE T SET f0 = 1; UPDATE T SET v = NULL; UPDATE T SET Id = 2; DELETE T');
  const rest = ['n', '0x0B', '<x/>'];
  expect(await imagesOf(db)).toEqual([
    [2, full, ...ALL],
    [3, small, null, null, null, null, ...none],
    [4, small, ...ALL],
    [3, large, 'v', null, null, null, ...none],
    [4, large, null, ...ALL.slice(1)],
    [1, full, null, ...rest, ...none],
    [2, full, null, ...ALL.slice(1)],
    [1, full, null, ...rest, ...none],
  ]);
});
