import { ManualClock } from '@dstream/memory/manual-clock';
import { expect, test } from 'vitest';
import { pause } from './pause.ts';

const never = new AbortController().signal;

test('a pause ends after its time, or at an abort without an error, and leaves no timer', async () => {
  const clock = new ManualClock();
  const [early, ended] = [new AbortController(), [] as string[]];
  const pauses = [
    pause(clock, 100, never, early.signal).then(() => ended.push('aborted')),
    pause(clock, 100, never).then(() => ended.push('over')),
  ];
  early.abort(new Error('enough'));
  await clock.advance(50);
  expect(ended).toEqual(['aborted']);
  await clock.advance(50);
  await Promise.all(pauses);
  expect([ended, clock.sleeping]).toEqual([['aborted', 'over'], 0]);
});

test('a clock that fails is not taken for an abort', async () => {
  const clock = { wallMs: () => 0, monotonicMs: () => 0, sleep: () => Promise.reject(new Error('broken')) };
  await expect(pause(clock, 1, never)).rejects.toThrow('broken');
});
