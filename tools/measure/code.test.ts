import { expect, test } from 'vitest';
import { codeFigures, longestFunctions, missingDocstrings } from './code.ts';
import type { SourceFileFigures } from './sources.ts';

function file(path: string, lines: number, functions: readonly number[], documented: readonly boolean[]) {
  return {
    path,
    package: path.slice(0, path.indexOf('/src/')),
    lines,
    functions: functions.map((length, n) => ({ name: `f${n}`, line: n + 1, lines: length })),
    exports: documented.map((is, n) => ({ name: `E${n}`, line: 10 + n, documented: is })),
  };
}

const files: readonly SourceFileFigures[] = [
  file('apps/playground/src/main.ts', 400, [50], [false]),
  file('libs/a/src/one.ts', 10, [3, 4], [true, false]),
  file('libs/a/src/two.ts', 30, [5], [true]),
  file('libs/b/src/index.ts', 5, [], []),
];

test('figures are of each package, of all, and of all but the playground; long files are named', () => {
  const rows = codeFigures(files).map((line) => line.trim().split(/ {2,}/));
  expect(rows).toEqual([
    ['files', 'lines', 'file p50', 'file p90', 'functions', 'p50', 'p90', 'exports documented'],
    ['apps/playground', '1', '400', '400', '400', '1', '50', '50', '1', '0.0 %'],
    ['libs/a', '2', '40', '30', '30', '3', '4', '5', '3', '66.7 %'],
    ['libs/b', '1', '5', '5', '5', '0', '0'],
    ['all', '4', '445', '30', '400', '4', '5', '50', '4', '50.0 %'],
    ['all but apps/playground', '3', '45', '10', '30', '3', '4', '5', '3', '66.7 %'],
    [''],
    ['files over 300 lines:'],
    ['400', 'apps/playground/src/main.ts'],
  ]);
});

test('exports without a docstring are listed with their place, below a path', () => {
  expect(missingDocstrings(files, '')).toEqual([
    'apps/playground/src/main.ts:10 E0',
    'libs/a/src/one.ts:11 E1',
  ]);
  expect(missingDocstrings(files, 'libs/a')).toEqual(['libs/a/src/one.ts:11 E1']);
});

test('the longest functions come first', () => {
  expect(longestFunctions(files, 2).map((line) => line.trim())).toEqual([
    '50  apps/playground/src/main.ts:1 f0',
    '5  libs/a/src/two.ts:1 f0',
  ]);
});
