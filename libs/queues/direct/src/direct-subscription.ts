/** The processor's side of a direct queue. */
import {
  DStreamError,
  messageMemory,
  type Delivery,
  type Progress,
  type ReceiveOptions,
  type SessionLock,
  type Subscription,
} from '@dstream/core';
import type { DirectQueue } from './direct-queue.ts';
import type { DirectSession, Entry } from './direct-session.ts';

/** Options of a `DirectSubscription`. */
export interface DirectSubscriptionOptions {
  /** Sessions that are held at a time; 32 when not given. */
  readonly maxSessions?: number;
}

/** Hands out the messages of a queue. One `receive` at a time. */
export class DirectSubscription implements Subscription {
  readonly #queue: DirectQueue;
  readonly #maxSessions: number;
  /** Sessions in turn: the next one first. */
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

  /** A session that waits comes first, with one message; then those that are held, in turn. */
  #next(maxInFlight: number): Delivery | undefined {
    return this.#firstOfNext(maxInFlight) ?? this.#nextInTurn(maxInFlight);
  }

  #firstOfNext(maxInFlight: number): Delivery | undefined {
    while ([...this.#holds].filter(({ waits }) => !waits).length < this.#maxSessions) {
      const session = this.#queue.nextWaiting();
      if (session === undefined) return undefined;
      const hold = new DirectHold(session, () => this.#queue.wake());
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

/** A session while one consumer has it. There is no lock to renew: it is good until it is closed or withdrawn by its sender. */
class DirectHold implements SessionLock {
  readonly id: string;
  readonly lost: AbortSignal;
  readonly #session: DirectSession;
  readonly #freed: () => void;
  #usedBytes = 0;
  #waits = false;

  /** @param freed called when there may be room for another session, or for more of this one */
  constructor(session: DirectSession, freed: () => void) {
    this.id = session.id;
    this.lost = session.hold();
    this.#session = session;
    this.#freed = freed;
  }

  get waits(): boolean {
    return this.#waits;
  }

  /** Memory of what is handed out and not settled. */
  get usedBytes(): number {
    return this.#waits ? 0 : this.#usedBytes;
  }

  /** The next message, unless `maxInFlight` are handed out and not settled. */
  next(maxInFlight: number): Delivery | undefined {
    if (this.#waits || this.#session.handedOut >= maxInFlight) return undefined;
    const entry = this.#session.next();
    return entry === undefined ? undefined : this.#deliver(entry);
  }

  /** Asks the sender, too: an output is given nothing past the lease of who reads the table (docs/guarantees.md, rule 6). */
  assertHeld(): void {
    this.lost.throwIfAborted();
    this.#session.checkSenders();
    this.lost.throwIfAborted();
  }

  async load(): Promise<Progress | undefined> {
    this.lost.throwIfAborted();
    return this.#session.progress;
  }

  async save(progress: Progress): Promise<void> {
    this.lost.throwIfAborted();
    this.#session.progress = progress;
  }

  /** Whatever it holds: the sender has its messages in memory as long as they are not settled, and counts them there. */
  wait(): boolean {
    if (this.lost.aborted) return false;
    this.#waits = true;
    this.#freed();
    return true;
  }

  resume(): void {
    this.#waits = false;
    this.#freed();
  }

  async close(): Promise<void> {
    this.release(new DStreamError('LockLost', `session ${this.id} was released`));
  }

  release(reason: DStreamError): void {
    if (!this.lost.aborted) this.#session.release(reason);
  }

  #deliver(entry: Entry): Delivery {
    const { message } = entry;
    const bytes = messageMemory(message.body.length);
    this.#usedBytes += bytes;
    return {
      message,
      // A message is never handed out again after a loss: its sender sends it again.
      deliveryCount: 0,
      lockLost: this.lost,
      session: this,
      complete: async () => {
        this.lost.throwIfAborted();
        this.#session.complete(entry);
        this.#usedBytes -= bytes;
      },
      deadLetter: async (reason: string, description: string) => this.#refuse(entry, reason, description),
    };
  }

  /** There is no dead-letter queue: the sender keeps it, and gets the reason. Throws LockLost, because it is not settled. */
  #refuse(entry: Entry, reason: string, description: string): void {
    this.lost.throwIfAborted();
    const text = `message ${entry.message.messageId}: ${reason}: ${description}`;
    this.#session.refuse(entry, new DStreamError('Rejected', text));
    this.lost.throwIfAborted();
  }
}
