import type { Delivery } from '@dstream/core';
import { unlessAborted } from '@dstream/service-bus/amqp';

interface Entry {
  readonly owner: object;
  readonly delivery: Delivery;
  /** Called when the delivery is handed out. */
  readonly taken: () => void;
}

/**
 * Deliveries of all receivers in the order they arrived, pulled one by one. Bounded by what the receivers may have
 * unsettled: each is given credit for so many messages and no more.
 */
export class DeliveryQueue {
  #entries: Entry[] = [];
  #wake: (() => void) | undefined;

  push(entry: Entry): void {
    this.#entries.push(entry);
    this.#wake?.();
  }

  /** Forgets what `owner` has waiting: it cannot be settled any more. */
  dropOf(owner: object): void {
    this.#entries = this.#entries.filter((entry) => entry.owner !== owner);
  }

  /** The next delivery; rejects with `signal.reason`. One `take` at a time. */
  async take(signal: AbortSignal): Promise<Delivery> {
    for (;;) {
      signal.throwIfAborted();
      const entry = this.#entries.shift();
      if (entry !== undefined) {
        entry.taken();
        return entry.delivery;
      }
      await unlessAborted(new Promise<void>((resolve) => (this.#wake = resolve)), signal);
    }
  }
}
