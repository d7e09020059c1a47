import { ManualClock } from '@dstream/memory/manual-clock';
import { describe, expect, test } from 'vitest';
import { CallLimit } from './call-limit.ts';

const never = new AbortController().signal;
const silent = () => new Promise<string>(() => undefined);
const late = () => new Error('late');

describe('the limit of calls', () => {
  test('gives up on each call at its own time', async () => {
    const clock = new ManualClock();
    const limit = new CallLimit(clock, 1_000);
    const ended: string[] = [];
    const call = (name: string) => limit.run(never, late, silent).catch(() => void ended.push(name));
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

  test('lets a call that answers in time be, and its timer ends with the limit', async () => {
    const clock = new ManualClock();
    const limit = new CallLimit(clock, 1_000);
    await expect(limit.run(never, late, () => Promise.resolve('sent'))).resolves.toBe('sent');
    await expect(limit.run(never, late, () => Promise.reject(new Error('refused')))).rejects.toThrow(
      'refused',
    );
    await limit.dispose();
    expect(clock.sleeping).toBe(0);
  });

  test('ends a call when its signal aborts, and starts none when it has', async () => {
    const limit = new CallLimit(new ManualClock(), 1_000);
    const abort = new AbortController();
    const calling = limit.run(abort.signal, late, silent);
    abort.abort(new Error('stop'));
    await expect(calling).rejects.toThrow('stop');
    let started = false;
    const none = limit.run(abort.signal, late, async () => (started = true));
    await expect(none).rejects.toThrow('stop');
    expect(started).toBe(false);
    await limit.dispose();
  });
});
