import { expect, test } from 'vitest';
import { wrapText } from './wrap-text.ts';

test.each([
  ['one two three', 7, ['one two', 'three']],
  ['one', 7, ['one']],
  ['', 7, []],
  [' a \n b ', 7, ['a b']],
  ['0123456789 x', 4, ['0123', '4567', '89 x']],
  ['王小明 王', 4, ['王小', '明', '王']],
])('%j in %i columns', (text, columns, lines) => {
  expect(wrapText(text, columns)).toEqual(lines);
});
