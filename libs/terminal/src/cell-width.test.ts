import { expect, test } from 'vitest';
import { fitEnd, fitLine, padTo, textWidth, wrapText } from './cell-width.ts';

const red = (text: string) => `\u001b[31m${text}\u001b[0m`;

test.each([
  ['plain', 5],
  ['Ångström', 8],
  ['A\u030angstro\u0308m', 8],
  ['王小明', 6],
  ['抹茶 x', 6],
  ['한국', 4],
  ['🎉', 2],
  ['👩‍👩‍👧', 2],
  ['محمد', 4],
  [red('red'), 3],
])('the width of %s is %i', (text, width) => {
  expect(textWidth(text)).toBe(width);
});

test('what fits stays as it is', () => {
  expect(fitLine('12345', 5)).toBe('12345');
});

test('what does not fit is cut with an ellipsis', () => {
  expect(fitLine('123456', 5)).toBe('1234…');
});

test('a wide character that would be half outside is left out', () => {
  expect(fitLine('王小明明', 6)).toBe('王小…');
});

test('a cut colour is closed', () => {
  expect(fitLine(red('123456'), 5)).toBe('\u001b[31m1234…\u001b[0m');
});

test('what would move the cursor is made visible', () => {
  expect(fitLine('a\u001b[2Jb\nc\u009bd\u2028e', 80)).toBe('a\\u001b[2Jb\\u000ac\\u009bd\\u2028e');
});

test.each([
  ['123456', 5, '…3456'],
  ['12345', 5, '12345'],
  ['王小明', 4, '…明'],
  [red('123456'), 3, '…56'],
])('the end of %s in %i columns is %s', (text, columns, end) => {
  expect(fitEnd(text, columns)).toBe(end);
});

test('padding counts columns, not characters', () => {
  expect([padTo('王', 4), padTo(red('a'), 3, 'right'), padTo('long', 2)]).toEqual([
    '王  ',
    `  ${red('a')}`,
    'long',
  ]);
});

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
