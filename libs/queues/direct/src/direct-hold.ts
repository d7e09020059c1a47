import { DStreamError, messageMemory, type Delivery, type Progress, type SessionHold } from '@dstream/core';
import type { DirectSession, Entry } from './direct-session.ts';

/** A session while one consumer has it. No lock to renew: it is good until it is closed or its sender takes it back. */
export class DirectHold implements SessionHold {
  readonly id: string;
  readonly lost: AbortSignal;
  readonly #session: DirectSession;
  #usedBytes = 0;

  constructor(session: DirectSession) {
    this.id = session.id;
    this.lost = session.hold();
    this.#session = session;
  }

  /** What is handed out and not settled takes in memory. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** The next message, unless `maxInFlight` are handed out and not settled. */
  next(maxInFlight: number): Delivery | undefined {
    if (this.#session.handedOut >= maxInFlight) return undefined;
    const entry = this.#session.next();
    return entry === undefined ? undefined : this.#deliver(entry);
  }

  /** Asks the sender, too: an output is given nothing past the lease of who reads the table (docs/guarantees.md, rule 6). */
  assertGood(): void {
    this.lost.throwIfAborted();
    this.#session.ask();
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

  async close(): Promise<void> {
    this.release(new DStreamError('LockLost', `session ${this.id} was given back`));
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

  /** There is no dead-letter queue: its sender is told, and keeps it. Throws LockLost, because it is not settled. */
  #refuse(entry: Entry, reason: string, description: string): void {
    this.lost.throwIfAborted();
    const text = `message ${entry.message.messageId}: ${reason}: ${description}`;
    this.#session.refuse(entry, new DStreamError('Rejected', text));
    this.lost.throwIfAborted();
  }
}
