import type { Clock, Delivery } from '@dstream/core';
import { onAbort } from '@dstream/async';

/** Deliveries of one session that wait for their turn. Bounded by what the subscription hands out unsettled. */
export class SessionInbox {
  readonly #clock: Clock;
  #waiting: Delivery[] = [];
  #wake: () => void = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  push(delivery: Delivery): void {
    this.#waiting.push(delivery);
    this.#wake();
  }

  /** Ends a `take` that waits. */
  wake(): void {
    this.#wake();
  }

  /** Everything that waits; empty when nothing arrived within `ms`, when it was woken, or when `signal` aborted. */
  async take(ms: number, signal: AbortSignal): Promise<readonly Delivery[]> {
    if (this.#waiting.length === 0 && !signal.aborted) await this.#wait(ms, signal);
    const taken = this.#waiting;
    this.#waiting = [];
    return taken;
  }

  async #wait(ms: number, signal: AbortSignal): Promise<void> {
    const timer = new AbortController();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const removeListener = onAbort(signal, resolve);
    const slept = this.#clock.sleep(ms, timer.signal).then(resolve, resolve);
    await promise;
    removeListener();
    timer.abort(arrived);
    await slept;
    this.#wake = () => undefined;
  }
}

/** Made once: an error takes its stack trace when it is made. */
const arrived = new Error('a delivery arrived');
