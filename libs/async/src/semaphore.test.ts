import { describe, expect, test } from 'vitest';
import { Semaphore } from './semaphore.ts';

const never = new AbortController().signal;

/** Work that runs until it is told to end, and says when it began. */
function work(begun: string[], name: string) {
  const gate = Promise.withResolvers<void>();
  const begin = Promise.withResolvers<void>();
  const run = () => {
    begun.push(name);
    begin.resolve();
    return gate.promise;
  };
  return { run, begun: begin.promise, end: gate.resolve, fail: gate.reject };
}

describe('a semaphore', () => {
  test('begins no more than its limit, and the others in the order they came', async () => {
    const begun: string[] = [];
    const semaphore = new Semaphore(2);
    const [a, b, c, d] = [work(begun, 'a'), work(begun, 'b'), work(begun, 'c'), work(begun, 'd')];
    const running = [a, b, c, d].map(({ run }) => semaphore.run(never, run));
    await Promise.resolve();
    expect(begun).toEqual(['a', 'b']);
    b.end();
    await c.begun;
    expect(begun).toEqual(['a', 'b', 'c']);
    for (const { end } of [a, c, d]) end();
    await Promise.all(running);
    expect(begun).toEqual(['a', 'b', 'c', 'd']);
  });

  test('work that fails leaves its place to the next', async () => {
    const begun: string[] = [];
    const semaphore = new Semaphore(1);
    const [a, b] = [work(begun, 'a'), work(begun, 'b')];
    const [first, second] = [semaphore.run(never, a.run), semaphore.run(never, b.run)];
    a.fail(new Error('broken'));
    await expect(first).rejects.toThrow('broken');
    b.end();
    await second;
    expect(begun).toEqual(['a', 'b']);
  });

  test('who gives up while waiting is not begun, and keeps nobody from its turn', async () => {
    const begun: string[] = [];
    const semaphore = new Semaphore(1);
    const stop = new AbortController();
    const [a, b, c] = [work(begun, 'a'), work(begun, 'b'), work(begun, 'c')];
    const first = semaphore.run(never, a.run);
    const given = expect(semaphore.run(stop.signal, b.run)).rejects.toBe('enough');
    const third = semaphore.run(never, c.run);
    stop.abort('enough');
    await given;
    a.end();
    c.end();
    await Promise.all([first, third]);
    expect(begun).toEqual(['a', 'c']);
  });

  test('a permit that is taken is given back by hand, and goes to who waits longest', async () => {
    const semaphore = new Semaphore(1);
    await semaphore.acquire(never);
    const order: string[] = [];
    const [a, b] = ['a', 'b'].map((name) => semaphore.acquire(never).then(() => order.push(name)));
    await expect(semaphore.acquire(AbortSignal.abort('stopped'))).rejects.toBe('stopped');
    expect(order).toEqual([]);
    semaphore.release();
    await a;
    expect(order).toEqual(['a']);
    semaphore.release();
    await b;
  });

  test('an abort after its turn has come takes no permit away', async () => {
    const semaphore = new Semaphore(1);
    const stop = new AbortController();
    await semaphore.acquire(never);
    const second = semaphore.acquire(stop.signal);
    semaphore.release();
    stop.abort('too late');
    await second;
    semaphore.release();
    await expect(semaphore.acquire(never)).resolves.toBeUndefined();
  });
});
