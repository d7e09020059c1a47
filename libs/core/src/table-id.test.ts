import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  partitionIn,
  partitionName,
  partitionOf,
  scopeOf,
  shorten,
  tableKey,
  tableName,
  tableOfPartition,
  type PartitionId,
  type TableId,
} from './table-id.ts';

const hash = (text: string) => `${text.length}`.padStart(16, '0');

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

describe('the key of a table', () => {
  test('tables with separators in their names never share one', () => {
    const part = fc.string({
      unit: fc.constantFrom('a', '.', '/', '%', '2E', ' '),
      minLength: 1,
      maxLength: 5,
    });
    const table: fc.Arbitrary<TableId> = fc.record({
      source: part,
      database: part,
      schema: part,
      table: part,
    });
    fc.assert(
      fc.property(table, table, (a, b) => {
        expect(tableKey(a) === tableKey(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
  });
});

describe('shortening', () => {
  test('leaves alone what fits and is plain', () => {
    expect(shorten('srv/shop/dbo.Persons', 128, hash)).toBe('srv/shop/dbo.Persons');
  });

  test('keeps the start and ends in a hash where it does not fit', () => {
    expect(shorten('x'.repeat(200), 40, hash)).toBe(`${'x'.repeat(23)}~0000000000000200`);
  });

  test('replaces what is not ASCII, made distinct by the hash', () => {
    expect(shorten('Åland', 128, hash)).toBe('_land~0000000000000005');
  });
});
