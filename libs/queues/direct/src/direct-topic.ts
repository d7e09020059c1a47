import {
  asDStreamError,
  DStreamError,
  type CallOptions,
  type OutgoingMessage,
  type SendOptions,
  type Topic,
} from '@dstream/core';
import { onAbort, withAny } from '@dstream/async';
import type { DirectQueue } from './direct-queue.ts';
import { Sending } from './direct-session.ts';

/** The ingester's side of a direct queue: what it sends is accepted when the processor has completed it. */
export class DirectTopic implements Topic {
  readonly #queue: DirectQueue;
  readonly #disposed = new AbortController();

  constructor(queue: DirectQueue) {
    this.#queue = queue;
  }

  /** Resolves when somebody receives. */
  async connect({ signal }: CallOptions): Promise<void> {
    await withAny([signal, this.#disposed.signal], async (until) => {
      until.throwIfAborted();
      while (!this.#queue.isReceived) {
        await this.#queue.changed(until);
        until.throwIfAborted();
      }
    });
  }

  /**
   * Resolves when every message was completed: however long that takes, it is the back-pressure. A BatchError names, per
   * session, what was not: `Rejected` for a message that was dead-lettered, `Unreachable` when nobody receives, what
   * `mayStart` threw. Handed out and not settled when it aborts, a message may still arrive.
   */
  async send(messages: readonly OutgoingMessage[], { signal, mayStart }: SendOptions): Promise<void> {
    await withAny([signal, this.#disposed.signal], async (until) => {
      until.throwIfAborted();
      if (messages.length > 0) await this.#handOver(messages, new Sending(messages.length, mayStart), until);
    });
  }

  /** A `send` that waits for its messages rejects. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed.abort(new DStreamError('Unexpected', 'the direct topic was disposed'));
  }

  async #handOver(
    messages: readonly OutgoingMessage[],
    sending: Sending,
    signal: AbortSignal,
  ): Promise<void> {
    const sessions = this.#queue.add(messages, sending);
    const withdraw = () => {
      const error = asDStreamError(signal.reason);
      for (const session of sessions) session.withdraw(sending, error);
    };
    const unwatch = onAbort(signal, withdraw);
    try {
      await sending.done;
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      unwatch();
    }
  }
}
