/** The dead letters of a subscription in memory. */
import {
  DStreamError,
  type BrowseOptions,
  type CallOptions,
  type DeadLetter,
  type DeadLetterQueue,
  type LockedDeadLetter,
  type OutgoingMessage,
  type Topic,
} from '@dstream/core';
import type { Backlog, StoredDeadLetter } from './backlog.ts';

/** Any number of them share the dead letters of one backlog; a lock lasts until it is released. */
export class InMemoryDeadLetterQueue implements DeadLetterQueue {
  readonly #topic: Pick<Topic, 'send'>;
  readonly #backlog: Backlog;

  constructor(topic: Pick<Topic, 'send'>, backlog: Backlog) {
    this.#topic = topic;
    this.#backlog = backlog;
  }

  async *browse({ signal, from = '0' }: BrowseOptions): AsyncIterable<DeadLetter> {
    for (const stored of [...this.#backlog.deadLetters].sort(bySequence)) {
      signal.throwIfAborted();
      if (Number(stored.message.sequenceNumber) >= Number(from)) yield asDeadLetter(stored);
    }
  }

  async *lock(sequenceNumbers: readonly string[], { signal }: CallOptions): AsyncIterable<LockedDeadLetter> {
    const wanted = new Set(sequenceNumbers);
    for (const stored of [...this.#backlog.deadLetters].sort(bySequence)) {
      signal.throwIfAborted();
      if (!wanted.has(stored.message.sequenceNumber) || stored.isLocked) continue;
      stored.isLocked = true;
      try {
        yield { ...asDeadLetter(stored), complete: async () => this.#complete(stored) };
      } finally {
        stored.isLocked = false;
      }
    }
  }

  send(message: OutgoingMessage, { signal }: CallOptions): Promise<void> {
    return this.#topic.send([message], { signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // There is nothing to close; what is dead-lettered stays.
  }

  #complete(stored: StoredDeadLetter): void {
    const { deadLetters } = this.#backlog;
    const index = deadLetters.indexOf(stored);
    const { messageId } = stored.message;
    if (index < 0 || !stored.isLocked)
      throw new DStreamError('LockLost', `the lock of the dead letter ${messageId} is gone`);
    deadLetters.splice(index, 1);
  }
}

function asDeadLetter({ message, reason, description, properties }: StoredDeadLetter): DeadLetter {
  const all = { ...message.properties, ...properties };
  const broker = { DeadLetterReason: reason, DeadLetterErrorDescription: description };
  return { message: { ...message, properties: { ...all, ...broker } }, reason, description };
}

function bySequence(a: StoredDeadLetter, b: StoredDeadLetter): number {
  return Number(a.message.sequenceNumber) - Number(b.message.sequenceNumber);
}
