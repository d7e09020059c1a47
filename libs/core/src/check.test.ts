import { expect, test } from 'vitest';
import { shellWord } from './check.ts';

test.each([
  ['orders-1/dead.letters', 'orders-1/dead.letters'],
  ['my orders', "'my orders'"],
  ["o'dd $(name)", String.raw`'o'\''dd $(name)'`],
  ['', "''"],
])('%j is one word of a shell', (name, word) => {
  expect(shellWord(name)).toBe(word);
});
