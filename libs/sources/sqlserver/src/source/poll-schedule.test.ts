import { describe, expect, test } from 'vitest';
import { PollSchedule } from './table-poll.ts';

describe('polling', () => {
  test('an empty pass doubles the interval up to the maximum', () => {
    const schedule = new PollSchedule({ intervalMs: 5_000, maxIntervalMs: 30_000 }, () => 0);
    const waits = [1, 2, 3, 4, 5].map(() => schedule.afterNothing());
    expect(waits).toEqual([5_000, 10_000, 20_000, 30_000, 30_000]);
  });

  test('a change resets it', () => {
    const schedule = new PollSchedule({ intervalMs: 5_000, maxIntervalMs: 30_000 }, () => 0);
    schedule.afterNothing();
    schedule.afterNothing();
    expect(schedule.afterChanges()).toBe(5_000);
    expect(schedule.afterNothing()).toBe(5_000);
  });

  test('a doubled wait is drawn with jitter, the configured one is exact', () => {
    const schedule = new PollSchedule({ intervalMs: 1_000, maxIntervalMs: 4_000 }, () => 0.5);
    expect([schedule.afterNothing(), schedule.afterNothing()]).toEqual([1_000, 1_900]);
  });
});
