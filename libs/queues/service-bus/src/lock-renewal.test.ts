import { DStreamError } from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { describe, expect, test } from 'vitest';
import { LockRenewal } from './lock-renewal.ts';

const durationMs = 60_000;

function keep(renew: (signal: AbortSignal) => Promise<Date>, beforeMs = 0) {
  const clock = new ManualClock();
  const losses: DStreamError[] = [];
  const stop = new AbortController();
  const renewals: number[] = [];
  const renewal = new LockRenewal({
    clock,
    random: () => 0.5,
    what: 'session s',
    durationMs,
    beforeMs,
    renew: (signal) => {
      renewals.push(clock.monotonicMs());
      return renew(signal);
    },
    lost: (reason) => losses.push(reason),
  });
  return { clock, losses, renewals, renewal, stop, running: renewal.run(stop.signal) };
}

const granted = () => Promise.resolve(new Date());
const throttled = () => Promise.reject(new DStreamError('Throttled', 'busy'));

describe('the renewal of a lock', () => {
  test('comes every third of the duration; the lock is good for four fifths of it from before the call', async () => {
    const { clock, renewals, renewal, stop, running } = keep(granted);
    expect(renewal.goodUntilMs).toBe(48_000);
    await clock.advance(45_000);
    expect(renewals).toEqual([20_000, 40_000]);
    expect(renewal.goodUntilMs).toBe(88_000);
    stop.abort();
    await running;
    expect(clock.sleeping).toBe(0);
  });

  test('is tried again while the lock is good, and then the lock is lost', async () => {
    const { clock, losses, renewals, running } = keep(throttled);
    await clock.advance(47_900);
    expect(renewals.length).toBeGreaterThan(3);
    expect(losses).toEqual([]);
    await clock.advance(200);
    await running;
    expect(losses).toMatchObject([{ code: 'LockLost' }]);
    expect(clock.sleeping).toBe(0);
  });

  test('that gets no answer loses the lock when it is good no more', async () => {
    const { clock, losses, running } = keep(() => new Promise(() => undefined));
    await clock.advance(47_999);
    expect(losses).toEqual([]);
    await clock.advance(1);
    await running;
    expect(losses).toMatchObject([{ code: 'LockLost' }]);
  });

  test('that the service refuses loses the lock at once', async () => {
    const { clock, losses, running } = keep(() => Promise.reject(new DStreamError('LockLost', 'taken')));
    await clock.advance(20_000);
    await running;
    expect(losses.map(({ message }) => message)).toEqual(['taken']);
  });

  test('makes sure of a lock whose acquisition waited longer than it is good for', async () => {
    const { clock, renewal, stop, running } = keep(granted, -50_000);
    expect(renewal.isGood).toBe(false);
    await renewal.confirm(stop.signal);
    expect(renewal.goodUntilMs).toBe(48_000);
    stop.abort();
    await Promise.all([running, clock.advance(0)]);
  });
});
