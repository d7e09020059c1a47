/** What a capture instance keeps, and which ranges its function gives: the borders of both. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { TestServer, TestSession } from '../test-server.ts';
import { bytesOf, captureTable, ENABLE } from '../test-captured-table.ts';

let server: TestServer;
let db: TestSession;
beforeEach(async () => {
  ({ server, db } = await captureTable());
});

const minOf = async (instance = 'dbo_T') =>
  String(await db.value('SELECT sys.fn_cdc_get_min_lsn(@instance)', { instance }));
const max = async () => String(await db.value('SELECT sys.fn_cdc_get_max_lsn()'));

/** One insert each, a transaction each. The commit LSNs, ascending. */
async function commits(...ids: readonly number[]): Promise<readonly string[]> {
  const lsns: string[] = [];
  for (const id of ids) {
    await db.rows(`INSERT T (Id) VALUES (${id})`);
    lsns.push(await max());
  }
  return lsns;
}

/** LSNs are ten bytes, written as hexadecimal digits: the next one, or the one before. */
function stepped(lsn: string | undefined, by: 1n | -1n): string {
  return `0x${(BigInt(lsn ?? 0) + by).toString(16).padStart(20, '0')}`;
}

/** Ids of the changes between two LSNs, or the number of the error. */
async function read(
  from: string | undefined,
  to: string | undefined,
  instance = 'dbo_T',
): Promise<readonly unknown[]> {
  const { results, messages } = await db.run(
    `SELECT Id FROM cdc.fn_cdc_get_all_changes_${instance}(@from, @to, N'all')`,
    { from: bytesOf(from), to: bytesOf(to) },
  );
  const [error] = messages.filter(({ severity }) => severity > 10);
  return error === undefined ? (results[0] ?? []).flat() : [error.number];
}

const cleanUp = (mark: string | undefined, instance = 'dbo_T') =>
  db.errors('EXEC sys.sp_cdc_cleanup_change_table @instance, @mark', { instance, mark: bytesOf(mark) });

describe('a range', () => {
  test('holds its first and its last LSN, and may be a single one', async () => {
    const [one, two, three] = await commits(1, 2, 3);
    expect(await read(one, three)).toEqual([1, 2, 3]);
    expect(await read(two, two)).toEqual([2]);
    expect(await read(stepped(one, 1n), stepped(three, -1n))).toEqual([2]);
  });

  test('without a change in it is empty, and no error', async () => {
    expect(await read(await minOf(), await max())).toEqual([]);
    const [one] = await commits(1);
    server.engine.scan('shop');
    expect(await read(stepped(one, 1n), await max())).toEqual([]);
  });

  test('may begin at the low-water mark and end at the max LSN, not one LSN further', async () => {
    const [low, [, two]] = [await minOf(), await commits(1, 2)];
    expect(await read(low, two)).toEqual([1, 2]);
    expect(await read(stepped(low, -1n), two)).toEqual([313]);
    expect(await read(low, stepped(two, 1n))).toEqual([313]);
  });

  test('that ends before it begins is an error', async () => {
    const [one, two] = await commits(1, 2);
    expect(await read(two, one)).toEqual([313]);
  });

  test('cannot reach what was committed and not captured yet', async () => {
    const [one] = await commits(1);
    server.engine.pauseCapture();
    await db.rows('INSERT T (Id) VALUES (2)');
    expect(await read(one, await max())).toEqual([1]);
    expect(await read(one, stepped(one, 1n))).toEqual([313]);
    server.engine.resumeCapture();
    expect(await read(one, await max())).toEqual([1, 2]);
  });

  test('of net changes there is none, although the instance would have them', async () => {
    await commits(1);
    expect(await db.value('SELECT supports_net_changes FROM cdc.change_tables')).toBe(true);
    expect(
      await db.errors(
        "SELECT * FROM cdc.fn_cdc_get_net_changes_dbo_T(0x00, sys.fn_cdc_get_max_lsn(), N'all')",
      ),
    ).toEqual([208]);
  });
});

describe('cleanup', () => {
  test('keeps the changes of its mark, and refuses a range that begins before it', async () => {
    const [one, two, three] = await commits(1, 2, 3);
    expect(await cleanUp(two)).toEqual([]);
    expect(await minOf()).toBe(two);
    expect(await read(two, three)).toEqual([2, 3]);
    expect(await read(one, three)).toEqual([313]);
    expect(await read(stepped(two, -1n), three)).toEqual([313]);
  });

  test('up to the max LSN leaves the last transaction, whole', async () => {
    await commits(1, 2);
    await db.rows('BEGIN TRAN; INSERT T (Id) VALUES (3); INSERT T (Id) VALUES (4); COMMIT');
    const last = await max();
    expect(await cleanUp(last)).toEqual([]);
    expect(await db.rows('SELECT Id FROM cdc.dbo_T_CT')).toEqual([[3], [4]]);
    expect(await read(last, last)).toEqual([3, 4]);
  });

  test('never moves a mark back, and NULL leaves it where it is', async () => {
    const [one, two, three] = await commits(1, 2, 3);
    await db.rows(
      "CREATE TABLE U (Id int PRIMARY KEY); EXEC sys.sp_cdc_enable_table 'dbo', 'U', @role_name = NULL",
    );
    await cleanUp(three);
    expect(await cleanUp(two)).toEqual([22964]);
    expect(await db.errors("EXEC sys.sp_cdc_cleanup_change_table 'dbo_T', NULL")).toEqual([]);
    server.engine.runCleanup('shop', 'dbo_T', bytesOf(one));
    expect(await minOf()).toBe(three);
    expect(await read(three, await max())).toEqual([3]);
  });

  test('of one instance takes nothing from another, nor the commit times that the other needs', async () => {
    await db.rows("EXEC sys.sp_cdc_enable_table 'dbo', 'T', 'second', @role_name = NULL");
    const second = await minOf('second');
    const [one, , three] = await commits(1, 2, 3);
    await cleanUp(three);
    expect(await minOf('second')).toBe(second);
    expect(await read(one, three, 'second')).toEqual([1, 2, 3]);
    expect(
      await db.value('SELECT COUNT(*) FROM cdc.lsn_time_mapping WHERE start_lsn = @one', {
        one: bytesOf(one),
      }),
    ).toBe(1);
    await cleanUp(three, 'second');
    expect(await db.value('SELECT MIN(start_lsn) FROM cdc.lsn_time_mapping')).toBe(three);
  });

  test('takes whole transactions: nothing of one is left while the rest of it is gone', async () => {
    await db.rows("BEGIN TRAN; INSERT T (Id, Name) VALUES (1, 'a'); UPDATE T SET Name = 'b'; COMMIT");
    const [next] = await commits(2);
    await cleanUp(next);
    expect(await db.rows('SELECT DISTINCT Id FROM cdc.dbo_T_CT')).toEqual([[2]]);
  });
});

describe('an instance', () => {
  test('has nothing from before it was made', async () => {
    const [one] = await commits(1);
    await db.rows("EXEC sys.sp_cdc_enable_table 'dbo', 'T', 'second', @role_name = NULL");
    const [two] = await commits(2);
    expect((await minOf('second')) > (one ?? '')).toBe(true);
    expect(await read(await minOf('second'), two, 'second')).toEqual([2]);
    expect(await read(one, two, 'second')).toEqual([313]);
  });

  test('that was disabled and made again begins anew: its name is known, its history is gone', async () => {
    const [one] = await commits(1);
    const before = await minOf();
    await db.rows(`EXEC sys.sp_cdc_disable_table 'dbo', 'T', 'dbo_T'; ${ENABLE}`);
    expect((await minOf()) > before).toBe(true);
    expect(await read(one, await max())).toEqual([313]);
    const [two] = await commits(2);
    expect(await read(await minOf(), two)).toEqual([2]);
  });

  test('that was dropped and made again within one transaction that fails is the old one', async () => {
    const [one] = await commits(1);
    await db.rows("BEGIN TRAN; EXEC sys.sp_cdc_disable_table 'dbo', 'T', 'dbo_T'; ROLLBACK");
    expect(await read(one, await max())).toEqual([1]);
  });

  test('what was captured and not scanned when its instance goes is in no change table', async () => {
    server.engine.pauseCapture();
    await db.rows('INSERT T (Id) VALUES (1)');
    await db.rows(`EXEC sys.sp_cdc_disable_table 'dbo', 'T', 'dbo_T'; ${ENABLE}`);
    server.engine.resumeCapture();
    expect(await db.rows('SELECT Id FROM cdc.dbo_T_CT')).toEqual([]);
  });
});
