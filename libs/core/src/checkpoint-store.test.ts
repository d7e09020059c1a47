import { describe, expect, test } from 'vitest';
import { nextGeneration } from './checkpoint-store.ts';

describe('a generation', () => {
  test('grows also when the clock of the store went back', () => {
    expect(nextGeneration(1_000, 5_000)).toBe(5_001);
    expect(nextGeneration(9_000, 5_000)).toBe(9_000);
    expect(nextGeneration(9_000, undefined)).toBe(9_000);
  });
});
