/** A topic with its subscriptions in memory. It keeps the promises of the real one. */
import {
  asDStreamError,
  BatchError,
  type BatchFailure,
  type CallOptions,
  type Clock,
  type DeadLetterQueue,
  DStreamError,
  type IncomingMessage,
  type OutgoingMessage,
  type SendOptions,
  type Subscription,
  type Topic,
} from '@dstream/core';
import { Backlog, type StoredDeadLetter } from './backlog.ts';
import { InMemoryDeadLetterQueue } from './dead-letter-queue.ts';
import { InMemorySubscription } from './subscription.ts';

/** What the topic accepts. */
export interface InMemoryTopicOptions {
  readonly clock: Clock;
  /** Bytes of a body; 262,144 if not given. */
  readonly maxMessageBytes?: number;
}

/** Which subscription, and how it is consumed. */
export interface InMemorySubscriptionOptions {
  /** `dstream` if not given. Consumers with one name share its messages. */
  readonly name?: string;
  /** True if not given. The first consumer of a subscription decides. */
  readonly sessions?: boolean;
  /** How many sessions are held at a time; 32 if not given. */
  readonly maxSessions?: number;
}

/** Called for each sent message: an error refuses it, and with it the rest of its session. */
export type SendFault = (message: OutgoingMessage) => DStreamError | undefined;

/** The topic, with what a test does to it. */
export class InMemoryTopic implements Topic {
  readonly #clock: Clock;
  readonly #maxBytes: number;
  readonly #backlogs = new Map<string, Backlog>();
  /** What was refused of each send that is under way, oldest first. */
  readonly #underWay = new Set<ReadonlyMap<string, BatchFailure>>();
  #fault: SendFault = () => undefined;
  #sequence = 0;

  constructor(options: InMemoryTopicOptions) {
    this.#clock = options.clock;
    this.#maxBytes = options.maxMessageBytes ?? 262_144;
  }

  async connect({ signal }: CallOptions): Promise<void> {
    signal.throwIfAborted();
  }

  /** Every message is a request of its own. */
  async send(messages: readonly OutgoingMessage[], { signal, mayStart }: SendOptions): Promise<void> {
    signal.throwIfAborted();
    const ahead = [...this.#underWay];
    const failed = new Map<string, BatchFailure>();
    this.#underWay.add(failed);
    // As with a broker the answer never comes in the same turn; those ahead were answered first.
    await Promise.resolve();
    for (const [from, message] of messages.entries()) {
      const key = message.sessionId;
      if (failed.has(key)) continue;
      const error =
        refusedAhead(ahead, key) ??
        this.#tooLarge(message) ??
        refusedToStart(mayStart) ??
        this.#fault(message);
      if (error === undefined) this.#accept(message);
      else failed.set(key, { key, from, error });
    }
    this.#underWay.delete(failed);
    const [first, ...rest] = failed.values();
    if (first !== undefined) throw new BatchError([first, ...rest]);
  }

  /** A new consumer. As with a broker, a subscription gets what is sent after it was created. */
  subscription(options: InMemorySubscriptionOptions = {}): Subscription {
    const { name = 'dstream', sessions = true, maxSessions = 32 } = options;
    return new InMemorySubscription(this.#backlog(name, sessions), maxSessions);
  }

  /** Another operator of the dead letters of a subscription. */
  deadLetterQueue(name = 'dstream', sessions = true): DeadLetterQueue {
    return new InMemoryDeadLetterQueue(this, this.#backlog(name, sessions));
  }

  /** What a subscription has not settled, oldest first. */
  messages(name = 'dstream'): readonly IncomingMessage[] {
    return this.#backlogs.get(name)?.messages ?? [];
  }

  deadLetters(name = 'dstream'): readonly StoredDeadLetter[] {
    return this.#backlogs.get(name)?.deadLetters ?? [];
  }

  /** From now on `fault` is called for every sent message. */
  failSends(fault: SendFault): void {
    this.#fault = fault;
  }

  /** The lock of a session, or of a message without one, expires. False if nobody holds it. */
  loseLock(id: string, name = 'dstream'): boolean {
    return this.#backlogs.get(name)?.loseLock(id) ?? false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // There is nothing to close; what was sent stays.
  }

  #backlog(name: string, sessions: boolean): Backlog {
    const backlog = this.#backlogs.get(name) ?? new Backlog(name, sessions);
    this.#backlogs.set(name, backlog);
    return backlog;
  }

  #tooLarge({ messageId, bodyBytes }: OutgoingMessage): DStreamError | undefined {
    if (bodyBytes <= this.#maxBytes) return undefined;
    const sizes = `${bodyBytes} bytes, the limit is ${this.#maxBytes}`;
    return new DStreamError('MessageTooLarge', `message ${messageId} is too large: ${sizes}`);
  }

  #accept(sent: OutgoingMessage): void {
    this.#sequence += 1;
    const { messageId, sessionId, subject, contentType, properties } = sent;
    const incoming: IncomingMessage = {
      messageId,
      sessionId,
      subject,
      contentType,
      properties,
      body: typeof sent.body === 'string' ? new TextEncoder().encode(sent.body) : sent.body,
      sequenceNumber: String(this.#sequence),
      enqueuedAtMs: this.#clock.wallMs(),
    };
    for (const backlog of this.#backlogs.values()) backlog.add(incoming);
  }
}

function refusedToStart(mayStart: SendOptions['mayStart']): DStreamError | undefined {
  try {
    mayStart?.();
    return undefined;
  } catch (error) {
    return asDStreamError(error);
  }
}

/** A session's next send starts only after its last one was accepted. */
function refusedAhead(
  ahead: readonly ReadonlyMap<string, BatchFailure>[],
  key: string,
): DStreamError | undefined {
  for (const refused of ahead) {
    const failure = refused.get(key);
    if (failure !== undefined) return failure.error;
  }
  return undefined;
}
