import { beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '@dstream/memory/manual-clock';
import { SessionLimiter } from './session-limiter.ts';

const minWaitMs = 1_000;
let clock: ManualClock;
let limiter: SessionLimiter;
let evicted: string[];
let exceeded: number;
/** What sessions did with their slots. */
let slots: string[];

beforeEach(() => {
  clock = new ManualClock();
  evicted = [];
  slots = [];
  exceeded = 0;
  limiter = new SessionLimiter({
    maxSessions: 2,
    maxWaiting: 2,
    maxWaitingBytes: 100,
    minWaitMs,
    remembered: 2,
    clock,
    exceeded: () => (exceeded += 1),
    waitingExceeded: () => undefined,
    waitingChanged: () => undefined,
  });
});

function enter(name: string, canWait = true) {
  const session = {
    sessionId: name,
    evict: () => void evicted.push(name),
    freeSlot: () => {
      if (canWait) slots.push(`${name} frees its slot`);
      return canWait;
    },
    takeSlot: () => void slots.push(`${name} takes one`),
  };
  limiter.enter(session);
  return session;
}

describe('a limit of two sessions', () => {
  test('evicts none, however idle, while none waits', () => {
    limiter.idle(enter('a'));
    limiter.idle(enter('b'));
    expect({ evicted, exceeded, isExceeded: limiter.isExceeded }).toEqual({
      evicted: [],
      exceeded: 0,
      isExceeded: false,
    });
  });

  test('evicts the one that has been idle for longest for one that waits', () => {
    const [a, b] = [enter('a'), enter('b')];
    limiter.idle(b);
    limiter.idle(a);
    enter('c');
    expect({ evicted, exceeded, isExceeded: limiter.isExceeded }).toEqual({
      evicted: ['b'],
      exceeded: 1,
      isExceeded: false,
    });
  });

  test('evicts one as soon as it becomes idle while another one waits', () => {
    const a = enter('a');
    enter('b');
    enter('c');
    expect(evicted).toEqual([]);
    limiter.idle(a);
    expect(evicted).toEqual(['a']);
  });

  test('does not evict one that has become busy again', () => {
    const [a, b] = [enter('a'), enter('b')];
    limiter.idle(a);
    limiter.idle(b);
    limiter.busy(a);
    enter('c');
    expect(evicted).toEqual(['b']);
  });

  test('has room when one ends by itself, which is not evicted then', () => {
    const a = enter('a');
    enter('b');
    limiter.leave(a);
    limiter.idle(a);
    enter('c');
    expect({ evicted, isExceeded: limiter.isExceeded }).toEqual({ evicted: [], isExceeded: false });
  });
});

describe('a limit of two sessions that wait for an output', () => {
  test('leaves room for as many others as if they were not there', () => {
    const waiting = [enter('a'), enter('b')];
    for (const session of waiting) limiter.wait(session, 1);
    enter('c');
    enter('d');
    expect([limiter.isExceeded, limiter.waiting, exceeded]).toEqual([false, 2, 0]);
    for (const session of waiting) limiter.resume(session);
    expect([limiter.isExceeded, limiter.waiting]).toEqual([true, 0]);
    expect(slots).toEqual(['a frees its slot', 'b frees its slot', 'a takes one', 'b takes one']);
  });

  test('evicts the one that waits longest for a third, once it has waited for a while; until then the third keeps its slot', async () => {
    const [a, b, c] = [enter('a'), enter('b'), enter('c')];
    limiter.wait(a, 1);
    await clock.advance(minWaitMs - 1);
    limiter.wait(b, 1);
    limiter.wait(c, 1);
    expect([evicted, slots]).toEqual([[], ['a frees its slot', 'b frees its slot']]);
    await clock.advance(1);
    expect([evicted, slots.at(-1), limiter.waiting]).toEqual([['a'], 'c frees its slot', 2]);
    const d = enter('d');
    limiter.wait(d, 1);
    await limiter.end();
    expect([evicted, clock.sleeping]).toEqual([['a'], 0]);
  });

  test('evicts also when their messages take too much memory, but lets a single one wait whatever its size', async () => {
    const [a, b] = [enter('a'), enter('b')];
    limiter.wait(a, 1_000);
    await clock.advance(minWaitMs);
    expect([evicted, limiter.waiting]).toEqual([[], 1]);
    limiter.wait(b, 1);
    expect([evicted, slots.at(-1)]).toEqual([['a'], 'b frees its slot']);
  });

  test('remembers those that were released while they waited, a bounded number, until they deliver', async () => {
    const held = [enter('a', false), enter('b'), enter('c'), enter('d')];
    for (const session of held) {
      limiter.wait(session, 1);
      await clock.advance(minWaitMs);
    }
    const [, b] = held;
    expect(['a', 'b', 'c', 'd'].map((id) => limiter.wasWaiting(id))).toEqual([true, true, false, false]);
    if (b !== undefined) limiter.delivered(b);
    expect(limiter.wasWaiting('b')).toBe(false);
  });

  test('forgets one that ends while it waits', () => {
    const [a, b] = [enter('a'), enter('b')];
    limiter.wait(a, 1);
    limiter.wait(b, 1);
    limiter.leave(a);
    limiter.resume(a);
    expect([limiter.waiting, limiter.isExceeded, slots]).toEqual([
      1,
      false,
      ['a frees its slot', 'b frees its slot'],
    ]);
  });
});
