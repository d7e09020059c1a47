import { expect, test } from 'vitest';
import { mapOf } from './map-of.ts';
import { text, wholeNumber } from './scalars.ts';
import type { Given } from './value-type.ts';

const plain = (value: Given['value']): Given => ({
  value,
  shown: JSON.stringify(value),
  fromVariable: false,
  items: [],
});
const object = (value: Readonly<Record<string, Given['value']>>): Given => ({
  ...plain(value),
  shown: 'an object',
  entries: new Map(Object.entries(value).map(([name, inner]) => [name, plain(inner)])),
});

const lengths = mapOf(wholeNumber({ min: 1, max: 10 }), {
  what: 'column names to lengths',
  name: text({ what: 'a column name', pattern: /^.{1,5}$/, right: 'write at most 5 characters' }),
  example: '{ Text = 3 }',
  key: (name) => name.toLowerCase(),
});

test('an object of values is a map of what they are', () => {
  expect(lengths.expected).toBe('object of column names to lengths');
  expect(lengths.read(object({ A: 1, B: 2 }))).toEqual({
    value: new Map([
      ['A', 1],
      ['B', 2],
    ]),
  });
  const odd = Object.fromEntries([['__proto__', 3]]);
  const long = mapOf(wholeNumber({ min: 1, max: 10 }), {
    what: '',
    name: text({ what: '', pattern: /./, right: '' }),
    example: '',
    key: (name) => name,
  });
  expect(long.read(object(odd))).toEqual({ value: new Map([['__proto__', 3]]) });
});

test.each([
  [plain('a'), [{ wrong: '"a" is not an object', right: 'write { Text = 3 }' }]],
  [plain(['a']), [{ wrong: '["a"] is not an object', right: 'write { Text = 3 }' }]],
  [object({}), [{ wrong: 'the object is empty', right: 'write { Text = 3 }' }]],
  [object({ A: 11 }), [{ wrong: 'A: 11 is out of range (1–10)' }]],
  [object({ A: 1, a: 2 }), [{ wrong: 'duplicate name a', right: 'remove one' }]],
  [
    object({ TooLong: 1 }),
    [{ wrong: '"TooLong" is not a column name', right: 'write at most 5 characters' }],
  ],
])('an object with a fault is refused (%#)', (given, faults) =>
  expect(lengths.read(given)).toEqual({ faults }),
);
