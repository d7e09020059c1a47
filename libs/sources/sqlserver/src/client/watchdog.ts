import type { Clock } from '@dstream/core';

/** One for all: an abort without a reason makes an error with a stack, and there is one for every statement. */
const woken = new Error('the watchdog was woken');

/**
 * Notices a request from which nothing comes any more. The driver's own timeout stops counting at the first packet,
 * so a result that stalls midway would wait for ever (STAND-INS, trap 7). Silence while we ourselves have paused the
 * flow does not count.
 */
export class Watchdog {
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  readonly #watching: Promise<void>;
  /** Ends the sleep that is under way. */
  #wake = new AbortController();
  #limitMs: number;
  #heardAtMs: number;
  #paused = false;

  /** @param onSilence called at most once, after `limitMs` without `heard` */
  constructor(clock: Clock, limitMs: number, onSilence: () => void) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#heardAtMs = clock.monotonicMs();
    this.#watching = this.#watch(onSilence);
  }

  /** Something arrived; from now on `limitMs` of silence are allowed. Cheap: it is called for every row. */
  heard(limitMs: number): void {
    this.#heardAtMs = this.#clock.monotonicMs();
    if (limitMs === this.#limitMs) return;
    this.#limitMs = limitMs;
    this.#wake.abort(woken); // the sleep under way may be a longer one
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#heardAtMs = this.#clock.monotonicMs();
  }

  /** Idempotent. Resolves when its timer is gone. */
  async stop(): Promise<void> {
    this.#stop.abort(woken);
    this.#wake.abort(woken);
    await this.#watching;
  }

  async #watch(onSilence: () => void): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const leftMs = this.#paused
        ? this.#limitMs
        : this.#heardAtMs + this.#limitMs - this.#clock.monotonicMs();
      if (leftMs <= 0) return onSilence();
      await this.#sleep(leftMs);
    }
  }

  async #sleep(ms: number): Promise<void> {
    const wake = new AbortController();
    this.#wake = wake;
    await this.#clock.sleep(ms, wake.signal).catch((error: unknown) => {
      if (!wake.signal.aborted) throw error;
    });
  }
}
