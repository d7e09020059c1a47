import type { ChangeMatch, TableId } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { pathOf } from './plan-paths.ts';

type Paths = Parameters<typeof pathOf>[0];

const orders: TableId = { source: 's', database: 'd', schema: 'dbo', table: 'Orders' };
const people: TableId = { ...orders, schema: 'sales', table: 'People' };
const outputs = ['a', 'b', 'c'].map((name) => ({ name })) as unknown as Paths['outputs'];
const when = { text: 'true', open: () => Promise.resolve(() => true) };

function route(
  names: readonly string[],
  match: ChangeMatch = {},
  condition?: typeof when,
): Paths['routes'][number] {
  return { path: '', name: 'r', match, when: condition, outputs: names };
}

function outputsOf(table: TableId | undefined, routes: Paths['routes'], defaultOutputs?: readonly string[]) {
  return pathOf({ transforms: [], routes, defaultOutputs, outputs }, table).outputs.join('');
}

describe('the outputs that may get changes of a table', () => {
  test('are the default ones, or all, where no route is about it', () => {
    expect(outputsOf(orders, [])).toBe('abc');
    expect(outputsOf(orders, [], ['b'])).toBe('b');
    expect(outputsOf(people, [route(['a'], { tables: ['dbo.Order*'] })], ['b'])).toBe('b');
  });

  test('are those of all routes about it, in the order of the file', () => {
    const routes = [route(['c'], { tables: ['dbo.*'] }), route(['a'], { tables: ['Orders'] })];
    expect(outputsOf(orders, routes, ['b'])).toBe('ac');
    expect(outputsOf(orders, [route([])])).toBe('');
  });

  test.each([
    ['operations', route(['a'], { operations: ['insert'] })],
    ['columns', route(['a'], { changed: ['N'] })],
    ['an expression', route(['a'], {}, when)],
  ])('are also the default ones where %s decide', (_, conditional) => {
    expect(outputsOf(orders, [conditional], ['b'])).toBe('ab');
    expect(outputsOf(orders, [conditional, route(['c'])], ['b'])).toBe('ac');
  });

  test('of a pattern are all that are possible', () => {
    const routes = [route(['a'], { tables: ['dbo.Orders'] })];
    expect(outputsOf(undefined, routes, ['b'])).toBe('ab');
  });
});

test('transforms are those that match the table, in the order of the file', () => {
  const transforms = [
    ['t1', { tables: ['sales.*'], operations: ['delete'] }],
    ['t2', {}],
    ['t3', { tables: ['dbo.*'] }],
  ].map(([name, match]) => ({ name, match })) as unknown as Paths['transforms'];
  const paths = { transforms, routes: [], defaultOutputs: undefined, outputs };
  expect(pathOf(paths, people).transforms).toEqual(['t1', 't2']);
  expect(pathOf(paths, undefined).transforms).toEqual(['t1', 't2', 't3']);
});
