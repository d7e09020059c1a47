import { ManualClock } from '@dstream/memory/manual-clock';
import { describe, expect, test } from 'vitest';
import { abortLater, aborted, onAbort, pause, runAll, unlessAborted, withAny } from './abort.ts';

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

describe('a composition of signals', () => {
  test('aborts with the reason of whichever aborts first, also when it has aborted before', async () => {
    const [early, late] = [new AbortController(), new AbortController()];
    const reason = (signal: AbortSignal) => aborted(signal).then(() => signal.reason as unknown);
    const waiting = withAny([late.signal, early.signal], reason);
    early.abort('enough');
    await expect(waiting).resolves.toBe('enough');
    await expect(withAny([early.signal, late.signal], reason)).resolves.toBe('enough');
  });

  test('removes its listeners', async () => {
    const { signal } = new AbortController();
    const listeners: unknown[] = [];
    const watched = {
      aborted: false,
      addEventListener: (_: string, listener: unknown) => void listeners.push(listener),
      removeEventListener: (_: string, listener: unknown) =>
        void listeners.splice(listeners.indexOf(listener), 1),
    } as unknown as AbortSignal;
    onAbort(watched, () => undefined)();
    await withAny([watched, signal], () => Promise.resolve());
    await unlessAborted(Promise.resolve(), watched);
    await Promise.resolve();
    expect(listeners).toEqual([]);
  });
});

describe('work that an abort overtakes', () => {
  test('is not waited for any more', async () => {
    const stop = new AbortController();
    const waiting = unlessAborted(new Promise(() => undefined), stop.signal);
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(unlessAborted(Promise.reject(new Error('late')), stop.signal)).rejects.toThrow('enough');
  });

  test('keeps its own outcome when it is first', async () => {
    await expect(unlessAborted(Promise.resolve('done'), never)).resolves.toBe('done');
    await expect(unlessAborted(Promise.reject(new Error('broken')), never)).rejects.toThrow('broken');
  });
});

describe('an abort that comes later', () => {
  test('follows its signal after the time, with the same reason', async () => {
    const [clock, stop] = [new ManualClock(), new AbortController()];
    using later = abortLater(clock, 100, stop.signal);
    await clock.advance(200);
    stop.abort('draining');
    await clock.advance(99);
    expect(later.signal.aborted).toBe(false);
    await clock.advance(1);
    expect(later.signal.reason).toBe('draining');
  });

  test('leaves no timer when it is disposed before', () => {
    const [clock, stop] = [new ManualClock(), new AbortController()];
    const later = abortLater(clock, 100, stop.signal);
    stop.abort();
    later[Symbol.dispose]();
    expect([clock.sleeping, later.signal.aborted]).toEqual([0, false]);
  });
});

describe('together', () => {
  test('one that fails ends the others, and its error is what is thrown', async () => {
    const ended: string[] = [];
    const waits = async (signal: AbortSignal) => {
      await aborted(signal);
      ended.push('the other');
      throw signal.reason;
    };
    const fails = () => Promise.reject(new Error('first'));
    await expect(runAll(never, [waits, fails])).rejects.toThrow('first');
    expect(ended).toEqual(['the other']);
  });

  test('it resolves when all have', async () => {
    await expect(runAll(never, [() => Promise.resolve(), () => Promise.resolve()])).resolves.toBeUndefined();
  });

  test('the parent ends them all with its reason', async () => {
    const parent = new AbortController();
    const task = async (signal: AbortSignal) => {
      await aborted(signal);
      throw signal.reason;
    };
    const running = runAll(parent.signal, [task, task]);
    parent.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
  });
});
