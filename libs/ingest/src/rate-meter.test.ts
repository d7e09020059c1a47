import { expect, test } from 'vitest';
import { ManualClock } from '@dstream/memory/manual-clock';
import { RateMeter } from './partition-meter.ts';

test('a steady flow has its rate, however long it lasts', async () => {
  const clock = new ManualClock();
  const meter = new RateMeter(clock);
  for (let tenth = 0; tenth < 400; tenth += 1) {
    meter.add(3);
    await clock.advance(100);
  }
  expect(meter.perSecond()).toBe(30);
});

test('what stops falls to zero within the window', async () => {
  const clock = new ManualClock();
  const meter = new RateMeter(clock);
  await clock.advance(60_000);
  meter.add(100);
  await clock.advance(5_000);
  expect(meter.perSecond()).toBeCloseTo(100 / 9, 5);
  await clock.advance(5_000);
  expect(meter.perSecond()).toBe(0);
});

test('shortly after the start the rate is over the time there was, at least a tenth of the window', async () => {
  const clock = new ManualClock();
  const meter = new RateMeter(clock);
  meter.add(5);
  expect(meter.perSecond()).toBe(5);
  await clock.advance(2_000);
  meter.add(5);
  expect(meter.perSecond()).toBe(5);
});

test('a pause longer than the window leaves nothing of what was before', async () => {
  const clock = new ManualClock();
  const meter = new RateMeter(clock, { windowMs: 1_000 });
  meter.add(1_000);
  await clock.advance(86_400_000);
  meter.add(1);
  expect(meter.perSecond()).toBeCloseTo(1 / 0.9, 5);
});
