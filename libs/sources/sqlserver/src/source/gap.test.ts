import { describe, expect, test } from 'vitest';
import type { Creation } from '../sql/catalogue.ts';
import { createdAnew } from './gap.ts';

const day = 86_400_000;
const cleaned: Creation = {
  createdAtMs: 10 * day,
  nextAtMs: 17 * day,
  lowIsTransaction: true,
};

describe('a capture instance that does not reach back far enough', () => {
  test('was cleaned up when it is older than all that is left', () => {
    expect(createdAnew(cleaned)).toBe(false);
    expect(createdAnew({ ...cleaned, nextAtMs: undefined })).toBe(false);
  });

  test.each<[string, Partial<Creation>]>([
    ['a transaction after the place was committed before it was created', { nextAtMs: 9 * day }],
    ['its low-water mark is where it was created', { lowIsTransaction: false }],
  ])('was created anew when %s', (_, facts) => {
    expect(createdAnew({ ...cleaned, ...facts })).toBe(true);
  });
});
