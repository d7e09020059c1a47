import { ManualClock } from '@dstream/memory/manual-clock';
import { expect, test } from 'vitest';
import { ProbeTurns } from './probe-turns.ts';

const never = new AbortController().signal;

/** `count` that wait; each tries again and again, and is told of in `tried`. */
function waiting(count: number) {
  const clock = new ManualClock();
  const turns = new ProbeTurns(clock, () => 1);
  const tried: number[] = [];
  const stop = new AbortController();
  const loops = Array.from({ length: count }, async (_, n) => {
    for (;;) {
      await turns.wait(stop.signal);
      if (stop.signal.aborted) return;
      tried.push(n);
    }
  });
  const end = async () => {
    stop.abort();
    await Promise.all(loops);
  };
  return { clock, turns, tried, end };
}

test('what is away is asked a few times in three seconds, however many wait, and everybody has a turn', async () => {
  const { clock, tried, end } = waiting(300);
  await clock.advance(12_000);
  tried.length = 0;
  await clock.advance(30_000);
  expect(tried.length).toBe(40);
  expect(new Set(tried).size).toBe(40);
  await end();
  expect(clock.sleeping).toBe(0);
});

test('one that waits alone looks again within three seconds', async () => {
  const { clock, tried, end } = waiting(1);
  await clock.advance(60_000);
  tried.length = 0;
  await clock.advance(3_000);
  expect(tried).toEqual([0]);
  await end();
});

test('as soon as it is back nobody waits any longer', async () => {
  const { clock, turns, tried, end } = waiting(300);
  await clock.advance(12_000);
  tried.length = 0;
  turns.back();
  await clock.advance(0);
  expect(new Set(tried).size).toBe(300);
  await end();
});

test('who gives up waiting keeps nobody from a turn', async () => {
  const clock = new ManualClock();
  const turns = new ProbeTurns(clock, () => 1);
  const gone = Array.from({ length: 20 }, () => new AbortController());
  const waits = gone.map(({ signal }) => turns.wait(signal));
  const last = turns.wait(never);
  for (const one of gone) one.abort();
  await Promise.all(waits);
  await clock.advance(3_000);
  await last;
  expect(clock.sleeping).toBe(0);
});
