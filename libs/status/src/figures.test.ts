import { expect, test } from 'vitest';
import { formatCount, formatDuration, formatRate } from './figures.ts';

test.each([
  [null, '–'],
  [0, '0 ms'],
  [999.4, '999 ms'],
  [999.6, '1.0 s'],
  [9_940, '9.9 s'],
  [9_960, '10 s'],
  [59_400, '59 s'],
  [59_600, '1m 0s'],
  [200_000, '3m 20s'],
  [7_500_000, '2h 5m'],
  [86_399_000, '1d 0h'],
  [273_600_000, '3d 4h'],
])('%s ms is %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test.each([
  [null, '–'],
  [0, '0/s'],
  [0.32, '0.3/s'],
  [9.96, '10/s'],
  [1_234.4, '1,234/s'],
])('%s a second is %s', (rate, text) => {
  expect(formatRate(rate)).toBe(text);
});

test('counts have their thousands apart', () => {
  expect([formatCount(1_234_567), formatCount(null)]).toEqual(['1,234,567', '–']);
});
