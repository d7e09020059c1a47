import { ManualClock } from '@dstream/memory/manual-clock';
import { describe, expect, test } from 'vitest';
import { aborted } from './abort.ts';
import { SharedTimeout, withTimeout } from './time.ts';

const never = new AbortController().signal;
const silent = () => new Promise<string>(() => undefined);
const late = () => new Error('late');

async function untilAborted(signal: AbortSignal): Promise<never> {
  await aborted(signal);
  throw signal.reason;
}

describe('a timeout', () => {
  test('aborts the work at the deadline', async () => {
    const clock = new ManualClock();
    const reasons: unknown[] = [];
    const work = async (signal: AbortSignal) => {
      await aborted(signal);
      reasons.push(signal.reason);
    };
    const outcome = expect(withTimeout({ clock, atMs: 100, late, signal: never }, work)).rejects.toThrow(
      'late',
    );
    await clock.advance(99);
    expect(reasons).toEqual([]);
    await clock.advance(1);
    await outcome;
    expect(reasons).toEqual([late()]);
  });

  test('gives up on work that ignores its signal', async () => {
    const clock = new ManualClock();
    const outcome = expect(withTimeout({ clock, atMs: 100, late, signal: never }, silent)).rejects.toThrow(
      'late',
    );
    await clock.advance(100);
    await outcome;
  });

  test('leaves no timer when the work ends in time, and passes its outcome on', async () => {
    const clock = new ManualClock();
    const limit = { clock, atMs: 100, late, signal: never };
    await expect(withTimeout(limit, () => Promise.resolve('done'))).resolves.toBe('done');
    await expect(withTimeout(limit, () => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
    expect(clock.sleeping).toBe(0);
  });

  test('ends with the reason of an abort, and starts no work after one', async () => {
    const clock = new ManualClock();
    const stop = new AbortController();
    const limit = { clock, atMs: 100, late, signal: stop.signal };
    const calling = withTimeout(limit, untilAborted);
    stop.abort(new Error('stopping'));
    await expect(calling).rejects.toThrow('stopping');
    let started = false;
    await expect(withTimeout(limit, async () => (started = true))).rejects.toThrow('stopping');
    expect([started, clock.sleeping]).toEqual([false, 0]);
  });
});

describe('a timeout that calls share', () => {
  test('gives up on each call at its own time', async () => {
    const clock = new ManualClock();
    const timeout = new SharedTimeout(clock, 1_000);
    const ended: string[] = [];
    const call = (name: string) => timeout.run(never, late, silent).catch(() => void ended.push(name));
    const first = call('first');
    await clock.advance(600);
    const second = call('second');
    await clock.advance(400);
    expect(ended).toEqual(['first']);
    await clock.advance(600);
    await Promise.all([first, second]);
    expect(ended).toEqual(['first', 'second']);
    expect(clock.sleeping).toBe(0);
  });

  test('lets a call that answers in time be, and its timer ends with the timeout', async () => {
    const clock = new ManualClock();
    const timeout = new SharedTimeout(clock, 1_000);
    await expect(timeout.run(never, late, () => Promise.resolve('sent'))).resolves.toBe('sent');
    await expect(timeout.run(never, late, () => Promise.reject(new Error('refused')))).rejects.toThrow(
      'refused',
    );
    await timeout.dispose();
    expect(clock.sleeping).toBe(0);
  });

  test('bounds the calls after one that aborted its own signal', async () => {
    const clock = new ManualClock();
    const timeout = new SharedTimeout(clock, 1_000);
    const abort = new AbortController();
    const lost = timeout.run(abort.signal, late, () => {
      abort.abort(new Error('lost'));
      return silent();
    });
    await expect(lost).rejects.toThrow('lost');
    const next = expect(timeout.run(never, late, silent)).rejects.toThrow('late');
    await clock.advance(1_000);
    await next;
    await timeout.dispose();
  });

  test('ends a call when its signal aborts, and starts none when it has', async () => {
    const timeout = new SharedTimeout(new ManualClock(), 1_000);
    const abort = new AbortController();
    const calling = timeout.run(abort.signal, late, silent);
    abort.abort(new Error('stop'));
    await expect(calling).rejects.toThrow('stop');
    let started = false;
    const none = timeout.run(abort.signal, late, async () => (started = true));
    await expect(none).rejects.toThrow('stop');
    expect(started).toBe(false);
    await timeout.dispose();
  });
});
