import { expect, test } from 'vitest';
import { DuplicateWindow } from './duplicate-window.ts';

test('an id is a duplicate until the window is over', () => {
  let now = 0;
  const window = new DuplicateWindow(1000, () => now);
  expect([window.isDuplicate('a'), window.isDuplicate('a'), window.isDuplicate('b')]).toEqual([
    false,
    true,
    false,
  ]);
  now = 999;
  expect(window.isDuplicate('a')).toBe(true);
  now = 1000;
  expect(window.isDuplicate('a')).toBe(false);
});

test('ids outside the window are forgotten', () => {
  let now = 0;
  const window = new DuplicateWindow(1000, () => now);
  for (let i = 0; i < 100_000; i += 1) {
    now += 1;
    window.isDuplicate(`m${i}`);
  }
  expect(window.size).toBe(1000);
});
