/** A broker as the contract suites of topic and subscription see it. */
import type { DeadLetterQueue, OutgoingMessage, Subscription, Topic } from '@dstream/core';

export interface SubscriptionWish {
  /** True when not given. */
  readonly sessions?: boolean;
  readonly maxSessions?: number;
}

export interface SeenDeadLetter {
  readonly messageId: string;
  readonly reason: unknown;
  readonly description: unknown;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** What can be made to go wrong. */
export interface BrokerFaults {
  /** The lock of a session, or of a message without one, runs out now. */
  loseLock(wish: SubscriptionWish, id: string): boolean;
  /** The next so many transfers to the topic are refused for a transient reason. */
  refuseSends(transfers: number): void;
}

/** One per test. Messages of other tests may lie in it: ids and sessions are made unique by `Post`. */
export interface Broker extends AsyncDisposable {
  /** Every call gives another client. */
  topic(): Topic;
  subscription(wish?: SubscriptionWish): Subscription;
  /** Dead letters of a subscription, oldest first. Undefined where there is no dead-letter queue. */
  readonly deadLetters: ((wish?: SubscriptionWish) => Promise<readonly SeenDeadLetter[]>) | undefined;
  /** Every call gives another operator's. Undefined where there is no dead-letter queue. */
  readonly deadLetterQueue: ((wish?: SubscriptionWish) => DeadLetterQueue) | undefined;
  /** One subscription receives at a time. */
  readonly oneReceiver?: true;
  /** No message is too large. */
  readonly anySize?: true;
  /** Undefined where nothing can be injected, as in a real service. */
  readonly faults: BrokerFaults | undefined;
}

/** Makes messages that no other test makes. */
export class Post {
  readonly #unique = Math.random().toString(36).slice(2, 10);

  session(name: string): string {
    return `${this.#unique}-${name}`;
  }

  message(session: string, number: number, body = `{"n":${number}}`): OutgoingMessage {
    const sessionId = this.session(session);
    return {
      messageId: `${sessionId}-${number}`,
      sessionId,
      subject: 'dbo.Persons',
      contentType: 'application/json',
      body,
      bodyBytes: Buffer.byteLength(body),
      properties: { schema: 'dbo', table: 'Persons', changes: 1 },
    };
  }

  /** Messages `from` to `to` of a session, both included. */
  messages(session: string, from: number, to: number): OutgoingMessage[] {
    return Array.from({ length: to - from + 1 }, (_, i) => this.message(session, from + i));
  }

  owns({ messageId }: { readonly messageId: string }): boolean {
    return messageId.startsWith(this.#unique);
  }

  /** Session and number of a message: `a-3`. */
  name(messageId: string): string {
    return messageId.slice(this.#unique.length + 1);
  }
}
