import { expect, test } from 'vitest';
import { parseDuration } from './iso-duration.ts';

test.each([
  ['PT1M', 60_000],
  ['PT1M30S', 90_000],
  ['PT1H', 3_600_000],
  ['P10D', 864_000_000],
  ['P1DT2H', 93_600_000],
  ['PT0.5S', 500],
])('%s is %d ms', (text, ms) => expect(parseDuration(text)).toBe(ms));

test.each(['', 'P', 'PT', '1m', 'PT1X'])("'%s' is refused", (text) =>
  expect(() => parseDuration(text)).toThrow('is not a duration'),
);
