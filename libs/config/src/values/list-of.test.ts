import { describe, expect, test } from 'vitest';
import { listOf } from './list-of.ts';
import { path, text } from './scalars.ts';
import type { Given } from './value-type.ts';

const given = (value: Given['value']): Given => ({
  value,
  shown: JSON.stringify(value),
  fromVariable: false,
  items: Array.isArray(value) ? value.map(given) : [],
});

describe('a list of values', () => {
  const word = text({ what: 'a word', pattern: /^[a-z]+$/, right: 'lower-case letters are possible' });
  const words = listOf(word, { what: 'words', one: 'word', example: '["b"]', key: (value) => value });

  test('is what its items are', () => {
    expect(words.expected).toBe('list of words');
    expect(words.read(given(['a', 'b']))).toEqual({ value: ['a', 'b'] });
  });

  test.each([
    ['a', [{ wrong: '"a" is not a list', right: 'write ["a"]' }]],
    [1, [{ wrong: '1 is not a list', right: 'write ["b"]' }]],
    [[], [{ wrong: 'the list is empty', right: 'name at least one word, as in ["b"]' }]],
    [['a', 'A'], [{ item: 1, wrong: '"A" is not a word', right: 'lower-case letters are possible' }]],
    [['a', 'b', 'a'], [{ item: 2, wrong: 'duplicate word a', right: 'remove one' }]],
  ])('%j is none', (value, faults) => expect(words.read(given(value))).toEqual({ faults }));
});

test('a path of a type says what it is of, and is no connection string', () => {
  const directory = path({ what: 'a directory', right: 'write the path of a directory' });
  expect(directory.expected).toBe('directory');
  expect(directory.read(given('/mnt/leases'))).toEqual({ value: '/mnt/leases' });
  expect(directory.read(given('AccountName=shop;AccountKey=abcd'))).toEqual({
    faults: [{ wrong: 'the value is a connection string', right: 'write the path of a directory' }],
  });
});
