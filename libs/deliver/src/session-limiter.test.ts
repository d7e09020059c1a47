import { beforeEach, describe, expect, test } from 'vitest';
import { SessionLimiter } from './session-limiter.ts';

describe('a limit of two sessions', () => {
  let limiter: SessionLimiter;
  let evicted: string[];
  let exceeded: number;

  beforeEach(() => {
    evicted = [];
    exceeded = 0;
    limiter = new SessionLimiter(2, () => (exceeded += 1));
  });

  function enter(name: string) {
    const session = { evict: () => void evicted.push(name) };
    limiter.enter(session);
    return session;
  }

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
