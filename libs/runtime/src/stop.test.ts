import { ManualClock } from '@dstream/core/in-memory/manual-clock';
import { describe, expect, test } from 'vitest';
import { Stop } from './stop.ts';

describe('stopping', () => {
  test('the first request drains, the second aborts', () => {
    using stop = new Stop(new ManualClock(), 30_000);
    stop.request('SIGTERM');
    expect([stop.draining.aborted, stop.aborted.aborted]).toEqual([true, false]);
    stop.request('SIGTERM');
    expect(stop.aborted.aborted).toBe(true);
  });

  test('a drain that takes too long is aborted', async () => {
    const clock = new ManualClock();
    using stop = new Stop(clock, 30_000);
    stop.request('SIGTERM');
    await clock.advance(29_999);
    expect(stop.aborted.aborted).toBe(false);
    await clock.advance(1);
    expect(stop.aborted.reason).toEqual(new Error('stopped: not finished within 30000 ms'));
  });

  test('a third request does nothing, and nothing is left behind', () => {
    const clock = new ManualClock();
    using stop = new Stop(clock, 30_000);
    for (const why of ['one', 'two', 'three']) stop.request(why);
    expect(stop.aborted.reason).toEqual(new Error('stopped: two again'));
    expect(clock.sleeping).toBe(0);
  });
});
