import { DStreamError, silentLog, type Log } from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { describe, expect, test } from 'vitest';
import { FailureLog } from './failure-log.ts';
import { Backoff, retry } from './retry.ts';

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

describe('trying again', () => {
  test('an outage is one error line, and one more when it is over', async () => {
    const clock = new ManualClock();
    const { log, lines } = recorded();
    let attempts = 0;
    const result = retry(
      () => {
        attempts += 1;
        if (attempts < 5) return Promise.reject(new DStreamError('Unreachable', 'nobody answers'));
        return Promise.resolve('there');
      },
      never,
      { clock, failureLog: new FailureLog('connecting', log, clock), random: () => 0 },
    );
    await clock.advance(60_000);
    await expect(result).resolves.toBe('there');
    expect(lines).toEqual(['error connecting failed; retrying', 'info connecting recovered']);
  });

  test('a return is noticed within three seconds, and an outage that lasts is logged at growing intervals', async () => {
    const clock = new ManualClock();
    const { log, lines } = recorded();
    let away = true;
    const attempt = () =>
      away ? Promise.reject(new DStreamError('Unreachable', 'nobody answers')) : Promise.resolve();
    const result = retry(attempt, never, { clock, failureLog: new FailureLog('connecting', log, clock) });
    for (let minute = 0; minute < 90; minute += 1) await clock.advance(60_000);
    away = false;
    await clock.advance(3_000);
    await result;
    expect(lines).toEqual([
      'error connecting failed; retrying',
      ...Array<string>(4).fill('error connecting still failing; retrying'),
      'info connecting recovered',
    ]);
  });

  test('a wait of the failure log takes the place of the back-off', async () => {
    const clock = new ManualClock();
    const signals: number[] = [];
    const wait = (...until: readonly AbortSignal[]) => Promise.resolve(void signals.push(until.length));
    const failureLog = { failed: () => undefined, succeeded: () => undefined, wait };
    let attempts = 0;
    const attempt = () =>
      (attempts += 1) < 3 ? Promise.reject(new DStreamError('Transient', 'no')) : Promise.resolve();
    await retry(attempt, never, { clock, failureLog, giveUp: never });
    expect([attempts, signals, clock.sleeping]).toEqual([3, [2, 2], 0]);
  });

  test('what a person must mend is thrown at once', async () => {
    const clock = new ManualClock();
    const attempt = () => Promise.reject(new DStreamError('LoginFailed', 'the password is wrong'));
    const failureLog = new FailureLog('connecting', silentLog, clock);
    await expect(retry(attempt, never, { clock, failureLog })).rejects.toThrow('the password is wrong');
    expect(clock.sleeping).toBe(0);
  });

  test('once it has given up, the attempt under way is the last, and its error is thrown', async () => {
    const clock = new ManualClock();
    const giveUp = new AbortController();
    let attempts = 0;
    const attempt = () => {
      attempts += 1;
      if (attempts === 2) giveUp.abort();
      return Promise.reject(new DStreamError('Unreachable', `attempt ${attempts}`));
    };
    const failureLog = new FailureLog('connecting', silentLog, clock);
    const result = retry(attempt, never, { clock, failureLog, giveUp: giveUp.signal });
    const outcome = expect(result).rejects.toThrow('attempt 2');
    await clock.advance(60_000);
    await outcome;
    expect([attempts, clock.sleeping]).toEqual([2, 0]);
  });

  test('an abort ends the waiting with its reason', async () => {
    const clock = new ManualClock();
    const stop = new AbortController();
    const attempt = () => Promise.reject(new DStreamError('Unreachable', 'nobody answers'));
    const result = retry(attempt, stop.signal, {
      clock,
      failureLog: new FailureLog('connecting', silentLog, clock),
    });
    const outcome = expect(result).rejects.toThrow('stopping');
    await clock.advance(10);
    stop.abort(new Error('stopping'));
    await outcome;
    expect(clock.sleeping).toBe(0);
  });
});

describe('backing off', () => {
  test('doubles up to the longest wait, with jitter below it, and begins again after a success', () => {
    const backoff = new Backoff({ firstMs: 100, maxMs: 300, random: () => 0 });
    expect([backoff.next(), backoff.next(), backoff.next(), backoff.next()]).toEqual([50, 100, 150, 150]);
    backoff.reset();
    expect(backoff.next()).toBe(50);
  });
});
