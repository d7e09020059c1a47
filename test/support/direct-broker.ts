/** The direct queue as the contract suites see a broker. */
import {
  asDStreamError,
  notAccepted,
  type CallOptions,
  type OutgoingMessage,
  type Topic,
} from '@dstream/core';
import { systemClock } from '@dstream/async';
import { DirectQueue, DirectSubscription, DirectTopic } from '@dstream/direct';
import type { Broker } from './broker.ts';

export async function openDirectBroker(): Promise<Broker> {
  const queue = new DirectQueue({ clock: systemClock });
  return {
    topic: () => new DirectTopic(queue),
    subscription: ({ maxSessions = 32 } = {}) => new DirectSubscription(queue, { maxSessions }),
    deadLetters: undefined,
    deadLetterQueue: undefined,
    oneReceiver: true,
    anySize: true,
    // No lock runs out, and a send is refused only with its messages: see direct-queue.test.ts.
    faults: undefined,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** The same with a sender as an ingester has it: what was refused for a transient reason is sent again, meanwhile. */
export function sentAgain(broker: Broker): Broker {
  return { ...broker, topic: () => new LastingSender(broker.topic()) };
}

/** Resolves before its messages are settled, as a broker does. Each session is a send of its own: none waits for another. */
class LastingSender implements Topic {
  readonly #topic: Topic;
  readonly #over = new AbortController();
  readonly #sending: Promise<void>[] = [];

  constructor(topic: Topic) {
    this.#topic = topic;
  }

  send(messages: readonly OutgoingMessage[]): Promise<void> {
    const sessions = Map.groupBy(messages, ({ sessionId }) => sessionId);
    for (const own of sessions.values()) this.#sending.push(this.#sendAll(own));
    return Promise.resolve();
  }

  async #sendAll(messages: readonly OutgoingMessage[]): Promise<void> {
    let rest = messages;
    while (rest.length > 0 && !this.#over.signal.aborted) rest = await this.#left(rest);
  }

  connect(o: CallOptions): Promise<void> {
    return this.#topic.connect(o);
  }

  async #left(messages: readonly OutgoingMessage[]): Promise<readonly OutgoingMessage[]> {
    try {
      const { signal } = this.#over;
      await this.#topic.connect({ signal });
      await this.#topic.send(messages, { signal });
      return [];
    } catch (caught) {
      const error = asDStreamError(caught);
      if (error.disposition !== 'retry') throw error;
      return notAccepted(messages, ({ sessionId }) => sessionId, error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort(new Error('the test is over'));
    await Promise.all(this.#sending);
    await this.#topic[Symbol.asyncDispose]();
  }
}
