import { expect, test } from 'vitest';
import { changePathLines, changePathsOf } from './change-path.ts';

const set = (...names: readonly string[]) => new Set(names.map((name) => `${name}.ts:0-1`));

test('what runs at every update is on the path, counted with and without what also runs when idle', () => {
  const paths = changePathsOf(
    'ingester',
    [
      { quiet: set('poll'), delivering: set('poll', 'read', 'renew'), settling: set('save', 'poll') },
      { quiet: set('renew'), delivering: set('poll', 'read', 'save'), settling: set('renew', 'list') },
    ],
    () => '',
  );
  expect(paths.map(({ name, files }) => [name, files.map(({ path }) => path)])).toEqual([
    ['ingester: until the change is out', ['poll.ts', 'read.ts']],
    ['ingester: until the change is out, what does not run when idle', ['read.ts']],
    ['ingester: until it is settled, too', ['poll.ts', 'read.ts', 'save.ts']],
    ['ingester: until it is settled, too, what does not run when idle', ['read.ts', 'save.ts']],
  ]);
});

test('a path is printed as files, lines and executed lines, on demand with its files', () => {
  const paths = [
    {
      name: 'a path',
      files: [
        { path: 'a.ts', lines: 6, executedLines: 3 },
        { path: 'b.ts', lines: 10, executedLines: 4 },
      ],
    },
  ];
  const words = (list: boolean) => changePathLines(paths, list).map((line) => line.trim().split(/ {2,}/));
  expect(words(false)).toEqual([
    ['files', 'lines', 'executed', 'path'],
    ['2', '16', '7', 'a path'],
  ]);
  expect(words(true).slice(2)).toEqual([
    ['6', '3', 'a.ts'],
    ['10', '4', 'b.ts'],
  ]);
});
