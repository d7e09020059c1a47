import {
  type Delivery,
  DStreamError,
  messageMemory,
  type Progress,
  type ReceiveOptions,
  type SessionLock,
  type DeadLetterProperties,
  type Subscription,
} from '@dstream/core';
import { type Backlog, type GivenReason, Lock, type Stored } from './backlog.ts';

/** A consumer of a backlog. `receive` is called by one consumer at a time. */
export class InMemorySubscription implements Subscription {
  readonly #backlog: Backlog;
  readonly #maxSessions: number;
  readonly #held = new Set<Held>();
  /** Locks of messages without a session, with the memory that each message takes, in bytes. */
  readonly #loose = new Map<Lock, number>();
  readonly #disposed = new AbortController();
  #receiving = false;

  constructor(backlog: Backlog, maxSessions: number) {
    this.#backlog = backlog;
    this.#maxSessions = maxSessions;
  }

  async *receive({
    signal,
    maxInFlight,
    maxBytes,
    reached,
    oneAtFirst = () => false,
  }: ReceiveOptions): AsyncIterable<Delivery> {
    if (this.#receiving)
      throw new DStreamError('Unexpected', `receive is already running for ${this.#backlog.name}`);
    this.#receiving = true;
    reached?.();
    try {
      for (;;) {
        signal.throwIfAborted();
        this.#disposed.signal.throwIfAborted();
        const delivery = this.#usedBytes() < maxBytes ? this.#next(maxInFlight, oneAtFirst) : undefined;
        if (delivery === undefined) await this.#change(signal);
        else yield delivery;
      }
    } finally {
      this.#receiving = false;
      for (const held of this.#held) if (held.untouched) await held.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = new DStreamError('LockLost', `the consumer of ${this.#backlog.name} was disposed`);
    this.#disposed.abort(gone);
    for (const held of this.#held) await held.close();
    for (const lock of this.#loose.keys()) this.#backlog.release(lock, gone, true);
  }

  #next(maxInFlight: number, oneAtFirst: (id: string) => boolean): Delivery | undefined {
    if (!this.#backlog.sessions) return this.#nextLoose(maxInFlight);
    this.#accept(oneAtFirst);
    return this.#nextOfSessions(maxInFlight);
  }

  #usedBytes(): number {
    let bytes = 0;
    for (const held of this.#held) bytes += held.usedBytes;
    for (const used of this.#loose.values()) bytes += used;
    return bytes;
  }

  #nextOfSessions(maxInFlight: number): Delivery | undefined {
    for (const held of this.#held) {
      const delivery = held.next(maxInFlight);
      if (delivery === undefined) continue;
      // Moved to the end, so that a long session does not keep the others waiting.
      this.#held.delete(held);
      this.#held.add(held);
      return delivery;
    }
    return undefined;
  }

  #accept(oneAtFirst: (id: string) => boolean): void {
    while ([...this.#held].filter(({ waits }) => !waits).length < this.#maxSessions) {
      const accepted = this.#backlog.acceptNext();
      if (accepted === undefined) return;
      const held = new Held(accepted.id, this.#backlog, accepted.lock, oneAtFirst(accepted.id));
      this.#held.add(held);
      held.lost.addEventListener('abort', () => this.#held.delete(held), { once: true });
    }
  }

  #nextLoose(maxInFlight: number): Delivery | undefined {
    if (this.#loose.size >= maxInFlight) return undefined;
    const lock = new Lock();
    const stored = this.#backlog.next(undefined, lock);
    if (stored === undefined) return undefined;
    this.#loose.set(lock, messageMemory(stored.message.body.length));
    const settled = () => this.#loose.delete(lock);
    lock.lost.addEventListener('abort', settled, { once: true });
    return deliveryOf(stored, lock, this.#backlog, settled);
  }

  /** Resolves at the next change of the backlog, on abort and on disposal. */
  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        unwatch();
        signal.removeEventListener('abort', done);
        this.#disposed.signal.removeEventListener('abort', done);
        resolve();
      };
      const unwatch = this.#backlog.watch(done);
      signal.addEventListener('abort', done, { once: true });
      this.#disposed.signal.addEventListener('abort', done, { once: true });
    });
  }
}

class Held implements SessionLock {
  readonly id: string;
  readonly #backlog: Backlog;
  readonly #lock: Lock;
  #unsettled = 0;
  #usedBytes = 0;
  #handedOut = 0;
  #oneOnly: boolean;
  #waits = false;

  constructor(id: string, backlog: Backlog, lock: Lock, oneAtFirst: boolean) {
    this.id = id;
    this.#oneOnly = oneAtFirst;
    this.#backlog = backlog;
    this.#lock = lock;
  }

  get lost(): AbortSignal {
    return this.#lock.lost;
  }

  get usedBytes(): number {
    return this.#waits ? 0 : this.#usedBytes;
  }

  get waits(): boolean {
    return this.#waits;
  }

  get untouched(): boolean {
    return this.#handedOut === 0;
  }

  assertHeld(): void {
    this.#backlog.assertHeld(this.#lock);
  }

  next(maxInFlight: number): Delivery | undefined {
    if (this.#waits || this.#unsettled >= (this.#oneOnly ? 1 : maxInFlight)) return undefined;
    const stored = this.#backlog.next(this.id, this.#lock);
    if (stored === undefined) return undefined;
    this.#unsettled += 1;
    this.#handedOut += 1;
    const bytes = messageMemory(stored.message.body.length);
    this.#usedBytes += bytes;
    const settled = () => {
      this.#unsettled -= 1;
      this.#usedBytes -= bytes;
      this.#oneOnly = false;
    };
    return { ...deliveryOf(stored, this.#lock, this.#backlog, settled), session: this };
  }

  async load(): Promise<Progress | undefined> {
    this.#backlog.assertHeld(this.#lock);
    return this.#backlog.stateOf(this.id);
  }

  async save(progress: Progress): Promise<void> {
    this.#backlog.assertHeld(this.#lock);
    this.#backlog.setState(this.id, progress);
  }

  wait(): boolean {
    if (this.lost.aborted || this.#unsettled > 1) return false;
    this.#waits = true;
    this.#backlog.wake();
    return true;
  }

  resume(): void {
    this.#waits = false;
    this.#backlog.wake();
  }

  async close(): Promise<void> {
    const reason = new DStreamError('LockLost', `session ${this.id} of ${this.#backlog.name} was released`);
    this.#backlog.release(this.#lock, reason, false);
  }
}

function deliveryOf(stored: Stored, lock: Lock, backlog: Backlog, settled: () => void): Delivery {
  const settle = (dead?: GivenReason) => {
    backlog.settle(stored, lock, dead);
    settled();
  };
  return {
    message: stored.message,
    deliveryCount: stored.deliveryCount,
    lockLost: lock.lost,
    complete: async () => settle(),
    deadLetter: async (reason: string, description: string, properties: DeadLetterProperties) =>
      settle({ reason, description, properties }),
  };
}
