import type { Clock, Delivery } from '@dstream/core';
import { pause } from '@dstream/async';

/** Deliveries of one session that wait for their turn. Bounded by what the subscription hands out unsettled. */
export class DeliveryQueue {
  readonly #clock: Clock;
  #waiting: Delivery[] = [];
  #arrived = new AbortController();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  push(delivery: Delivery): void {
    this.#waiting.push(delivery);
    this.wake();
  }

  /** Ends a `take` that waits, and if none does, the next one: with whatever there is. */
  wake(): void {
    this.#arrived.abort();
  }

  /** Everything that waits; empty when nothing came within `ms`, when it was woken, or when `signal` aborted. */
  async take(ms: number, signal: AbortSignal): Promise<readonly Delivery[]> {
    if (this.#waiting.length === 0) await this.#wait(ms, signal);
    const taken = this.#waiting;
    this.#waiting = [];
    this.#arrived = new AbortController();
    return taken;
  }

  async #wait(ms: number, signal: AbortSignal): Promise<void> {
    const { signal: arrived } = this.#arrived;
    await pause(this.#clock, ms, signal, arrived);
  }
}
