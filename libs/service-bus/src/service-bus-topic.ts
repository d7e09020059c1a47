import {
  BatchError,
  DStreamError,
  silentLog,
  type BatchFailure,
  type CallOptions,
  type Clock,
  type Log,
  type OutgoingMessage,
  type SendOptions,
  type Topic,
} from '@dstream/core';
import { allClosed, close, KeyedQueue, Semaphore, SharedTimeout } from '@dstream/async';
import { ConnectionWatch } from './amqp.ts';
import { openSender, type OpenSender, type ServiceBusAddress } from './connections.ts';
import { largestMessage, sendSession, type SenderLink } from './session-sending.ts';
import { translateError } from './translate-error.ts';

/** What a topic is opened with. */
export interface ServiceBusTopicOptions {
  readonly address: ServiceBusAddress;
  /** Name of the topic or queue. */
  readonly topic: string;
  /** What errors call it; `topic NAME` unless given. */
  readonly describedAs?: string;
  readonly clock: Clock;
  readonly log?: Log;
  /** Longest time of one send, milliseconds; 15,000 unless given. */
  readonly sendTimeoutMs?: number;
  /** Sessions that send side by side; 32 unless given. rhea's buffer holds 2,048 deliveries. */
  readonly concurrentSessions?: number;
  /** Where senders come from; the SDK unless given. */
  readonly openSender?: () => OpenSender;
}

/**
 * A Service Bus topic to send to. Every send is tried once: the caller retries, and looks at its deadline first.
 * The connection is opened by the first use, and replaced after a send that got no answer.
 */
export class ServiceBusTopic implements Topic {
  readonly #options: ServiceBusTopicOptions;
  readonly #entity: string;
  readonly #timeoutMs: number;
  readonly #log: Log;
  readonly #timeout: SharedTimeout;
  readonly #queue = new KeyedQueue();
  readonly #sending: Semaphore;
  readonly #disposed = new AbortController();
  readonly #closing = new Set<Promise<void>>();
  #open: OpenSender | undefined;

  constructor(options: ServiceBusTopicOptions) {
    this.#options = options;
    this.#entity = options.describedAs ?? `topic ${options.topic}`;
    this.#timeoutMs = options.sendTimeoutMs ?? 15_000;
    this.#timeout = new SharedTimeout(options.clock, this.#timeoutMs);
    this.#log = options.log ?? silentLog;
    this.#sending = new Semaphore(options.concurrentSessions ?? 32);
  }

  /**
   * Opens the link, so that what a person must fix is known at the start. Rejects with EntityNotFound,
   * Unauthorized or ConfigInvalid (`fatal`), or with a transient error (`retry`).
   */
  async connect(o: CallOptions): Promise<void> {
    await this.#call('connect to', o.signal, async (link, abortSignal) => {
      link.maxBytes = await largestMessage(link.sender, { abortSignal });
      return 0;
    });
  }

  async send(messages: readonly OutgoingMessage[], o: SendOptions): Promise<void> {
    const { signal } = o;
    signal.throwIfAborted();
    const sends = [...bySession(messages)].map(([key, indexes]) =>
      this.#sendSession(key, messages, indexes, o),
    );
    const outcomes = await Promise.all(sends);
    signal.throwIfAborted();
    const [first, ...rest] = outcomes.flatMap((failure) => failure ?? []);
    if (first !== undefined) throw new BatchError([first, ...rest]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed.abort(new DStreamError('Unexpected', `${this.#entity} was disposed`));
    if (this.#open !== undefined) this.#discard(this.#open);
    await this.#timeout.dispose();
    await allClosed([...this.#closing], this.#entity);
  }

  /** Sends what `indexes` name, all of one session, after what is already under way for it. */
  async #sendSession(
    key: string,
    messages: readonly OutgoingMessage[],
    indexes: readonly number[],
    { signal, mayStart }: SendOptions,
  ): Promise<BatchFailure | undefined> {
    const own = indexes.flatMap((index) => messages[index] ?? []);
    let from = indexes[0] ?? 0;
    const work = async () => {
      const session = { messages: own, mayStart };
      const stopped = await sendSession(session, (call) => this.#call('send to', signal, call));
      if (stopped === undefined) return;
      from = indexes[stopped.from] ?? from;
      throw stopped.error;
    };
    try {
      await this.#queue.run(key, () => this.#sending.run(signal, work));
      return undefined;
    } catch (error) {
      return { key, from, error: this.#translate('send to', error) };
    }
  }

  async #call(
    tried: string,
    signal: AbortSignal,
    work: (link: SenderLink, signal: AbortSignal) => Promise<number>,
  ): Promise<number> {
    this.#disposed.signal.throwIfAborted();
    const open = this.#opened();
    const watch = open.watch ?? new ConnectionWatch();
    const because = (code: 'TimedOut' | 'Unreachable', what: string) => () =>
      new DStreamError(code, `could not ${tried} ${this.#entity}: ${what}`);
    const late = because('TimedOut', 'no answer in time');
    const cut = because('Unreachable', 'the connection was cut');
    // What was given up may go on by itself: the signal keeps it from sending anything later.
    const stop = new AbortController();
    try {
      return await this.#timeout.run(signal, late, () => watch.run(cut, () => work(open, stop.signal)));
    } catch (caught) {
      stop.abort(caught);
      if (signal.aborted) throw signal.reason;
      const error = this.#translate(tried, caught);
      if (error.code === 'TimedOut' || error.code === 'Unreachable') this.#discard(open);
      throw error;
    }
  }

  #translate(tried: string, error: unknown): DStreamError {
    return translateError(error, { tried, entity: this.#entity });
  }

  #opened(): OpenSender {
    const { address, topic } = this.#options;
    const open = this.#options.openSender ?? (() => openSender(address, topic, this.#timeoutMs));
    return (this.#open ??= open());
  }

  /** A connection that gave no answer is not trusted with the next send. It is closed meanwhile. */
  #discard(open: OpenSender): void {
    if (this.#open !== open) return;
    this.#open = undefined;
    if (!this.#disposed.signal.aborted) open.distrust?.();
    const closing = close(`the connection of ${this.#entity}`, open, this.#options.clock)
      .catch((error: unknown) => {
        if (this.#disposed.signal.aborted) throw error;
        this.#log.debug('could not close replaced connection', { entity: this.#entity, error });
      })
      .finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
    closing.catch(() => undefined);
  }
}

function bySession(messages: readonly OutgoingMessage[]): Map<string, number[]> {
  const sessions = new Map<string, number[]>();
  for (const [index, { sessionId }] of messages.entries()) {
    const indexes = sessions.get(sessionId);
    if (indexes === undefined) sessions.set(sessionId, [index]);
    else indexes.push(index);
  }
  return sessions;
}
