import { DStreamError, type Delivery, type ReceiveOptions, type Subscription } from '@dstream/core';
import { DirectHold } from './direct-hold.ts';
import type { DirectQueue } from './direct-queue.ts';

export interface DirectSubscriptionOptions {
  /** Sessions that are held at a time; 32 when not given. */
  readonly maxSessions?: number;
}

/** The processor's side of a direct queue. One at a time receives. */
export class DirectSubscription implements Subscription {
  readonly #queue: DirectQueue;
  readonly #maxSessions: number;
  /** In turn: the next one first. */
  readonly #holds = new Set<DirectHold>();
  readonly #disposed = new AbortController();
  #endReceiving: () => void = () => undefined;

  constructor(queue: DirectQueue, { maxSessions = 32 }: DirectSubscriptionOptions = {}) {
    this.#queue = queue;
    this.#maxSessions = maxSessions;
  }

  async *receive({ signal, maxInFlight, maxBytes, reached }: ReceiveOptions): AsyncIterable<Delivery> {
    signal.throwIfAborted();
    this.#disposed.signal.throwIfAborted();
    const end = this.#queue.beginReceiving();
    this.#endReceiving = end;
    try {
      reached?.();
      for (;;) {
        signal.throwIfAborted();
        this.#disposed.signal.throwIfAborted();
        const delivery = this.#usedBytes < maxBytes ? this.#next(maxInFlight) : undefined;
        if (delivery === undefined) await this.#queue.changed(signal);
        else yield delivery;
      }
    } finally {
      end();
    }
  }

  /** Ends receiving and every hold: what was not settled is refused, and `send` rejects. */
  async [Symbol.asyncDispose](): Promise<void> {
    const reason = new DStreamError('LockLost', 'the direct subscription was disposed');
    this.#disposed.abort(reason);
    this.#endReceiving();
    for (const hold of this.#holds) hold.release(reason);
  }

  get #usedBytes(): number {
    let bytes = 0;
    for (const hold of this.#holds) bytes += hold.usedBytes;
    return bytes;
  }

  /** A session that waited comes first, with one message; then those that are held, in turn. */
  #next(maxInFlight: number): Delivery | undefined {
    return this.#firstOfNext(maxInFlight) ?? this.#nextInTurn(maxInFlight);
  }

  #firstOfNext(maxInFlight: number): Delivery | undefined {
    while (this.#holds.size < this.#maxSessions) {
      const session = this.#queue.nextWaiting();
      if (session === undefined) return undefined;
      const hold = new DirectHold(session);
      const delivery = hold.next(maxInFlight);
      if (delivery !== undefined) {
        this.#keep(hold);
        return delivery;
      }
      // Its sender must not go on: what it had was refused.
      hold.release(new DStreamError('LockLost', `session ${hold.id} has no message`));
    }
    return undefined;
  }

  #keep(hold: DirectHold): void {
    this.#holds.add(hold);
    hold.lost.addEventListener('abort', () => this.#holds.delete(hold), { once: true });
  }

  #nextInTurn(maxInFlight: number): Delivery | undefined {
    for (const hold of this.#holds) {
      const delivery = hold.next(maxInFlight);
      if (delivery === undefined) continue;
      this.#holds.delete(hold);
      this.#holds.add(hold);
      return delivery;
    }
    return undefined;
  }
}
