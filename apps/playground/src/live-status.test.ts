import { statusOf, type StatusDocument } from '@dstream/status';
import { expect, test } from 'vitest';
import { taken } from './live-status.ts';

function status(
  ...owned: readonly (readonly [table: string, owner: string, epoch: number])[]
): StatusDocument {
  const tables = owned.map(([table, owner, epoch]) => ({
    key: `s/d/dbo.${table}`,
    table: `dbo.${table}`,
    owner,
    announcement: owner,
    epoch,
    position: null,
    lagMs: null,
    changes: null,
    changesPerSecond: null,
    fault: null,
  }));
  const answers = [...Map.groupBy(tables, ({ owner }) => owner)].map(([instance, list]) => ({
    address: `http://${instance}`,
    problem: undefined,
    report: { ingester: { instance, announcement: instance, tables: list }, processor: undefined },
  }));
  return statusOf({ atMs: 0, answers });
}

const news = (before: StatusDocument, after: StatusDocument) => Object.fromEntries(taken(before, after));

test('what is owned at the start was taken, by owner', () => {
  expect(news(status(), status(['A', 'i1', 1], ['B', 'i2', 1], ['C', 'i1', 1]))).toEqual({
    i1: ['A', 'C'],
    i2: ['B'],
  });
});

test('a table with a newer epoch was taken, also by the same owner', () => {
  expect(news(status(['A', 'i1', 1], ['B', 'i1', 1]), status(['A', 'i2', 2], ['B', 'i1', 2]))).toEqual({
    i1: ['B'],
    i2: ['A'],
  });
});

test('what stays as it is is no news', () => {
  expect(news(status(['A', 'i1', 1]), status(['A', 'i1', 1]))).toEqual({});
});
