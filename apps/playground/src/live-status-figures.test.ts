import type { TableStatusRow } from '@dstream/status';
import { expect, test } from 'vitest';
import { TableFigures } from './live-status.ts';

function row(change: Partial<TableStatusRow>): TableStatusRow {
  return {
    table: 'dbo.Orders',
    key: 's/d/dbo.Orders',
    state: 'running',
    owner: 'ingester-1',
    epoch: 1,
    position: null,
    lagMs: 100,
    changesPerSecond: 1,
    changes: 10,
    fault: null,
    checkpoint: null,
    note: null,
    ...change,
  };
}

const silent = row({ state: 'unknown', changes: null, lagMs: null });

/** What is shown of each row, one a second. */
function shown(rows: readonly TableStatusRow[], isWaiting = true) {
  const figures = new TableFigures();
  return rows.map((one, n) => {
    const { changes, lagMs } = figures.carriedOn(one, { nowMs: n * 1_000, isWaiting });
    return [changes, lagMs];
  });
}

test('counts continue where the owner before was, also when it comes back', () => {
  const rows = [
    row({}),
    row({ epoch: 2, changes: 0 }),
    row({ epoch: 2, changes: 5 }),
    row({ epoch: 3, changes: 1 }),
  ];
  expect(shown(rows).map(([changes]) => changes)).toEqual([10, 10, 15, 16]);
});

test('while nobody answers the count stays and the lag grows, until the next owner reports it', () => {
  expect(shown([row({}), silent, silent, row({ epoch: 2, changes: 3, lagMs: 4_000 })])).toEqual([
    [10, 100],
    [10, 1_100],
    [10, 2_100],
    [13, 4_000],
  ]);
});

test('where nothing waits there is no lag, and before anybody answered nothing is known', () => {
  expect(shown([row({}), silent], false)).toEqual([
    [10, 100],
    [10, null],
  ]);
  expect(shown([silent])).toEqual([[null, null]]);
});
