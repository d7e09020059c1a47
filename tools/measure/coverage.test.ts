import { expect, test } from 'vitest';
import { executed, filesOf } from './coverage.ts';

const functionOf = (start: number, end: number, ...counts: readonly number[]) => ({
  functionName: '',
  isBlockCoverage: true,
  ranges: counts.map((count) => ({ startOffset: start, endOffset: end, count })),
});

test('a function that only went on has run, too', () => {
  const functions = [
    functionOf(0, 90, 0),
    functionOf(3, 9, 1),
    functionOf(10, 20, 0, 2),
    functionOf(30, 40, 0, 0),
  ];
  const scripts = [{ scriptId: '1', url: 'file:///checkout/libs/a/src/a.ts', functions }];
  expect([...executed(scripts, '/checkout')]).toEqual(['libs/a/src/a.ts:3-9', 'libs/a/src/a.ts:10-20']);
});

const text = 'const a = () => {\n  b(() => 1);\n};\n\nfunction b() {\n}\n';

test('a line of two functions counts once; the lines of a file are those an editor shows', () => {
  const functions = new Set([`a.ts:10-${text.indexOf('};') + 1}`, `a.ts:${text.indexOf('() => 1')}-30`]);
  expect(filesOf(functions, () => text)).toEqual([{ path: 'a.ts', lines: 6, executedLines: 3 }]);
});
