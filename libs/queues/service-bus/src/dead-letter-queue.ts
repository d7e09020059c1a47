/**
 * The dead-letter queue of a subscription of Service Bus. It has no sessions, whatever its subscription has ("Overview of Service
 * Bus dead-letter queues"; azure-sdk-for-net #21271), and a message can only be locked by receiving it: by its number only when it is deferred ("Message
 * deferral"). So `lock` receives from the oldest on, and keeps what is not wanted locked until it is done.
 */
import type { ServiceBusClient, ServiceBusReceivedMessage, ServiceBusReceiver } from '@azure/service-bus';
import {
  DStreamError,
  silentLog,
  type BrowseOptions,
  type CallOptions,
  type Clock,
  type DeadLetter,
  type DeadLetterQueue,
  type LockedDeadLetter,
  type Log,
  type OutgoingMessage,
} from '@dstream/core';
import { close, withTimeout } from '@dstream/async';
import { openClient, ServiceBusTopic, translateError, type ServiceBusAddress } from '@dstream/service-bus';
import { withoutDelay } from '@dstream/service-bus/amqp';
import Long from 'long';
import { receiverOptions, toIncomingMessage } from './receiver.ts';

/** Options of a `ServiceBusDeadLetterQueue`. */
export interface ServiceBusDeadLetterQueueOptions {
  readonly address: ServiceBusAddress;
  readonly topic: string;
  readonly subscription: string;
  readonly clock: Clock;
  readonly log?: Log;
}

/** Longest time of one call, milliseconds. */
const answerMs = 30_000;

/** Longest wait for the answer to a completion, milliseconds. */
const settleMs = 10_000;

const never = new AbortController().signal;

/** Messages of one page; the service may return fewer. */
const pageSize = 100;

/** How long one receive waits for a first message, milliseconds: in a dead-letter queue what can be locked is there. */
const waitMs = 2_000;

/**
 * Messages that one link keeps locked. The client library has room for 2,048 unsettled deliveries on a link (rhea,
 * lib/session.js); with more, a link without any of them takes over.
 */
const maxHeld = 1_000;

/** Connects on first use. */
export class ServiceBusDeadLetterQueue implements DeadLetterQueue {
  readonly #options: ServiceBusDeadLetterQueueOptions;
  readonly #entity: string;
  readonly #client: ServiceBusClient;
  readonly #topic: ServiceBusTopic;

  /** Throws ConfigInvalid for a connection string that cannot be read. */
  constructor(options: ServiceBusDeadLetterQueueOptions) {
    this.#options = options;
    this.#entity = `the dead-letter queue of subscription ${options.subscription} of topic ${options.topic}`;
    this.#client = openClient(options.address, answerMs);
    this.#topic = new ServiceBusTopic(options);
  }

  async *browse({ signal, from = '0' }: BrowseOptions): AsyncIterable<DeadLetter> {
    const receiver = this.#openReceiver();
    try {
      // Always given: without it the SDK goes on where the last peek of this client has ended.
      let next: Long | undefined = Long.fromString(from);
      while (next !== undefined) {
        const page = await this.#peek(receiver, next, signal);
        for (const message of page) yield toDeadLetter(message);
        next = page.at(-1)?.sequenceNumber?.add(1);
      }
    } finally {
      await this.#close(receiver);
    }
  }

  async *lock(sequenceNumbers: readonly string[], { signal }: CallOptions): AsyncIterable<LockedDeadLetter> {
    const wanted = new Set(sequenceNumbers);
    const seen = new Set<string>();
    const held = new HeldMessages({
      open: () => this.#openReceiver(),
      close: (receiver) => this.#close(receiver),
    });
    try {
      while (wanted.size > 0) {
        const { receiver, batch } = await this.#receive(held, signal);
        const isRepeat = batch.some(({ sequenceNumber = '' }) => seen.has(sequenceNumber.toString()));
        for (const message of batch) {
          held.add(message);
          const number = message.sequenceNumber?.toString() ?? '';
          seen.add(number);
          if (wanted.delete(number)) yield this.#locked(receiver, message, held);
        }
        // None: others have the rest. One that was here before: its lock has expired, and the queue begins again.
        if (batch.length === 0 || isRepeat) return;
      }
    } finally {
      await held.release();
    }
  }

  async send(message: OutgoingMessage, o: CallOptions): Promise<void> {
    await this.#topic.connect(o);
    await this.#topic.send([message], o);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await using stack = new AsyncDisposableStack();
    stack.defer(() => this.#topic[Symbol.asyncDispose]());
    stack.defer(() => close(this.#entity, this.#client, this.#options.clock));
  }

  #openReceiver(): ServiceBusReceiver {
    const { topic, subscription } = this.#options;
    return this.#client.createReceiver(topic, subscription, {
      ...receiverOptions,
      subQueueType: 'deadLetter',
    });
  }

  /** Never rejects: it would hide why the receiver is closed. */
  async #close(receiver: Pick<ServiceBusReceiver, 'close'>): Promise<void> {
    const { clock, log = silentLog } = this.#options;
    await close(`a receiver of ${this.#entity}`, receiver, clock).catch((error: unknown) =>
      log.debug('could not close receiver', { entity: this.#entity, error }),
    );
  }

  #peek(
    receiver: ServiceBusReceiver,
    fromSequenceNumber: Long,
    abortSignal: AbortSignal,
  ): Promise<ServiceBusReceivedMessage[]> {
    const options = { fromSequenceNumber, abortSignal };
    return this.#call('read', abortSignal, () => receiver.peekMessages(pageSize, options));
  }

  async #receive(
    held: HeldMessages,
    abortSignal: AbortSignal,
  ): Promise<{ receiver: ServiceBusReceiver; batch: readonly ServiceBusReceivedMessage[] }> {
    const receiver = await held.receiver();
    const options = { maxWaitTimeInMs: waitMs, abortSignal };
    const batch = await this.#call('receive from', abortSignal, () =>
      receiver.receiveMessages(pageSize, options),
    );
    return { receiver, batch };
  }

  #locked(
    receiver: ServiceBusReceiver,
    message: ServiceBusReceivedMessage,
    held: HeldMessages,
  ): LockedDeadLetter {
    const complete = async () => {
      await this.#call('complete a message of', never, () => this.#inTime(receiver.completeMessage(message)));
      held.delete(message);
    };
    return { ...toDeadLetter(message), complete };
  }

  /** Over a connection that was cut a settlement gets no answer, and the SDK waits for a minute. */
  #inTime(settling: Promise<void>): Promise<void> {
    const { clock } = this.#options;
    const late = () =>
      new DStreamError('TimedOut', `${this.#entity}: no answer to a completion; it may be done`);
    const limit = { clock, atMs: clock.monotonicMs() + settleMs, late, signal: never };
    return withTimeout(limit, () => settling);
  }

  async #call<T>(tried: string, signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    try {
      return await withoutDelay(call);
    } catch (error) {
      signal.throwIfAborted();
      throw translateError(error, { tried, entity: this.#entity });
    }
  }
}

interface Receivers {
  readonly open: () => ServiceBusReceiver;
  readonly close: (receiver: Pick<ServiceBusReceiver, 'close'>) => Promise<void>;
}

/** What was received and not settled. */
class HeldMessages {
  readonly #receivers: Receivers;
  #receiver: ServiceBusReceiver | undefined;
  readonly #messages = new Set<ServiceBusReceivedMessage>();

  constructor(receivers: Receivers) {
    this.#receivers = receivers;
  }

  /** A receiver with room for one more page. The locks of messages outlive their link ("Message transfers, locks, and settlement"). */
  async receiver(): Promise<ServiceBusReceiver> {
    if (this.#receiver !== undefined && this.#messages.size > maxHeld - pageSize) {
      await this.#receivers.close(this.#receiver);
      this.#receiver = undefined;
      this.#messages.clear();
    }
    return (this.#receiver ??= this.#receivers.open());
  }

  add(message: ServiceBusReceivedMessage): void {
    this.#messages.add(message);
  }

  delete(message: ServiceBusReceivedMessage): void {
    this.#messages.delete(message);
  }

  /** Never rejects for a message: a lock that cannot be given back expires. All have one outcome, so they may share a tick. */
  async release(): Promise<void> {
    const receiver = this.#receiver;
    if (receiver === undefined) return;
    const abandoned = Array.from(this.#messages, (message) => receiver.abandonMessage(message));
    // Within the limit of a close: over a connection that was cut they get no answer.
    await this.#receivers.close({
      close: async () => {
        await Promise.allSettled(abandoned);
        await receiver.close();
      },
    });
  }
}

function toDeadLetter(message: ServiceBusReceivedMessage): DeadLetter {
  const { deadLetterReason: reason, deadLetterErrorDescription: description } = message;
  return { message: toIncomingMessage(message), reason, description };
}
