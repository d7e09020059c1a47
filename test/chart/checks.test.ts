import { expect, test } from 'vitest';
import { checks } from './checks.ts';

test('without --all, the limits of all checks together are 20 minutes at most', () => {
  const limits = checks({ all: false, update: false }).map(({ limitMs }) => limitMs);
  expect(limits.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(20 * 60_000);
});
