import { expect, test } from 'vitest';
import { parseTablePattern } from './table-pattern.ts';

test.each([
  ['Orders', 'dbo.Orders'],
  ['*', '*.*'],
  ['sales.*', 'sales.*'],
  ['[dbo].[Orders]', 'dbo.Orders'],
  ['[odd.schema].[my ]]table]', 'odd.schema.my ]table'],
])('%j is %j', (text, pattern) => {
  expect(parseTablePattern(text)).toBe(pattern);
});

test.each(['', 'a.b.c', '[odd', 'sales.', '.Orders'])('%j is no pattern', (text) => {
  expect(parseTablePattern(text)).toBeUndefined();
});
