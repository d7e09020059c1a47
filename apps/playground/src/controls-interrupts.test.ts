import { EventEmitter } from 'node:events';
import type { Clock } from '@dstream/core';
import { Stop } from '@dstream/runtime';
import { expect, test } from 'vitest';
import { stopOnInterrupts } from './controls.ts';

function opened() {
  let now = 0;
  const clock: Clock = {
    wallMs: () => now,
    monotonicMs: () => now,
    sleep: (_ms, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      }),
  };
  const stop = new Stop(clock, 10_000);
  const source = new EventEmitter();
  const interrupts = stopOnInterrupts(stop, clock, source);
  const press = (atMs: number) => {
    now = atMs;
    source.emit('SIGINT');
    return { draining: stop.draining.aborted, aborted: stop.aborted.aborted };
  };
  return { press, stop, source, interrupts };
}

test('one press stops, a second one aborts', () => {
  const { press, stop } = opened();
  expect(press(1_000)).toEqual({ draining: true, aborted: false });
  expect(press(2_000)).toEqual({ draining: true, aborted: true });
  stop[Symbol.dispose]();
});

test('the signal that npm passes on is the same press', () => {
  const { press, stop } = opened();
  press(1_000);
  expect(press(1_010)).toEqual({ draining: true, aborted: false });
  stop[Symbol.dispose]();
});

test('a key stops as a signal does', () => {
  const { press, stop, interrupts } = opened();
  interrupts.interrupt('q');
  expect(stop.draining.aborted).toBe(true);
  expect(press(1_000)).toEqual({ draining: true, aborted: true });
  stop[Symbol.dispose]();
});

test('SIGQUIT aborts at once', () => {
  const { stop, source } = opened();
  source.emit('SIGQUIT', 'SIGQUIT');
  expect([stop.draining.aborted, stop.aborted.aborted]).toEqual([true, true]);
});

test('no handler is left behind', () => {
  const { source, interrupts, stop } = opened();
  interrupts[Symbol.dispose]();
  expect(source.eventNames()).toEqual([]);
  stop[Symbol.dispose]();
});
