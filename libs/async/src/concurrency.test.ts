import { describe, expect, test } from 'vitest';
import { KeyedQueue, prefetch, Semaphore } from './concurrency.ts';

const never = new AbortController().signal;

/** How many listeners for aborts the signal has. */
function countListeners(signal: AbortSignal): () => number {
  let count = 0;
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
  signal.addEventListener = (...rest: Parameters<typeof add>) => {
    count += 1;
    add(...rest);
  };
  signal.removeEventListener = (...rest: Parameters<typeof remove>) => {
    count -= 1;
    remove(...rest);
  };
  return () => count;
}

/** Work that runs until the test ends it, and records that it began. */
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

  test('a permit that is borrowed is given back before anybody gets another one', async () => {
    const semaphore = new Semaphore(1);
    await semaphore.acquire(never);
    semaphore.borrow();
    let entered = false;
    const entering = semaphore.acquire(never).then(() => (entered = true));
    semaphore.release();
    await Promise.resolve();
    expect(entered).toBe(false);
    semaphore.release();
    await entering;
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

  test('leaves no listener on a signal that lives on', async () => {
    const semaphore = new Semaphore(1);
    const { signal } = new AbortController();
    const listeners = countListeners(signal);
    await semaphore.acquire(signal);
    const second = semaphore.acquire(signal);
    expect(listeners()).toBe(1);
    semaphore.release();
    await second;
    expect(listeners()).toBe(0);
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

describe('a keyed queue', () => {
  test('work of one key runs one after the other, of different keys side by side', async () => {
    const queue = new KeyedQueue();
    const events: string[] = [];
    const work = (name: string) => async () => {
      events.push(`${name} starts`);
      await new Promise(setImmediate);
      events.push(`${name} ends`);
    };
    await Promise.all([queue.run('a', work('a1')), queue.run('a', work('a2')), queue.run('b', work('b1'))]);
    expect(events.slice(0, 2)).toEqual(['a1 starts', 'b1 starts']);
    expect(events.filter((event) => event.startsWith('a'))).toEqual([
      'a1 starts',
      'a1 ends',
      'a2 starts',
      'a2 ends',
    ]);
  });

  test('work behind a failure is not started; work after it is', async () => {
    const queue = new KeyedQueue();
    const started: string[] = [];
    const refused = new Error('refused');
    const outcomes = await Promise.allSettled([
      queue.run('a', () => Promise.reject(refused)),
      queue.run('a', async () => void started.push('behind')),
    ]);
    await queue.run('a', async () => void started.push('after'));
    expect(outcomes).toEqual([
      { status: 'rejected', reason: refused },
      { status: 'rejected', reason: refused },
    ]);
    expect(started).toEqual(['after']);
  });
});

function source(count: number): { items: AsyncGenerator<number>; log: string[] } {
  const log: string[] = [];
  async function* items(): AsyncGenerator<number> {
    try {
      for (let n = 1; n <= count; n += 1) {
        await Promise.resolve();
        log.push(`read ${n}`);
        yield n;
      }
    } finally {
      log.push('returned');
    }
  }
  return { items: items(), log };
}

describe('prefetching', () => {
  test('the next item is read while one is worked on, and not more', async () => {
    const { items, log } = source(3);
    for await (const n of prefetch(items)) {
      for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
      log.push(`worked ${n}`);
    }
    expect(log).toEqual(['read 1', 'read 2', 'worked 1', 'read 3', 'worked 2', 'returned', 'worked 3']);
  });

  test('a consumer that stops early returns the source', async () => {
    const { items, log } = source(10);
    for await (const n of prefetch(items)) {
      if (n === 2) break;
    }
    expect(log).toEqual(['read 1', 'read 2', 'read 3', 'returned']);
  });

  test('an error arrives after the items before it', async () => {
    async function* failing(): AsyncGenerator<number> {
      yield 1;
      await Promise.resolve();
      throw new Error('broken');
    }
    const seen: number[] = [];
    const consume = async () => {
      for await (const n of prefetch(failing())) seen.push(n);
    };
    await expect(consume()).rejects.toThrow('broken');
    expect(seen).toEqual([1]);
  });
});
