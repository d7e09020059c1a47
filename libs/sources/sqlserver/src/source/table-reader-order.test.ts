import { DStreamError, type ChangeBatch, type ChangeEvent, type ResumePoint } from '@dstream/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applied } from '../../../../../test/support/applied.ts';
import { lsn, type FakeCdcClient, type FakeRow } from '../../../../../test/support/fake-cdc-client.ts';
import { changeRowsOf, transactions } from '../../../../../test/support/random-change-rows.ts';
import {
  changesOf,
  instance,
  pointAt,
  rig,
  row,
  upTo,
} from '../../../../../test/support/table-reader-rig.ts';
import { lsnOf, zeroLsn } from '../position/log-position.ts';
import type { ReadMode } from '../position/log-position.ts';
import type { Statement } from '../client/sql-client.ts';

const modes: readonly ReadMode[] = ['functions', 'direct'];
const pageSizes = [1, 2, 3, 7, 5_000];
const anyMode = fc.constantFrom(...modes);
const anyPageSize = fc.constantFrom(...pageSizes);

interface How {
  readonly mode: ReadMode;
  readonly maxRows: number;
}

const read = (rows: readonly FakeRow[], max: number, how: How, from?: ResumePoint): Promise<ChangeBatch[]> =>
  upTo(rig([instance(rows)], max, how).read(from), max);

const pages = ({ statements }: FakeCdcClient) =>
  statements.filter(({ text }) => text.includes('[__$update_mask]'));
const placeBehind = (page: Statement | undefined) =>
  lsnOf(page?.parameters.find(({ name }) => name === 'seqval')?.value as Buffer);
const idsOf = (changes: readonly ChangeEvent[]) => changes.map((c) => c.metadata.id);

describe.each(modes)('changes read in the mode %s', (mode) => {
  test('are one sequence wherever pages are cut, and applying them gives the table', () =>
    fc.assert(
      fc.asyncProperty(transactions, async (all) => {
        const { rows, table, lastLsn } = changeRowsOf(all);
        const whole = changesOf(await read(rows, lastLsn, { mode, maxRows: 5_000 }));
        for (const maxRows of pageSizes)
          expect(changesOf(await read(rows, lastLsn, { mode, maxRows }))).toEqual(whole);
        const names = [...applied(whole).values()].map((r): [unknown, unknown] => [r['Id'], r['Name']]);
        expect(new Map(names)).toEqual(table);
        const positions = whole.map((c) => c.metadata.position);
        expect([...new Set(positions)].sort()).toEqual(positions);
        expect(new Set(idsOf(whole)).size).toBe(whole.length);
      }),
      { numRuns: 100 },
    ));

  test('go on from any batch with exactly the rest, whatever the page size then', () =>
    fc.assert(
      fc.asyncProperty(transactions, anyPageSize, anyPageSize, async (all, maxRows, then) => {
        const { rows, lastLsn } = changeRowsOf(all);
        const batches = await read(rows, lastLsn, { mode, maxRows });
        for (const [index, { end }] of batches.slice(0, -1).entries()) {
          const rest = await read(rows, lastLsn, { mode, maxRows: then }, end);
          expect(changesOf(rest)).toEqual(changesOf(batches.slice(index + 1)));
        }
      }),
      { numRuns: 60 },
    ));

  test('hold all rows with the same complete key, in one order whichever way the server gives them', async () => {
    const ties = Array.from({ length: 9 }, (_, i) => row(2, 1, 2, i + 1, `n${i + 1}`));
    const whole = changesOf(await read(ties, 2, { mode, maxRows: 5_000 }));
    expect(whole.map((c) => c.data?.['Id'])).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(new Set(idsOf(whole)).size).toBe(9);
    for (const maxRows of pageSizes) expect(changesOf(await read(ties, 2, { mode, maxRows }))).toEqual(whole);
  });

  test('a transaction that is far larger than a page costs one page', async () => {
    const rows = Array.from({ length: 5_000 }, (_, i) => row(2, i, 2, i));
    const { client, read: reading } = rig([instance(rows)], 2, { mode, maxRows: 10 });
    expect(changesOf(await upTo(reading(), 2))).toHaveLength(5_000);
    expect(pages(client)).toHaveLength(1);
  });

  test('a transaction that turns out to be large is cut off and read again whole, also when it is one change', async () => {
    const large = Array.from({ length: 9 }, (_, i) => row(3, 1, 2, i, `n${i}`));
    for (const [rows, cut] of [
      [large, 0],
      [large.map((r, i) => ({ ...r, seqval: lsn(i) })), 3],
    ] as const) {
      const only = instance([]);
      const { client, clock, read: reading } = rig([only], 2, { mode, maxRows: 2 });
      const batches = reading();
      await batches.next();
      await batches.next();
      only.rows.push(...rows);
      client.max = lsn(3);
      const arriving = upTo(batches, 3);
      await clock.advance(1_000);
      const arrived = changesOf(await arriving);
      expect(arrived.map((c) => [c.data?.['Name'], c.metadata.sequence])).toEqual(
        large.map((_, i) => [`n${i}`, i + 1]),
      );
      const [first, second] = pages(client).slice(-2);
      expect([first, second].map((page) => page?.parameters[0]?.value)).toEqual([4, 2_147_483_647]);
      expect(placeBehind(second)).toEqual(cut === 0 ? zeroLsn : lsn(cut - 1));
    }
  });

  test('a statement is cancelled while nobody takes its rows, and another reads the rest', async () => {
    const rows = Array.from({ length: 1_200 }, (_, i) => row(2, i + 1, 2, i));
    const { client, clock, read: reading } = rig([instance(rows)], 2, { mode });
    const batches = reading();
    await batches.next();
    const first = await batches.next();
    await clock.advance(30_000);
    const second = await batches.next();
    await clock.advance(29_000);
    const rest = changesOf(await upTo(batches, 2));
    const all = [...changesOf([first.value, second.value]), ...rest];
    expect(all.map((c) => c.metadata.sequence)).toEqual(rows.map((_, i) => i + 1));
    expect(pages(client).map(placeBehind)).toEqual([zeroLsn, lsn(500)]);
    expect(clock.sleeping).toBe(0);
  });

  test('a statement that is left midway leaves no timer', async () => {
    const rows = Array.from({ length: 1_200 }, (_, i) => row(2, i, 2, i));
    const { clock, read: reading } = rig([instance(rows)], 2, { mode });
    const batches = reading();
    await batches.next();
    await batches.next();
    await batches.return(undefined);
    expect(clock.sleeping).toBe(0);
  });

  test('a place inside a transaction may be anywhere but inside a change', async () => {
    const updates = Array.from({ length: 1_200 }, (_, i) => [row(2, i, 3, i, 'a'), row(2, i, 4, i, 'b')]);
    const batches = await read(updates.flat(), 2, { mode, maxRows: 5_000 });
    expect(batches.map(({ changes }) => changes.length)).toEqual([0, 500, 500, 200]);
    const [, first] = batches;
    expect(first?.end.position).toBe(`${lsn(2)}:0000000500`);
    const rest = await read(updates.flat(), 2, { mode, maxRows: 5_000 }, first?.end);
    expect(changesOf(rest)).toEqual(changesOf(batches.slice(2)));
  });
});

test('a change table without command ids is refused in direct mode by name, and read by the functions', async () => {
  const cause = Object.assign(new Error("Invalid column name '__$command_id'"), { number: 207 });
  const old = (mode: ReadMode) => {
    const made = rig([instance([row(2, 1, 2, 1)])], 2, { mode });
    made.client.before = ({ text }) => {
      if (text.includes('__$command_id')) throw new DStreamError('Unexpected', 'error 207', { cause });
    };
    return upTo(made.read(), 2);
  };
  await expect(old('direct')).rejects.toMatchObject({
    code: 'TableNotCaptured',
    message: expect.stringContaining('set read.mode to "functions"'),
  });
  expect(changesOf(await old('functions'))).toHaveLength(1);
});

describe('a change of the read mode', () => {
  /** Three commands whose seqvals fall. */
  const rows = [3, 2, 1].map((seqval, i) => ({ ...row(2, seqval, 2, seqval), commandId: i + 1 }));
  const mostly = [...rows, { ...row(3, 1, 2, 9), commandId: 1 }];

  test('gives the same changes with the same ids, counted in the other order', () =>
    fc.assert(
      fc.asyncProperty(transactions, async (all) => {
        const { rows: some, lastLsn } = changeRowsOf(all);
        const [a, b] = await Promise.all(
          modes.map((mode) => read(some, lastLsn, { mode, maxRows: 5_000 }).then(changesOf)),
        );
        expect(idsOf(b ?? []).toSorted()).toEqual(idsOf(a ?? []).toSorted());
      }),
      { numRuns: 60 },
    ));

  test('between transactions begins a generation before anything is read', async () => {
    const [begin] = await read(mostly, 3, { mode: 'functions', maxRows: 10 });
    const batches = await read(mostly, 3, { mode: 'direct', maxRows: 10 }, begin?.end);
    expect(batches[0]).toEqual({
      changes: [],
      end: { position: begin?.end.position, token: JSON.stringify({ mode: 'direct', lsn: lsn(0) }) },
      beginsGeneration: true,
    });
    expect(changesOf(batches).map((c) => c.data?.['Id'])).toEqual([3, 2, 1, 9]);
    expect(batches.filter((batch) => batch.beginsGeneration)).toHaveLength(1);
  });

  test('inside a transaction waits for its end: the rest comes in the order it was begun in', async () => {
    const token = { mode: 'functions', lsn: lsn(2), seqval: lsn(1), operation: 2, ordinal: 1 };
    const from = { position: `${lsn(2)}:0000000001`, token: JSON.stringify(token) } as ResumePoint;
    const batches = await read(mostly, 3, { mode: 'direct', maxRows: 10 }, from);
    const seen = batches.map((b) => [
      b.beginsGeneration === true,
      ...changesOf([b]).map((c) => c.data?.['Id']),
    ]);
    expect(seen).toEqual([[false, 2, 3], [true], [false, 9]]);
    expect(changesOf(batches).map((c) => c.metadata.sequence)).toEqual([2, 3, 1]);
  });

  test('after a gap that was recorded in the other mode begins after it: what follows may have been sent in that mode', async () => {
    const kept = instance([row(9, 1, 2, 9)], { startLsn: lsn(9) });
    const [noted] = await upTo(rig([kept], 9, { onGap: 'skip' }).read(pointAt(4)), 9);
    const batches = await upTo(rig([kept], 9, { onGap: 'skip', mode: 'direct' }).read(noted?.end), 9);
    const seen = batches.map((b) => [b.beginsGeneration === true, ...b.changes.map((c) => c.operation)]);
    expect(seen).toEqual([[false, 'gap'], [true], [false, 'insert']]);
  });

  test('loses and repeats nothing from any place, forth and back', () =>
    fc.assert(
      fc.asyncProperty(transactions, anyMode, anyPageSize, async (all, mode, maxRows) => {
        const { rows: some, lastLsn } = changeRowsOf(all);
        const batches = await read(some, lastLsn, { mode, maxRows });
        const other = mode === 'direct' ? 'functions' : 'direct';
        for (const [index, { end }] of batches.slice(0, -1).entries()) {
          const rest = await read(some, lastLsn, { mode: other, maxRows }, end);
          const missing = changesOf(batches.slice(index + 1));
          expect(idsOf(changesOf(rest)).toSorted()).toEqual(idsOf(missing).toSorted());
          applied([...changesOf(batches.slice(0, index + 1)), ...changesOf(rest)]);
        }
      }),
      { numRuns: 60 },
    ));
});
