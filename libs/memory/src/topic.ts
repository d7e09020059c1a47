/** A topic with its subscriptions in memory, for tests and for trying out. It keeps the promises of the real one. */
import type { CallOptions } from '@dstream/core';
import type { Clock } from '@dstream/core';
import { asDStreamError, BatchError, DStreamError, type BatchFailure } from '@dstream/core';
import type { IncomingMessage, Subscription } from '@dstream/core';
import type { OutgoingMessage, SendOptions, Topic } from '@dstream/core';
import { Backlog, type DeadLetter } from './backlog.ts';
import { InMemorySubscription } from './subscription.ts';

export interface InMemoryTopicOptions {
  readonly clock: Clock;
  /** Bytes of a body; 262,144 when not given. */
  readonly maxMessageBytes?: number;
}

export interface InMemorySubscriptionOptions {
  /** `dstream` when not given. All with one name share its messages. */
  readonly name?: string;
  /** True when not given. The first to name a subscription decides. */
  readonly sessions?: boolean;
  /** How many sessions are held at a time; 32 when not given. */
  readonly maxSessions?: number;
}

/** Decides over a message that is sent: an error refuses it, and with it the rest of its session. */
export type SendFault = (message: OutgoingMessage) => DStreamError | undefined;

export class InMemoryTopic implements Topic {
  readonly #clock: Clock;
  readonly #maxBytes: number;
  readonly #backlogs = new Map<string, Backlog>();
  /** What each send that is under way was refused, oldest first. */
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

  /** A consumer. As with a broker, a subscription gets what is sent after it came into being. */
  subscription(options: InMemorySubscriptionOptions = {}): Subscription {
    const { name = 'dstream', sessions = true, maxSessions = 32 } = options;
    const backlog = this.#backlogs.get(name) ?? new Backlog(name, sessions);
    this.#backlogs.set(name, backlog);
    return new InMemorySubscription(backlog, maxSessions);
  }

  /** What a subscription has not settled, oldest first. */
  messages(name = 'dstream'): readonly IncomingMessage[] {
    return this.#backlogs.get(name)?.messages ?? [];
  }

  deadLetters(name = 'dstream'): readonly DeadLetter[] {
    return this.#backlogs.get(name)?.deadLetters ?? [];
  }

  /** From now on every message that is sent is shown to `fault`. */
  failSends(fault: SendFault): void {
    this.#fault = fault;
  }

  /** The lock of a session, or of a message where there are no sessions, runs out. False when nobody holds it. */
  loseLock(id: string, name = 'dstream'): boolean {
    return this.#backlogs.get(name)?.loseLock(id) ?? false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // There is nothing to close; what was sent stays.
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
