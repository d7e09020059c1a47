import { expect, test } from 'vitest';
import { wayLines, waysOf } from './way.ts';

const set = (...names: readonly string[]) => new Set(names.map((name) => `${name}.ts:0-1`));

test('on the way is what runs at every update; what runs when idle or only once is told apart', () => {
  const ways = waysOf(
    'ingester',
    [
      { quiet: set('poll'), passing: set('poll', 'read', 'renew'), settling: set('save', 'poll') },
      { quiet: set('renew'), passing: set('poll', 'read', 'save'), settling: set('renew', 'list') },
    ],
    () => '',
  );
  expect(ways.map(({ name, files }) => [name, files.map(({ path }) => path)])).toEqual([
    ['ingester: until the change is out', ['poll.ts', 'read.ts']],
    ['ingester: until the change is out, what does not run when idle', ['read.ts']],
    ['ingester: until it is settled, too', ['poll.ts', 'read.ts', 'save.ts']],
    ['ingester: until it is settled, too, what does not run when idle', ['read.ts', 'save.ts']],
  ]);
});

test('a way is printed as files, lines and executed lines, on demand with its files', () => {
  const ways = [
    {
      name: 'a way',
      files: [
        { path: 'a.ts', lines: 6, executedLines: 3 },
        { path: 'b.ts', lines: 10, executedLines: 4 },
      ],
    },
  ];
  const words = (list: boolean) => wayLines(ways, list).map((line) => line.trim().split(/ {2,}/));
  expect(words(false)).toEqual([
    ['files', 'lines', 'executed', 'way'],
    ['2', '16', '7', 'a way'],
  ]);
  expect(words(true).slice(2)).toEqual([
    ['6', '3', 'a.ts'],
    ['10', '4', 'b.ts'],
  ]);
});
