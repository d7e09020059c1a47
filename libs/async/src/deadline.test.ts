import { ManualClock } from '@dstream/memory/manual-clock';
import { describe, expect, test } from 'vitest';
import { aborted } from './abort.ts';
import { withDeadline } from './deadline.ts';

const never = new AbortController().signal;
const late = () => new Error('too late');

async function untilAborted(signal: AbortSignal): Promise<never> {
  await aborted(signal);
  throw signal.reason;
}

describe('a deadline', () => {
  test('aborts the work when the clock reaches it', async () => {
    const clock = new ManualClock();
    const work = withDeadline(clock, 100, late, never, untilAborted);
    const outcome = expect(work).rejects.toThrow('too late');
    await clock.advance(100);
    await outcome;
  });

  test('leaves no timer when the work is done in time', async () => {
    const clock = new ManualClock();
    await expect(withDeadline(clock, 100, late, never, () => Promise.resolve('done'))).resolves.toBe('done');
    expect(clock.sleeping).toBe(0);
  });

  test('passes on the reason of the parent', async () => {
    const parent = new AbortController();
    const work = withDeadline(new ManualClock(), 100, late, parent.signal, untilAborted);
    parent.abort(new Error('stopping'));
    await expect(work).rejects.toThrow('stopping');
  });
});
