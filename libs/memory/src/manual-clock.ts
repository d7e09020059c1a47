import type { Clock } from '@dstream/core';

interface Sleeper {
  readonly atMs: number;
  readonly wake: () => void;
}

/** A clock that stands still until a test moves it. Wall and monotonic time move together. */
export class ManualClock implements Clock {
  #monotonicMs = 0;
  readonly #wallOffsetMs: number;
  readonly #sleepers = new Set<Sleeper>();

  constructor(startWallMs = Date.UTC(2026, 10, 20)) {
    this.#wallOffsetMs = startWallMs;
  }

  wallMs(): number {
    return this.#wallOffsetMs + this.#monotonicMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  /** How many sleeps are under way: a test asserts that none is left. */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const sleeper: Sleeper = { atMs: this.#monotonicMs + Math.max(ms, 0), wake: () => finish(resolve) };
      const cancelled = () => finish(() => reject(signal.reason));
      const finish = (settle: () => void) => {
        this.#sleepers.delete(sleeper);
        signal.removeEventListener('abort', cancelled);
        settle();
      };
      this.#sleepers.add(sleeper);
      signal.addEventListener('abort', cancelled, { once: true });
    });
  }

  /**
   * Moves time on by `ms`, waking the sleepers in the order of their times. Between two of them everything that
   * became ready runs, so that a woken loop that sleeps again is woken again.
   */
  async advance(ms: number): Promise<void> {
    const target = this.#monotonicMs + ms;
    await settled();
    for (let next = this.#next(target); next !== undefined; next = this.#next(target)) {
      this.#monotonicMs = Math.max(next.atMs, this.#monotonicMs);
      next.wake();
      await settled();
    }
    this.#monotonicMs = target;
    await settled();
  }

  #next(untilMs: number): Sleeper | undefined {
    let first: Sleeper | undefined;
    for (const sleeper of this.#sleepers) {
      if (sleeper.atMs <= untilMs && (first === undefined || sleeper.atMs < first.atMs)) first = sleeper;
    }
    return first;
  }
}

/** Lets every promise that is ready run: many turns of the microtask queue, no timer. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 100; turn += 1) await Promise.resolve();
}
