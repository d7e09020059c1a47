import { describe, expect, test } from 'vitest';
import { prefetch } from './prefetch.ts';

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
