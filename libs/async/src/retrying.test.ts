import { DStreamError, silentLog, type Log } from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { describe, expect, test } from 'vitest';
import { Outage } from './outage.ts';
import { retrying } from './retrying.ts';

const never = new AbortController().signal;

function recorded(): { log: Log; lines: string[] } {
  const lines: string[] = [];
  const log = {
    ...silentLog,
    error: (s: string) => void lines.push(`error ${s}`),
    info: (s: string) => void lines.push(`info ${s}`),
  };
  return { log, lines };
}

describe('retrying', () => {
  test('an outage is one error line, and one more when it is over', async () => {
    const clock = new ManualClock();
    const { log, lines } = recorded();
    let attempts = 0;
    const result = retrying(
      () => {
        attempts += 1;
        if (attempts < 5) return Promise.reject(new DStreamError('Unreachable', 'nobody answers'));
        return Promise.resolve('there');
      },
      never,
      { clock, outage: new Outage('connecting', log, clock), random: () => 0 },
    );
    await clock.advance(60_000);
    await expect(result).resolves.toBe('there');
    expect(lines).toEqual(['error connecting: failing, trying again', 'info connecting: working again']);
  });

  test('a return is noticed within three seconds, and an outage that lasts is logged at growing intervals', async () => {
    const clock = new ManualClock();
    const { log, lines } = recorded();
    let away = true;
    const attempt = () =>
      away ? Promise.reject(new DStreamError('Unreachable', 'nobody answers')) : Promise.resolve();
    const result = retrying(attempt, never, { clock, outage: new Outage('connecting', log, clock) });
    for (let minute = 0; minute < 90; minute += 1) await clock.advance(60_000);
    away = false;
    await clock.advance(3_000);
    await result;
    expect(lines).toEqual([
      'error connecting: failing, trying again',
      ...Array<string>(4).fill('error connecting: still failing, trying again'),
      'info connecting: working again',
    ]);
  });

  test('a wait of the outage itself takes the place of the back-off', async () => {
    const clock = new ManualClock();
    const signals: number[] = [];
    const wait = (...until: readonly AbortSignal[]) => Promise.resolve(void signals.push(until.length));
    const outage = { failed: () => undefined, succeeded: () => undefined, wait };
    let attempts = 0;
    const attempt = () =>
      (attempts += 1) < 3 ? Promise.reject(new DStreamError('Transient', 'no')) : Promise.resolve();
    await retrying(attempt, never, { clock, outage, giveUp: never });
    expect([attempts, signals, clock.sleeping]).toEqual([3, [2, 2], 0]);
  });

  test('what a person must mend is thrown at once', async () => {
    const clock = new ManualClock();
    const attempt = () => Promise.reject(new DStreamError('LoginFailed', 'the password is wrong'));
    const outage = new Outage('connecting', silentLog, clock);
    await expect(retrying(attempt, never, { clock, outage })).rejects.toThrow('the password is wrong');
    expect(clock.sleeping).toBe(0);
  });

  test('an abort ends the waiting with its reason', async () => {
    const clock = new ManualClock();
    const stop = new AbortController();
    const attempt = () => Promise.reject(new DStreamError('Unreachable', 'nobody answers'));
    const result = retrying(attempt, stop.signal, {
      clock,
      outage: new Outage('connecting', silentLog, clock),
    });
    const outcome = expect(result).rejects.toThrow('stopping');
    await clock.advance(10);
    stop.abort(new Error('stopping'));
    await outcome;
    expect(clock.sleeping).toBe(0);
  });
});
