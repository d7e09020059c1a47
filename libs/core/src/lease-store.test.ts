import { describe, expect, test } from 'vitest';
import { goodUntil, renewalDue } from './lease-store.ts';

describe('a deadline', () => {
  test('keeps a fifth of the duration back, counted from before the call', () => {
    expect(goodUntil(1_000, 30_000)).toBe(25_000);
  });

  test('is renewed a third of the duration after the call', () => {
    expect(renewalDue(goodUntil(1_000, 30_000), 30_000)).toBe(11_000);
  });
});
