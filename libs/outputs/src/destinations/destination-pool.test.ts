import { silentLog } from '@dstream/core';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Destination } from './destination.ts';
import { DestinationPool } from './destinations-publisher.ts';

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
    destinations = new DestinationPool({ open, maxOpen: 2, log: silentLog });
  });

  const use = (name: string, work = Promise.resolve()) => destinations.use(name, () => work);

  test('are opened once, and the one used longest ago is closed', async () => {
    for (const name of ['a', 'b', 'a', 'c', 'a']) await use(name);
    await Promise.resolve();
    expect(happened).toEqual(['open a', 'open b', 'open c', 'close b']);
  });

  test('are not closed while they are used', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const a = use('a', promise);
    for (const name of ['b', 'c', 'd']) await use(name);
    await Promise.resolve();
    expect(happened).not.toContain('close a');
    resolve();
    await a;
  });

  test('are used and closed also when the work failed', async () => {
    await expect(use('a', Promise.reject(new Error('no')))).rejects.toThrow('no');
    for (const name of ['b', 'c']) await use(name);
    await Promise.resolve();
    expect(happened).toContain('close a');
  });

  test('are all closed at the end, and what was closing is waited for', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    closing = promise;
    for (const name of ['a', 'b', 'c']) await use(name);
    const disposing = destinations[Symbol.asyncDispose]();
    resolve();
    await disposing;
    expect(happened.filter((one) => one.startsWith('close')).sort()).toEqual([
      'close a',
      'close b',
      'close c',
    ]);
  });
});
