import { DStreamError } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { ConnectionPool } from './pooled-sql-client.ts';
import type { SqlConnection } from './sql-connection.ts';

describe('the pool', () => {
  const fake = () => {
    const connection = { usable: true, close: () => (connection.usable = false) };
    return connection as unknown as SqlConnection;
  };
  const { signal } = new AbortController();

  test('opens no more than its size, keeps what is healthy and serves in order', async () => {
    let opened = 0;
    const pool = new ConnectionPool(() => Promise.resolve(((opened += 1), fake())), 1);
    const first = await pool.acquire(signal);
    const order: string[] = [];
    const second = pool.acquire(signal).then((c) => (order.push('second'), c));
    const third = pool.acquire(signal).then((c) => (order.push('third'), c));
    pool.release(first);
    const same = await second;
    expect([same === first, order, opened]).toEqual([true, ['second'], 1]);
    same.close();
    pool.release(same);
    expect(await third).not.toBe(first);
    expect(opened).toBe(2);
    pool.close();
  });

  test('who aborts while waiting takes no permit, and a failed opening gives its permit back', async () => {
    let fail = true;
    const pool = new ConnectionPool(
      () => (fail ? Promise.reject(new DStreamError('Unreachable', 'no')) : Promise.resolve(fake())),
      1,
    );
    await expect(pool.acquire(signal)).rejects.toThrow('no');
    fail = false;
    const held = await pool.acquire(signal);
    const impatient = new AbortController();
    const waiting = pool.acquire(impatient.signal);
    impatient.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    pool.release(held);
    expect(await pool.acquire(signal)).toBe(held);
  });

  test('who aborts just when its turn comes passes it on and removes nobody from the queue', async () => {
    const pool = new ConnectionPool(() => Promise.resolve(fake()), 1);
    const held = await pool.acquire(signal);
    const late = new AbortController();
    const gaveUp = expect(pool.acquire(late.signal)).rejects.toThrow('enough');
    const [second, third] = [pool.acquire(signal), pool.acquire(signal)];
    pool.release(held);
    late.abort(new Error('enough'));
    await gaveUp;
    pool.release(await second);
    expect(await third).toBe(held);
  });
});
