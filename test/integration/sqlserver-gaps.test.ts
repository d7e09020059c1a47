/** Changes that are gone, and databases that were restored, over real sockets. */
import type { ChangeBatch, ChangeEvent, ResumePoint } from '@dstream/core';
import type { OnGap } from '@dstream/sqlserver';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tableOf } from '../support/captured-database.ts';
import { changesOf } from '../support/source-reading.ts';
import { SqlServerDatabase } from '../support/sql-server-database.ts';
import { startSqlServerStandIn, type RunningSqlServer } from '../support/sql-server-stand-in.ts';

let running: RunningSqlServer;

beforeAll(async () => {
  running = await startSqlServerStandIn();
});
afterAll(() => running[Symbol.asyncDispose]());

const insert = (id: number) => `INSERT INTO dbo.T (Id, Name) VALUES (${id}, N'n${id}')`;

interface Read {
  readonly changes: readonly ChangeEvent[];
  readonly end: ResumePoint;
  readonly generations: number;
}

/** Reads `table` until so many changes have come, and on to the end of what there is. */
async function read(
  database: SqlServerDatabase,
  { changes: wanted, after, onGap = 'stop' }: { changes: number; after?: ResumePoint; onGap?: OnGap },
): Promise<Read> {
  await using source = database.open(['T'], { onGap });
  const stop = new AbortController();
  const changes: ChangeEvent[] = [];
  let [end, generations] = [after as ResumePoint, 0];
  for await (const batch of source.read(await tableOf(source, 'T'), after, { signal: stop.signal })) {
    changes.push(...changesOf([batch]));
    end = batch.end;
    generations += batch.beginsGeneration === true ? 1 : 0;
    if (changes.length >= wanted && batch.end.position.endsWith('~')) break;
  }
  return { changes, end, generations };
}

const idsOf = ({ changes }: Read) => changes.map(({ metadata }) => metadata.id);
const operationsOf = ({ changes }: Read) => changes.map(({ metadata }) => metadata.operation);

async function withTable(): Promise<SqlServerDatabase> {
  const database = await SqlServerDatabase.create(running.connectionString);
  await database.capture('T');
  await database.transaction([insert(1)]);
  return database;
}

test('a restored database that has come past the checkpoint again is noticed, and its table stops', async () => {
  await using database = await withTable();
  const point = running.server.remember(database.name);
  await database.transaction([insert(2)]);
  const before = await read(database, { changes: 2 });
  running.server.restore(point);
  for (const id of [12, 13, 14]) await database.transaction([insert(id), insert(id * 10)]);
  await expect(read(database, { changes: 1, after: before.end })).rejects.toMatchObject({
    code: 'SourceWentBack',
  });
});

test('after a restore the table goes on behind the event of a gap, with new ids, and none twice', async () => {
  await using database = await withTable();
  const point = running.server.remember(database.name);
  await database.transaction([insert(2)]);
  const before = await read(database, { changes: 2 });
  running.server.restore(point);
  for (const id of [12, 13, 14]) await database.transaction([insert(id)]);
  const after = await read(database, { changes: 5, after: before.end, onGap: 'skip' });
  expect(operationsOf(after)).toEqual(['gap', 'insert', 'insert', 'insert', 'insert']);
  expect(after.changes[0]?.metadata.gap?.reason).toBe('SourceWentBack');
  expect(after.generations).toBe(1);
  expect(new Set([...idsOf(before), ...idsOf(after)]).size).toBe(
    before.changes.length + after.changes.length,
  );
  const again = await read(database, { changes: 0, after: after.end });
  expect(again.generations).toBe(0);
});

test('a table that begins after a restore without a checkpoint shares no id with what was sent before', async () => {
  await using database = await withTable();
  const point = running.server.remember(database.name);
  await database.transaction([insert(2)]);
  const before = await read(database, { changes: 2 });
  running.server.restore(point);
  await database.transaction([insert(12)]);
  const [after, again] = [await read(database, { changes: 2 }), await read(database, { changes: 2 })];
  expect(new Set([...idsOf(before), ...idsOf(after)]).size).toBe(4);
  expect(idsOf(again)).toEqual(idsOf(after));
});

test('cleanup in the middle of a run: its table tells of the gap and goes on, the others notice nothing', async () => {
  await using database = await withTable();
  await database.capture('U');
  await using source = database.open(['T', 'U'], { onGap: 'skip', maxRows: 2 });
  const stop = new AbortController();
  const [t, u] = [await tableOf(source, 'T'), await tableOf(source, 'U')];
  const readT = source.read(t, undefined, { signal: stop.signal });
  const readU = source.read(u, undefined, { signal: stop.signal });
  const next = async (of: AsyncGenerator<ChangeBatch>, operation: string) => {
    for (;;) {
      const { value } = await of.next();
      const changes = changesOf([value as ChangeBatch]);
      if (changes.some(({ metadata }) => metadata.operation === operation)) return changes;
    }
  };
  await next(readT, 'insert');
  await database.transaction([insert(2), insert(3), "INSERT INTO dbo.U (Id, Name) VALUES (1, N'u')"]);
  await database.transaction([insert(4)]);
  await database.cleanUp('T');
  await database.transaction([insert(5)]);
  const [gap] = await next(readT, 'gap');
  expect(gap).toMatchObject({ data: null, metadata: { gap: { reason: 'HistoryLost' } } });
  const kept = await next(readT, 'insert');
  expect(kept.map(({ data }) => data?.['Id'])).toEqual([5]);
  const others = await next(readU, 'insert');
  expect(others.map(({ data }) => data?.['Id'])).toEqual([1]);
  stop.abort(new Error('enough'));
});

test('cleanup of nothing but what has left, while its page is read, stops nothing', async () => {
  await using database = await withTable();
  for (let id = 2; id <= 12; id += 1) await database.transaction([insert(id)]);
  await using source = database.open(['T'], { onGap: 'stop', batch: { changes: 2, bytes: 1_000_000 } });
  const stop = new AbortController();
  const batches = source.read(await tableOf(source, 'T'), undefined, { signal: stop.signal });
  const ids: unknown[] = [];
  while (ids.length < 12) {
    const { value } = await batches.next();
    ids.push(...changesOf([value as ChangeBatch]).map(({ data }) => data?.['Id']));
    if (ids.length === 4) await database.cleanUp('T', { rowsKept: 8 });
  }
  expect(ids).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
  await batches.return(undefined);
});
