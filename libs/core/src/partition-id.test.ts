import { expect, test } from 'vitest';
import {
  partitionIn,
  partitionName,
  partitionOf,
  scopeOf,
  tableOfPartition,
  type PartitionId,
} from './partition-id.ts';
import { tableName } from './table-id.ts';

test.each([
  { source: 'db1', database: 'shop', schema: 'dbo', table: 'Cars' },
  { source: 'db1.example:1444', database: 'a/b', schema: 'x.y', table: '100%25 #?\\\u0001' },
  { source: '', database: '', schema: '', table: '' },
  { source: 'Größe 李 🙂', database: '%', schema: '%2F', table: '.' },
])('a partition that is a table gives it back, begins with its scope and has its name: %o', (table) => {
  const partition = partitionOf(table);
  expect(tableOfPartition(partition)).toEqual(table);
  expect(partition.startsWith(`${scopeOf(table)}/`)).toBe(true);
  expect(partitionName(partition)).toBe(tableName(table));
});

test.each(['', 'a/b', 'a/b/c', 'a/b/c.d.e', 'a/b/c.d/e'])('%j is no table', (text) => {
  expect(tableOfPartition(text as PartitionId)).toBeUndefined();
});

test('a partition that is no table has its name, and the id of no table', () => {
  const scope = scopeOf({ source: 'pg.example', database: 'shop' });
  const slot = partitionIn(scope, 'dbo.Cars');
  expect(slot).toBe('pg%2Eexample/shop/dbo%2ECars');
  expect(partitionName(slot)).toBe('dbo.Cars');
  expect(tableOfPartition(slot)).toBeUndefined();
});
