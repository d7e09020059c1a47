/** The rows of one change table: two orders, places to go on from, and what is put back. */
import { describe, expect, test } from 'vitest';
import { ChangeTable, type Operation } from './change-table.ts';

const row = (seqval: number, operation: Operation, commandId: number) => ({
  seqval,
  operation,
  commandId,
  mask: new Uint8Array([1]),
  values: [seqval],
});

/** Seqvals of what it gives. */
const seqvals = (rows: Iterable<{ readonly seqval: number }>) => [...rows].map(({ seqval }) => seqval);

/** Two transactions: in the first the later command has the lower seqval, as a shuffled log has it. */
function shuffled(): ChangeTable {
  const table = new ChangeTable();
  table.append(10, [row(2, 2, 1), row(1, 2, 2)]);
  table.append(20, [row(11, 2, 1)]);
  return table;
}

test('the table is ordered by command, the function by seqval', () => {
  const table = shuffled();
  expect(seqvals(table.between(0, 99))).toEqual([2, 1, 11]);
  expect(seqvals(table.betweenBySeqval(0, 99))).toEqual([1, 2, 11]);
});

test('both halves of an update stand in their order, however they were given', () => {
  const table = new ChangeTable();
  table.append(10, [row(1, 4, 1), row(1, 3, 1)]);
  expect([...table.between(0, 99)].map(({ operation }) => operation)).toEqual([3, 4]);
});

describe('a place', () => {
  test('is passed exactly, with as many parts as are known', () => {
    const table = new ChangeTable();
    table.append(10, [row(1, 3, 1), row(1, 4, 1), row(2, 2, 2)]);
    table.append(20, [row(3, 2, 1)]);
    const after = (place: Parameters<ChangeTable['between']>[2]) =>
      [...table.between(0, 99, place)].map(({ seqval, operation }) => [seqval, operation]);
    expect(after({ lsn: 10, commandId: 1, seqval: 1, operation: 3 })).toEqual([
      [1, 4],
      [2, 2],
      [3, 2],
    ]);
    expect(after({ lsn: 10, commandId: 1 })).toEqual([
      [2, 2],
      [3, 2],
    ]);
    expect(after({ lsn: 10 })).toEqual([[3, 2]]);
    expect(after({ lsn: 20 })).toEqual([]);
  });

  test('never leads before the range', () => {
    expect(seqvals(shuffled().between(20, 99, { lsn: 0 }))).toEqual([11]);
    expect(seqvals(shuffled().between(0, 19, { lsn: 0 }))).toEqual([2, 1]);
  });
});

describe('in both orders', () => {
  test('cleanup takes what is older than the mark, and keeps the mark', () => {
    const table = shuffled();
    expect(table.removeBefore(20)).toBe(2);
    expect(seqvals(table.between(0, 99))).toEqual([11]);
    expect(seqvals(table.betweenBySeqval(0, 99))).toEqual([11]);
  });

  test('a restore puts back what was remembered, as often as it is asked', () => {
    const table = shuffled();
    const restore = table.remember();
    for (const _ of [1, 2]) {
      table.append(30, [row(21, 2, 1)]);
      restore();
      expect(seqvals(table.between(0, 99))).toEqual([2, 1, 11]);
      expect(seqvals(table.betweenBySeqval(0, 99))).toEqual([1, 2, 11]);
    }
  });

  test('a column is converted, and converted back', () => {
    const table = shuffled();
    const undo = table.rewrite(0, (value) => `${Number(value)}`);
    const values = () =>
      [...table.between(0, 99), ...table.betweenBySeqval(0, 99)].map(({ values: [v] }) => v);
    expect(values()).toEqual(['2', '1', '11', '1', '2', '11']);
    undo();
    expect(values()).toEqual([2, 1, 11, 1, 2, 11]);
  });
});

test('what is committed while a reader is under way lies behind its range', () => {
  const table = shuffled();
  const reader = table.between(0, 20);
  reader.next();
  table.append(30, [row(21, 2, 1)]);
  expect(seqvals(reader)).toEqual([1, 11]);
});
