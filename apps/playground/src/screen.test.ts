import { expect, test } from 'vitest';
import { Startup } from './screen.ts';

function recorded() {
  const seen: string[] = [];
  let nowMs = 0;
  const clock = { monotonicMs: () => nowMs };
  const stop = new AbortController();
  const screen = {
    say: (text: string) => seen.push(text),
    waiting: (what: string | undefined) => seen.push(what === undefined ? '(over)' : `… ${what}`),
  };
  const startup = new Startup(clock, screen, stop.signal);
  return { startup, stop, seen, pass: (ms: number) => (nowMs += ms) };
}

test('a step is shown while it lasts, and said with its time', async () => {
  const { startup, seen, pass } = recorded();
  const result = await startup.step('a shop', async () => pass(1_200));
  expect([result, ...seen]).toEqual([1_200, '… a shop', 'a shop: done in 1.2 s', '(over)']);
});

test('a step that fails is over, and not said to be done', async () => {
  const { startup, seen } = recorded();
  await expect(startup.step('a shop', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(seen).toEqual(['… a shop', '(over)']);
});

test('a step that was cut short by a stop is not said to be done', async () => {
  const { startup, stop, seen } = recorded();
  await startup.step('a shop', async () => stop.abort());
  expect(seen).toEqual(['… a shop', '(over)']);
});
