import type { Socket } from 'node:net';
import { withoutDelay } from './no-delay.ts';

/**
 * Notices that a connection of the SDK was cut. The SDK's own promises do not: a send whose link broke waits for its
 * time limit. One watch a connection; the SDK may open it again by itself.
 */
export class ConnectionWatch {
  readonly #sockets = new Set<Socket>();
  readonly #waiting = new Set<() => void>();

  /** Runs a call of the SDK as `withoutDelay` does. Rejects with `cut()` when the connection closes meanwhile. */
  run<T>(cut: () => Error, call: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const notice = () => reject(cut());
      this.#waiting.add(notice);
      withoutDelay(call, this)
        .finally(() => this.#waiting.delete(notice))
        .then(resolve, reject);
    });
  }

  /** For `withoutDelay`: a socket was opened. */
  add(socket: Socket): void {
    this.#sockets.add(socket);
  }

  /** For `withoutDelay`: a socket was closed. */
  delete(socket: Socket): void {
    this.#sockets.delete(socket);
    if (this.#sockets.size > 0) return;
    for (const notice of this.#waiting) notice();
  }
}
