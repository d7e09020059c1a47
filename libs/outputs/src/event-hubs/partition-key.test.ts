import type { ChangeMetadata, Row } from '@dstream/core';
import { expect, test } from 'vitest';
import { partitionKeyOf } from './partition-key.ts';

const keyed = (key: Row | null) =>
  partitionKeyOf({ server: 'db1', database: 'shop', schema: 'dbo', table: 'Persons', key } as ChangeMetadata);

test.each([
  ['a number', { ID: 180 }, '180'],
  ['a text, as it is', { Code: 'Ä "1"' }, 'Ä "1"'],
  ['a large number, which is a text', { ID: '9007199254740993' }, '9007199254740993'],
  ['a truth', { Yes: true }, 'true'],
  ['several columns', { Code: 'A', No: 7 }, '["A",7]'],
])('the partition key is the value of the key: %s', (_, key, expected) => {
  expect(keyed(key)).toBe(expected);
});

test('the values of several columns do not run into each other', () => {
  expect(keyed({ A: 'x","y', B: 'z' })).not.toBe(keyed({ A: 'x', B: 'y","z' }));
});

test('without a key it is the identity of the table', () => {
  expect(keyed(null)).toBe('db1/shop/dbo.Persons');
});
