/** The machine's clock, and calls bounded in time: `withTimeout` for one, `SharedTimeout` for many with the same limit. */
import type { Clock } from '@dstream/core';
import { onAbort, unlessAborted } from './abort.ts';

/** The machine's clocks and timers. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep,
};

/** When a call is given up. */
export interface TimeLimit {
  readonly clock: Clock;
  /** The deadline, in milliseconds of the monotonic clock. */
  readonly atMs: number;
  /** Makes the error that the call rejects with at the deadline. */
  readonly late: () => Error;
  /** On its abort the call rejects with its reason. */
  readonly signal: AbortSignal;
}

/**
 * Runs `work` with a signal that aborts at the deadline and on abort. The returned promise settles then, also when
 * `work` ignores its signal; what `work` does later is ignored. Leaves no timer or listener behind.
 */
export async function withTimeout<T>(
  limit: TimeLimit,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { clock, signal } = limit;
  signal.throwIfAborted();
  const stop = new AbortController();
  const timer = new AbortController();
  const removeListener = onAbort(signal, () => stop.abort(signal.reason));
  const waited = clock.sleep(limit.atMs - clock.monotonicMs(), timer.signal).then(
    () => stop.abort(limit.late()),
    () => undefined,
  );
  try {
    return await unlessAborted(work(stop.signal), stop.signal);
  } finally {
    removeListener();
    timer.abort();
    await waited;
  }
}

interface Running {
  readonly untilMs: number;
  readonly expire: () => void;
}

/**
 * As `withTimeout`, for many calls with the same limit, with one timer for all: a timer for each call cost a quarter of
 * the rate of small sends. Hands out no signal: a caller that must stop the work does so when the promise rejects.
 */
export class SharedTimeout {
  readonly #clock: Clock;
  readonly #limitMs: number;
  /** Oldest first: a set keeps the order of insertion, and the limit is the same for all. */
  readonly #running = new Set<Running>();
  readonly #disposed = new AbortController();
  #watching: Promise<void> | undefined;

  /** @param limitMs longest time of one call, in milliseconds */
  constructor(clock: Clock, limitMs: number) {
    this.#clock = clock;
    this.#limitMs = limitMs;
  }

  /** Rejects with `late()` when the time is up and with `signal.reason` on abort; does not start `call` after an abort. */
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
      // A call that aborted its own signal is over already: a watch of nothing would end before it is stored here.
      if (this.#running.size > 0) this.#watching ??= this.#watch();
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

/** `setTimeout` fires at once beyond 2^31-1 ms (Node.js, Timers); a longer sleep is a sleep of that length. */
const longestTimerMs = 2_147_483_647;

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const timer = setTimeout(done, Math.min(Math.max(ms, 0), longestTimerMs));
    signal.addEventListener('abort', cancelled, { once: true });
    function done() {
      signal.removeEventListener('abort', cancelled);
      resolve();
    }
    function cancelled() {
      clearTimeout(timer);
      reject(signal.reason);
    }
  });
}
