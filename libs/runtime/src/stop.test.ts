import type { Log } from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { describe, expect, test } from 'vitest';
import { Stop, stopOnSignals } from './stop.ts';

describe('stopping', () => {
  test('the first request drains, the second aborts', () => {
    using stop = new Stop(new ManualClock(), 30_000);
    stop.request('SIGTERM');
    expect([stop.draining.aborted, stop.aborted.aborted]).toEqual([true, false]);
    stop.request('SIGTERM');
    expect(stop.aborted.aborted).toBe(true);
  });

  test('a drain that takes too long is aborted', async () => {
    const clock = new ManualClock();
    using stop = new Stop(clock, 30_000);
    stop.request('SIGTERM');
    await clock.advance(29_999);
    expect(stop.aborted.aborted).toBe(false);
    await clock.advance(1);
    expect(stop.aborted.reason).toEqual(new Error('stopped: not finished within 30000 ms'));
  });

  test('a third request does nothing, and nothing is left behind', () => {
    const clock = new ManualClock();
    using stop = new Stop(clock, 30_000);
    for (const why of ['one', 'two', 'three']) stop.request(why);
    expect(stop.aborted.reason).toEqual(new Error('stopped: two again'));
    expect(clock.sleeping).toBe(0);
  });
});

describe('signals', () => {
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const;

  /** What becomes of a process when its handlers are called; no signal is sent. */
  function under(env: Readonly<Record<string, string>>, ...names: readonly (typeof signals)[number][]) {
    const lines: string[] = [];
    const say = (sentence: string) => void lines.push(sentence);
    const log: Log = { debug: say, info: say, warn: say, error: say, child: () => log };
    using stop = new Stop(new ManualClock(), 30_000);
    using _handlers = stopOnSignals(stop, log, env);
    for (const name of names) process.listeners(name).at(-1)?.(name);
    return { draining: stop.draining.aborted, aborted: stop.aborted.aborted, said: lines };
  }

  test.each(['SIGTERM', 'SIGINT'] as const)('%s drains, a second one aborts', (name) => {
    expect(under({}, name)).toMatchObject({ draining: true, aborted: false });
    expect(under({}, name, name)).toMatchObject({ draining: true, aborted: true });
  });

  test('SIGHUP drains and logs it, however often a closing terminal sends it', () => {
    expect(under({}, 'SIGHUP', 'SIGHUP')).toMatchObject({ draining: true, aborted: false });
    expect(under({}, 'SIGHUP').said).toEqual([expect.stringContaining('draining')]);
  });

  test('SIGHUP does nothing in a process that was started with it ignored', () => {
    expect(under({ DSTREAM_HANGUP: 'ignored' }, 'SIGHUP')).toEqual({
      draining: false,
      aborted: false,
      said: [],
    });
  });

  test('SIGQUIT aborts at once and logs it', () => {
    expect(under({}, 'SIGQUIT')).toMatchObject({ draining: true, aborted: true });
    expect(under({}, 'SIGQUIT').said).toEqual([expect.stringContaining('aborting')]);
  });

  test('no handler is left behind', () => {
    const count = () => signals.map((name) => process.listenerCount(name));
    const before = count();
    under({}, 'SIGHUP');
    expect(count()).toEqual(before);
  });
});
