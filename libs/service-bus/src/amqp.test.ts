import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { ConnectionWatch } from './amqp.ts';

const socket = () => ({}) as Socket;
const cut = () => new Error('cut');

describe('watching a connection', () => {
  test('a call ends with what it ends with, while the connection is open', async () => {
    const watch = new ConnectionWatch();
    watch.add(socket());
    await expect(watch.run(cut, () => Promise.resolve(7))).resolves.toBe(7);
    await expect(watch.run(cut, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  });

  test('a call that waits ends when its last socket closes, and a later one lives on', async () => {
    const watch = new ConnectionWatch();
    const [tcp, tls] = [socket(), socket()];
    watch.add(tcp);
    watch.add(tls);
    const { promise, resolve } = Promise.withResolvers<string>();
    const waiting = watch.run(cut, () => promise);
    watch.delete(tcp);
    watch.delete(tls);
    await expect(waiting).rejects.toThrow('cut');
    const later = watch.run(cut, () => promise);
    resolve('answered');
    await expect(later).resolves.toBe('answered');
  });
});
