import { expect, test } from 'vitest';
import { Deadlines, type Deadline } from './deadlines.ts';
import { ManualClock } from '../../protocol/manual-clock.ts';

function deadline(clock: ManualClock, inMs: number, log: string[], name: string) {
  const state: { atMs: number | undefined } = { atMs: clock.nowMs() + inMs };
  const it: Deadline = { dueAtMs: () => state.atMs, run: () => log.push(name) };
  return { it, state };
}

test('deadlines run in the order of their times, on one timer', () => {
  const clock = new ManualClock();
  const deadlines = new Deadlines(clock);
  const log: string[] = [];
  for (const ms of [30, 10, 20]) deadlines.add(deadline(clock, ms, log, `${ms}`).it);
  expect(clock.pending).toBe(1);
  clock.advance(25);
  expect(log).toEqual(['10', '20']);
  clock.advance(5);
  expect(log).toEqual(['10', '20', '30']);
  expect(clock.pending).toBe(0);
});

test('a deadline that moved later runs at its new time', () => {
  const clock = new ManualClock();
  const deadlines = new Deadlines(clock);
  const log: string[] = [];
  const { it, state } = deadline(clock, 10, log, 'renewed');
  deadlines.add(it);
  state.atMs = clock.nowMs() + 50;
  clock.advance(49);
  expect(log).toEqual([]);
  clock.advance(1);
  expect(log).toEqual(['renewed']);
});

test('deadlines that no longer matter do not pile up', () => {
  const clock = new ManualClock();
  const deadlines = new Deadlines(clock);
  const log: string[] = [];
  const kept = deadline(clock, 60_000, log, 'kept');
  deadlines.add(kept.it);
  for (let i = 0; i < 100_000; i += 1) {
    const settled = deadline(clock, 60_000, log, 'settled');
    deadlines.add(settled.it);
    settled.state.atMs = undefined;
  }
  expect(deadlines.size).toBeLessThan(3000);
  clock.advance(60_000);
  expect(log).toEqual(['kept']);
});
