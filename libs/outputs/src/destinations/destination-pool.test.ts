import { silentLog } from '@dstream/core';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Destination } from './destination.ts';
import { DestinationPool } from './destination-pool.ts';

describe('pooled destinations', () => {
  let happened: string[];
  let destinations: DestinationPool;
  let closing: Promise<void>;

  beforeEach(() => {
    happened = [];
    closing = Promise.resolve();
    const open = (name: string): Destination => {
      happened.push(`open ${name}`);
      return {
        connect: () => Promise.resolve(),
        send: () => Promise.resolve([]),
        [Symbol.asyncDispose]: async () => {
          await closing;
          happened.push(`close ${name}`);
        },
      };
    };
    destinations = new DestinationPool({ open, maxOpen: 2, shown: (name) => name, log: silentLog });
  });

  const never = { signal: new AbortController().signal };
  const use = (name: string, work = Promise.resolve()) => destinations.use(name, () => work, never);
  const settled = () => new Promise(setImmediate);

  test('are opened once, and the one used longest ago is closed', async () => {
    for (const name of ['a', 'b', 'a', 'c', 'a']) await use(name);
    expect(happened).toEqual(['open a', 'open b', 'close b', 'open c']);
  });

  test('are not closed while they are used, and no more are opened than may be', async () => {
    const [a, b] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const uses = [use('a', a.promise), use('b', b.promise), use('c'), use('d'), use('c')];
    await settled();
    expect(happened).toEqual(['open a', 'open b']);
    b.resolve();
    await settled();
    expect(happened).toEqual(['open a', 'open b', 'close b', 'open c', 'close c', 'open d']);
    a.resolve();
    await Promise.all(uses);
  });

  test('are opened when the one before is closed, not when it begins to close', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    closing = promise;
    await use('a');
    await use('b');
    const c = use('c');
    await settled();
    expect(happened).toEqual(['open a', 'open b']);
    resolve();
    await c;
    expect(happened).toEqual(['open a', 'open b', 'close a', 'open c']);
  });

  test('are not waited for after an abort, and nobody opens them later', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const uses = [use('a', promise), use('b', promise)];
    const stop = new AbortController();
    const c = destinations.use('c', () => Promise.resolve(), stop);
    stop.abort(new Error('the lock was lost'));
    await expect(c).rejects.toThrow('the lock was lost');
    resolve();
    await Promise.all(uses);
    await settled();
    expect(happened).not.toContain('open c');
    await use('c');
    expect(happened).toContain('open c');
  });

  test('of thousands, all are used, and no more are open than may be', async () => {
    let [most, used] = [0, 0];
    const open = () => happened.filter((one) => one.startsWith('open')).length;
    const closed = () => happened.length - open();
    const work = async () => {
      most = Math.max(most, open() - closed());
      await settled();
      used += 1;
    };
    await Promise.all(Array.from({ length: 3_000 }, (_, n) => destinations.use(`${n % 1_000}`, work, never)));
    expect([used, most]).toEqual([3_000, 2]);
  });

  test('are used and closed also when the work failed', async () => {
    await expect(use('a', Promise.reject(new Error('no')))).rejects.toThrow('no');
    for (const name of ['b', 'c']) await use(name);
    expect(happened).toContain('close a');
  });

  test('are all closed at the end, and what was closing is waited for', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    closing = promise;
    for (const name of ['a', 'b']) await use(name);
    const c = use('c').catch(() => 'disposed');
    await settled();
    const disposing = destinations[Symbol.asyncDispose]();
    resolve();
    await disposing;
    expect(await c).toBe('disposed');
    expect(happened.slice(2).sort()).toEqual(['close a', 'close b']);
  });
});
