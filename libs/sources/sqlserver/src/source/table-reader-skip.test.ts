import { decodeChange, type ChangeBatch } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { cleanUp, lsn, timeOf } from '../../../../../test/support/fake-cdc-client.ts';
import {
  changesOf,
  instance,
  pointAt,
  rig,
  row,
  upTo,
} from '../../../../../test/support/table-reader-rig.ts';
import { parseResumePoint } from '../position/resume-point.ts';

const skip = { onGap: 'skip' } as const;

const seen = (n: number) => ({ seen: { lsn: lsn(n), at: timeOf(lsn(n)).toISOString() } });
const isoOf = (n: number) => timeOf(lsn(n)).toISOString();
const operations = (batches: readonly ChangeBatch[]) => changesOf(batches).map((c) => c.metadata.operation);
/** Insert of row `n` at LSN `n`. */
const inserts = (...lsns: number[]) => lsns.map((n) => row(n, 1, 2, n));

async function next(batches: AsyncGenerator<ChangeBatch>): Promise<ChangeBatch> {
  const { value } = await batches.next();
  return value as ChangeBatch;
}

describe('on_gap = "skip"', () => {
  test('records the gap in a new generation, reports it by an event, and continues from the low-water mark', async () => {
    const { read } = rig([instance(inserts(9, 12), { startLsn: lsn(9) })], 12, skip);
    const [recorded, reported, ...rest] = await upTo(read(pointAt(4, seen(4))), 12);
    expect(recorded).toMatchObject({ changes: [], beginsGeneration: true });
    expect(recorded && parseResumePoint(recorded.end).position).toMatchObject({ lsn: lsn(4) });
    expect(reported?.changes.map(decodeChange)).toEqual([
      {
        data: null,
        metadata: {
          version: 2,
          id: `db1/shop/dbo.Persons:${lsn(5)}:${lsn(9)}:gap`,
          source: 'sqlserver',
          server: 'db1',
          database: 'shop',
          schema: 'dbo',
          table: 'Persons',
          operation: 'gap',
          key: null,
          gap: {
            reason: 'HistoryLost',
            from: { lsn: `0x${lsn(5)}`, at: isoOf(4) },
            to: { lsn: `0x${lsn(9)}`, at: isoOf(9) },
          },
          origin: { captureInstance: 'dbo_Persons', lsn: `0x${lsn(9)}`, seqval: `0x${lsn(0)}` },
          sequence: 0,
          committedAt: isoOf(9),
          position: `${lsn(8)}:~`,
        },
      },
    ]);
    expect(reported?.beginsGeneration).toBeUndefined();
    expect(changesOf(rest).map((c) => c.data?.['Id'])).toEqual([9, 12]);
    const positions = [recorded, reported, ...rest].map((batch) => batch?.end.position);
    expect(positions).toEqual([...new Set(positions)].toSorted((a, b) => (String(a) < String(b) ? -1 : 1)));
  });

  test('whoever takes over after a crash, wherever it was, reports the same gap exactly once more or not at all', async () => {
    const kept = instance(inserts(9, 12), { startLsn: lsn(9) });
    const [recorded, reported] = await upTo(rig([kept], 12, skip).read(pointAt(4)), 12);
    const afterRecorded = await upTo(rig([kept], 12, skip).read(recorded?.end), 12);
    const said = (batch: ChangeBatch | undefined) => batch && [changesOf([batch]), batch.end];
    expect(said(afterRecorded[0])).toEqual(said(reported));
    expect(afterRecorded.some(({ beginsGeneration }) => beginsGeneration)).toBe(false);
    const afterReported = await upTo(rig([kept], 12, skip).read(reported?.end), 12);
    expect(operations(afterReported)).toEqual(['insert', 'insert']);
  });

  test('a gap that grew before it was reported is reported as two that follow each other', async () => {
    const kept = instance(inserts(9, 12), { startLsn: lsn(9) });
    const [recorded] = await upTo(rig([kept], 12, skip).read(pointAt(4)), 12);
    const batches = await upTo(rig([cleanUp(kept, lsn(11))], 12, skip).read(recorded?.end), 12);
    expect(changesOf(batches).map(({ metadata }) => metadata.gap ?? metadata.operation)).toMatchObject([
      { from: { lsn: `0x${lsn(5)}` }, to: { lsn: `0x${lsn(9)}` } },
      { from: { lsn: `0x${lsn(9)}` }, to: { lsn: `0x${lsn(11)}` } },
      'insert',
    ]);
  });

  test('passes over what cleanup takes in the middle of a run, also in the middle of a page', async () => {
    const only = instance(inserts(2, 3, 6), { startLsn: lsn(1) });
    const { client, read } = rig([only], 6, { ...skip, maxRows: 1 });
    client.before = ({ text }) => {
      if (!text.includes('fn_cdc_get_all_changes')) return;
      client.before = () => {};
      Object.assign(only, cleanUp(only, lsn(5)));
    };
    const batches = await upTo(read(), 6);
    expect(changesOf(batches).map(({ metadata }) => [metadata.operation, metadata.origin['lsn']])).toEqual([
      ['gap', `0x${lsn(5)}`],
      ['insert', `0x${lsn(6)}`],
    ]);
  });

  test('what cleanup removes of a page after which nothing is gone makes no gap', async () => {
    const only = instance(Array.from({ length: 1_200 }, (_, n) => row(n + 2, 1, 2, n)));
    const { client, read } = rig([only], 1_300, skip);
    let checks = 0;
    client.before = ({ text }) => {
      if (!text.startsWith('SELECT sys.fn_cdc_get_min_lsn')) return;
      checks += 1;
      // 500 changes have left when cleanup comes, and it does not come as far.
      if (checks === 2) Object.assign(only, cleanUp(only, lsn(400)));
    };
    const batches = await upTo(read(), 1_300);
    expect(operations(batches)).toEqual(Array.from({ length: 1_200 }, () => 'insert'));
    expect(new Set(changesOf(batches).map(({ data }) => data?.['Id'])).size).toBe(1_200);
    expect(batches.some(({ beginsGeneration }) => beginsGeneration)).toBe(false);
  });

  test('an instance without access is no gap to be skipped', async () => {
    const { client, read } = rig([instance(inserts(2))], 2, skip);
    const query = client.query.bind(client);
    client.query = async (statement) => {
      const sets = await query(statement);
      return statement.text.includes('fn_cdc_get_all_changes')
        ? [...sets.slice(0, 2), [[Buffer.alloc(10)]]]
        : sets;
    };
    const batches = read();
    await batches.next();
    await expect(batches.next()).rejects.toMatchObject({
      code: 'PermissionDenied',
      message: expect.stringMatching(/ten zero bytes.*dbo_Persons.*gone, or the login lacks SELECT/),
    });
  });
});

describe('on_gap = "stop"', () => {
  test('says from where to where, with the times that are known', async () => {
    const { read } = rig([instance(inserts(9), { startLsn: lsn(9) })], 12);
    await expect(read(pointAt(4, seen(4))).next()).rejects.toMatchObject({
      code: 'HistoryLost',
      message: expect.stringMatching(
        `0x${lsn(9)}.*0x${lsn(5)}.*read was committed at ${isoOf(4)}, the first one that is kept at ${isoOf(9)}`,
      ),
    });
  });
});

describe('a source that went back', () => {
  test('and has come past the checkpoint again is noticed by what was seen there', async () => {
    const { client, read } = rig([instance(inserts(2, 9))], 12);
    client.forgotten.add(lsn(4));
    await expect(read(pointAt(4, seen(4))).next()).rejects.toMatchObject({
      code: 'SourceWentBack',
      message: expect.stringMatching(`0x${lsn(4)}, committed at ${isoOf(4)}.*does not have`),
    });
  });

  test('and has another transaction at the very LSN is noticed by its time', async () => {
    const { read } = rig([instance(inserts(2, 4, 9))], 12);
    const other = { seen: { lsn: lsn(4), at: isoOf(5) } };
    await expect(read(pointAt(4, other)).next()).rejects.toMatchObject({ code: 'SourceWentBack' });
  });

  test('is not suspected when cleanup took what was seen, nor by a checkpoint that has seen nothing', async () => {
    const kept = instance(inserts(6, 9), { startLsn: lsn(5) });
    for (const more of [seen(4), {}])
      expect(operations(await upTo(rig([kept], 9).read(pointAt(4, more)), 9))).toEqual(['insert', 'insert']);
  });

  test.each([
    ['has fallen behind', 3],
    ['has come past it again', 9],
  ])('while it is read is noticed when it %s', async (_, max) => {
    const { client, clock, read } = rig([instance(inserts(2))], 6);
    const batches = read();
    await upTo({ [Symbol.asyncIterator]: () => ({ next: () => batches.next() }) }, 6);
    const waiting = batches.next();
    client.max = lsn(max);
    client.forgotten.add(lsn(6));
    const refused = expect(waiting).rejects.toMatchObject({ code: 'SourceWentBack' });
    await clock.advance(10_000);
    await refused;
  });

  test('is noticed by all that was scanned, also after the last change of the table', async () => {
    const only = instance(inserts(2));
    const { client, clock, read } = rig([only], 6);
    const batches = read();
    await upTo({ [Symbol.asyncIterator]: () => ({ next: () => batches.next() }) }, 6);
    const waiting = batches.next();
    only.rows.push(...inserts(8));
    client.max = lsn(10);
    await clock.advance(10_000);
    const { end, changes } = (await waiting).value as ChangeBatch;
    expect([changes.length, end.position]).toEqual([1, `${lsn(10)}:~`]);
    // Restored to 8, and come past 10 again: what is new at 9 would be passed over.
    const restored = rig([instance(inserts(2, 8, 9))], 12);
    restored.client.forgotten.add(lsn(10));
    await expect(restored.read(end).next()).rejects.toMatchObject({ code: 'SourceWentBack' });
  });

  test('between two pages of a backlog is noticed before the next is read', async () => {
    const { client, read } = rig([instance(inserts(2, 4, 6, 8))], 8, { maxRows: 1 });
    const batches = read();
    for (let batch = await next(batches); batch.end.position !== `${lsn(4)}:~`;) batch = await next(batches);
    client.forgotten.add(lsn(4));
    await expect(batches.next()).rejects.toMatchObject({ code: 'SourceWentBack' });
  });

  test('is skipped under new ids, from the low-water mark on', async () => {
    const { client, clock, read } = rig([instance(inserts(2, 9))], 12, skip);
    client.forgotten.add(lsn(4));
    const [recorded, ...rest] = await upTo(read(pointAt(4, seen(4))), 12);
    const incarnation = Math.floor(clock.wallMs() / 1_000).toString(36);
    expect(recorded?.beginsGeneration).toBe(true);
    expect(changesOf(rest).map(({ metadata }) => metadata.id)).toEqual([
      `db1/shop/dbo.Persons:${incarnation}:${lsn(5)}:${lsn(1)}:gap`,
      `db1/shop/dbo.Persons:${incarnation}:${lsn(2)}:${lsn(1)}:2`,
      `db1/shop/dbo.Persons:${incarnation}:${lsn(9)}:${lsn(1)}:2`,
    ]);
    expect(recorded && rest[0] && recorded.end.position < rest[0].end.position).toBe(true);
    const again = rig([instance(inserts(2, 9))], 12, skip);
    expect(changesOf(await upTo(again.read(rest[0]?.end), 12)).map((c) => c.metadata.id)).toEqual(
      changesOf(rest.slice(1)).map((c) => c.metadata.id),
    );
  });

  test('a second time under one reader is a second gap, to the same low-water mark', async () => {
    const { client, clock, read } = rig([instance(inserts(2, 9))], 12, skip);
    client.forgotten.add(lsn(4));
    const batches = read(pointAt(4, seen(4)));
    for (let batch = await next(batches); batch.end.position !== `${lsn(12)}:~`;) batch = await next(batches);
    const waiting = next(batches);
    client.max = lsn(14);
    client.forgotten.add(lsn(12));
    await clock.advance(10_000);
    expect(await waiting).toMatchObject({ beginsGeneration: true });
    expect(operations([await next(batches)])).toEqual(['gap']);
  });

  test('is not skipped while it may as well be a replica that lags', async () => {
    const { client, read } = rig([instance(inserts(2))], 3, skip);
    const from = pointAt(4, { seen: { lsn: lsn(4), at: isoOf(4) } });
    await expect(read(from).next()).rejects.toMatchObject({
      code: 'SourceWentBack',
      message: expect.stringContaining('not skipped before'),
    });
    // What is newer than all that was seen, below it: of one history that cannot be.
    const older = pointAt(4, { seen: { lsn: lsn(4), at: isoOf(1) } });
    client.statements.length = 0;
    expect(await next(read(older))).toMatchObject({ beginsGeneration: true });
  });
});

describe('ids', () => {
  test('of a table that begins are of the fork that its database is on, unless it is the first', async () => {
    const first = rig([instance(inserts(2))], 2);
    first.client.fork = ['6f9619ff-8b86-d011-b42d-00cf4fc964ff', 'f'];
    const other = rig([instance(inserts(2))], 2);
    other.client.fork = ['00000000-8b86-d011-b42d-00cf4fc964ff', 'f'];
    const never = rig([instance(inserts(2))], 2);
    never.client.fork = ['f', 'f'];
    const idOf = async ({ read }: typeof first) => changesOf(await upTo(read(), 2))[0]?.metadata.id;
    const [a, b] = [await idOf(first), await idOf(other)];
    expect(a).toMatch(new RegExp(`^db1/shop/dbo\\.Persons:[0-9a-f]{8}:${lsn(2)}:${lsn(1)}:2$`));
    expect(b).not.toBe(a);
    expect(await idOf(first)).toBe(a);
    expect(await idOf(never)).toBe(`db1/shop/dbo.Persons:${lsn(2)}:${lsn(1)}:2`);
  });

  test('of a table with a checkpoint stay as they are, whatever its database is on', async () => {
    const { client, read } = rig([instance(inserts(2))], 2);
    client.fork = ['6f9619ff-8b86-d011-b42d-00cf4fc964ff', 'f'];
    const [change] = changesOf(await upTo(read(pointAt(1)), 2));
    expect(change?.metadata.id).toBe(`db1/shop/dbo.Persons:${lsn(2)}:${lsn(1)}:2`);
  });
});
