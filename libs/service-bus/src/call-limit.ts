import type { Clock } from '@dstream/core';

interface Running {
  readonly untilMs: number;
  readonly expire: () => void;
}

/**
 * Gives up on calls of the SDK after a time that is the same for all, and on abort: the promise settles then,
 * whatever the call does. One timer serves all calls, because a timer a call cost a quarter of the rate of small sends.
 */
export class CallLimit {
  readonly #clock: Clock;
  readonly #limitMs: number;
  /** Oldest first: sets keep the order of insertion, and the limit is the same for all. */
  readonly #running = new Set<Running>();
  readonly #disposed = new AbortController();
  #watching: Promise<void> | undefined;

  constructor(clock: Clock, limitMs: number) {
    this.#clock = clock;
    this.#limitMs = limitMs;
  }

  run<T>(signal: AbortSignal, late: () => Error, call: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const done = () => {
        signal.removeEventListener('abort', abort);
        this.#running.delete(running);
      };
      const abort = () => {
        done();
        reject(signal.reason);
      };
      const expire = () => {
        done();
        reject(late());
      };
      const running = { untilMs: this.#clock.monotonicMs() + this.#limitMs, expire };
      this.#running.add(running);
      signal.addEventListener('abort', abort, { once: true });
      call().finally(done).then(resolve, reject);
      this.#watching ??= this.#watch();
    });
  }

  /** Stops the timer. No call may follow. */
  async dispose(): Promise<void> {
    this.#disposed.abort();
    await this.#watching;
  }

  async #watch(): Promise<void> {
    const { signal } = this.#disposed;
    while (!signal.aborted) {
      const [oldest] = this.#running;
      if (oldest === undefined) break;
      await this.#clock.sleep(oldest.untilMs - this.#clock.monotonicMs(), signal).catch(() => undefined);
      for (const running of this.#running) {
        if (running.untilMs > this.#clock.monotonicMs()) break;
        running.expire();
      }
    }
    this.#watching = undefined;
  }
}
