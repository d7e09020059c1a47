import { expect, test } from 'vitest';
import { tableKey, tableOfKey } from './table-id.ts';

test.each([
  { source: 'db1', database: 'shop', schema: 'dbo', table: 'Cars' },
  { source: 'db1.example:1444', database: 'a/b', schema: 'x.y', table: '100%25 #?\\\u0001' },
  { source: '', database: '', schema: '', table: '' },
  { source: 'Größe 李 🙂', database: '%', schema: '%2F', table: '.' },
])('a key gives its table back: %o', (table) => {
  expect(tableOfKey(tableKey(table))).toEqual(table);
});

test.each(['', 'a/b', 'a/b/c', 'a/b/c.d.e', 'a/b/c.d/e'])('%j is no key', (text) => {
  expect(tableOfKey(text)).toBeUndefined();
});
