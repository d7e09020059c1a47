import { beforeEach, expect, test } from 'vitest';
import type { TestServer, TestSession } from '../test-server.ts';
import { captureTable } from '../test-captured-table.ts';

let server: TestServer;
let db: TestSession;

beforeEach(async () => {
  ({ server, db } = await captureTable());
});

const inOrderOf = (order: string): Promise<unknown[][]> =>
  db.rows(`SELECT __$operation, Id, Name FROM cdc.dbo_T_CT ORDER BY ${order}`);

const BY_COMMAND = '__$start_lsn, __$command_id, __$seqval, __$operation';
const BY_SEQVAL = '__$start_lsn, __$seqval, __$operation';

test('shuffled seqvals order rows unlike their commands, and the changes of one row like them', async () => {
  server.engine.shuffleSeqvals(true);
  await db.rows(`BEGIN TRAN; INSERT T (Id, Name) VALUES (1, 'a'); INSERT T (Id, Name) VALUES (2, 'b');
    UPDATE T SET Name = 'c' WHERE Id = 1; UPDATE T SET Id = 3 WHERE Id = 2; DELETE T WHERE Id = 1; COMMIT`);
  expect(await inOrderOf(BY_COMMAND)).toEqual([
    [2, 1, 'a'],
    [2, 2, 'b'],
    [3, 1, 'a'],
    [4, 1, 'c'],
    [1, 2, 'b'],
    [2, 3, 'b'],
    [1, 1, 'c'],
  ]);
  expect(await inOrderOf(BY_SEQVAL)).toEqual([
    [2, 2, 'b'],
    [1, 2, 'b'],
    [2, 3, 'b'],
    [2, 1, 'a'],
    [3, 1, 'a'],
    [4, 1, 'c'],
    [1, 1, 'c'],
  ]);
});

const LOW =
  "DECLARE @a binary(10) = sys.fn_cdc_get_min_lsn('dbo_T'), @b binary(10) = sys.fn_cdc_get_max_lsn();";
const READS = [
  'SELECT COUNT(*) FROM cdc.dbo_T_CT',
  `${LOW} SELECT COUNT(*) FROM cdc.fn_cdc_get_all_changes_dbo_T(@a, @b, N'all')`,
];

test('the functions give shuffled rows by their seqvals, also from a place inside', async () => {
  await db.rows("INSERT T (Id, Name) VALUES (9, 'before')");
  server.engine.shuffleSeqvals(true);
  await db.rows(
    'BEGIN TRAN; INSERT T (Id) VALUES (1); INSERT T (Id) VALUES (2); INSERT T (Id) VALUES (3); COMMIT',
  );
  server.engine.shuffleSeqvals(false);
  await db.rows("INSERT T (Id, Name) VALUES (10, 'behind')");
  const changes =
    "cdc.fn_cdc_get_all_changes_dbo_T(sys.fn_cdc_get_min_lsn('dbo_T'), sys.fn_cdc_get_max_lsn(), 'all')";
  const found = await db.rows(`SELECT Id, __$seqval, __$start_lsn FROM ${changes} ORDER BY ${BY_SEQVAL}`);
  expect(found.map(([id]) => id)).toEqual([9, 3, 2, 1, 10]);
  const [, , [, seqval, lsn] = []] = found;
  const behind = `__$start_lsn > ${String(lsn)} OR (__$start_lsn = ${String(lsn)} AND __$seqval > ${String(seqval)})`;
  expect(await db.rows(`SELECT Id FROM ${changes} WHERE ${behind} ORDER BY ${BY_SEQVAL}`)).toEqual([
    [1],
    [10],
  ]);
});

test('a locked change table keeps its readers waiting until the lock is gone', async () => {
  const release = server.engine.lockChangeTable('shop', 'dbo_T');
  const answers = Promise.all(READS.map((read) => server.connect().value(read)));
  let answered = false;
  void answers.then(() => (answered = true));
  expect(await db.value('SELECT COUNT(*) FROM cdc.change_tables')).toBe(1);
  expect(Symbol.iterator in db.session.batch('SELECT 1', [], new AbortController().signal)).toBe(false);
  expect(answered).toBe(false);
  release();
  expect(await answers).toEqual([0, 0]);
  expect(() => server.engine.lockChangeTable('shop', 'nope')).toThrow(
    expect.objectContaining({ number: 22960 }),
  );
});

test('with a lock timeout the wait ends in 1222', async () => {
  const release = server.engine.lockChangeTable('shop', 'dbo_T');
  const waits = READS.map((read) => server.connect().errors(`SET LOCK_TIMEOUT 100; ${read}`));
  expect(await db.value('SELECT 1')).toBe(1);
  server.time.advance(100);
  expect(await Promise.all(waits)).toEqual([[1222], [1222]]);
  expect(await db.errors('SET LOCK_TIMEOUT 0; SELECT * FROM cdc.dbo_T_CT')).toEqual([1222]);
  expect(server.time.pending).toBe(0);
  release();
  expect(await db.errors('SELECT * FROM cdc.dbo_T_CT')).toEqual([]);
});

test('who gives up while he waits for a locked change table is let go', async () => {
  const release = server.engine.lockChangeTable('shop', 'dbo_T');
  const client = new AbortController();
  const waiting = server.connect().run('SELECT * FROM cdc.dbo_T_CT', {}, client.signal);
  client.abort(new Error('gone'));
  await expect(waiting).rejects.toThrow('gone');
  release();
});
