import { expect, test } from 'vitest';
import { ManualClock } from './manual-clock.ts';
import { DelayLine } from './delay-line.ts';

test('without a delay a job runs at once', () => {
  const log: string[] = [];
  new DelayLine(new ManualClock()).run(0, () => log.push('now'));
  expect(log).toEqual(['now']);
});

test('jobs keep their order when the delay ends', () => {
  const clock = new ManualClock();
  const line = new DelayLine(clock);
  const log: string[] = [];
  line.run(100, () => log.push('first'));
  line.run(0, () => log.push('second'));
  expect(log).toEqual([]);
  clock.advance(100);
  expect(log).toEqual(['first', 'second']);
});

test('a closed line runs nothing more and leaves no timer', () => {
  const clock = new ManualClock();
  const line = new DelayLine(clock);
  const log: string[] = [];
  line.run(100, () => log.push('lost'));
  line.close();
  expect(clock.pending).toBe(0);
  clock.advance(100);
  expect(log).toEqual([]);
});
