/**
 * One receiver of a subscription without sessions. Receiving → retired: it takes nothing new, and closes when its
 * last message is settled or lost, because a lock that is not settled counts as a delivery → closed.
 */
import type { ServiceBusReceivedMessage } from '@azure/service-bus';
import { DStreamError, type Delivery, type DeadLetterProperties } from '@dstream/core';
import { translateError } from '@dstream/service-bus';
import { close, Semaphore } from '@dstream/async';
import type { SourceOptions } from './delivery-source.ts';
import { LockRenewal, type LockExpiryCheck } from './lock-renewal.ts';
import { CreditWindow, type CreditWindowOptions } from './credit-window.ts';
import { toIncomingMessage, type PlainReceiverPort } from './receiver.ts';
import { Settlement, type SettlementLock } from './settlement.ts';

/** Options of a `PlainReceiver`. */
export interface PlainReceiverOptions
  extends SourceOptions, Pick<CreditWindowOptions, 'budget' | 'maxInFlight'> {
  readonly port: PlainReceiverPort;
  readonly expiry: LockExpiryCheck;
  /** Called for every message. */
  readonly arrived: () => void;
  /** Called once, after the close. */
  readonly closed: () => void;
  /** Called when the SDK reports an error; it recovers by itself. */
  readonly failed: (error: unknown) => void;
}

/** Receives until it is retired or closed. */
export class PlainReceiver {
  readonly #options: PlainReceiverOptions;
  readonly #settlement: Settlement;
  readonly #slots: Semaphore;
  readonly #credit: CreditWindow;
  readonly #locks = new Set<MessageLock>();
  readonly #retired = new AbortController();
  #receiving: { close(): Promise<void> } | undefined;
  #closed: Promise<void> | undefined;
  #lastMs: number;

  constructor(options: PlainReceiverOptions) {
    this.#options = options;
    this.#settlement = new Settlement(options);
    this.#slots = new Semaphore(options.maxInFlight);
    this.#credit = new CreditWindow({ ...options, reservedBytes: 0, resumed: () => undefined });
    this.#lastMs = options.clock.monotonicMs();
  }

  /** Monotonic milliseconds of the last sign of life. */
  get lastMs(): number {
    return this.#lastMs;
  }

  get unsettled(): number {
    return this.#locks.size;
  }

  start(): void {
    const { port, failed } = this.#options;
    this.#receiving = port.subscribe(
      {
        processMessage: (message) => this.#arrived(message),
        processError: async ({ error }) => failed(error),
      },
      { maxConcurrentCalls: this.#credit.atStart, autoCompleteMessages: false },
    );
  }

  /** Called periodically. Ends the locks whose settlement got no answer. */
  check(): void {
    this.#settlement.endUnanswered(this.#options.answerMs);
  }

  /** Takes nothing new; deliveries that were handed out can still be settled. Resolves when closed, or when it waits for them. */
  async retire(): Promise<void> {
    this.#retired.abort();
    const { clock, entity, queue } = this.#options;
    queue.dropOf(this);
    try {
      if (this.#receiving !== undefined) await close(`receiving from ${entity}`, this.#receiving, clock);
    } finally {
      await this.#releaseQueued();
    }
  }

  /** What was not handed out is delivered again; what was keeps the receiver open until it is settled or lost. */
  async #releaseQueued(): Promise<void> {
    this.#options.queue.dropOf(this);
    for (const lock of this.#locks) if (!lock.wasHandedOut) lock.end(this.#gone());
    if (this.#locks.size === 0) await this.close();
  }

  /** Closes at once: what is not settled is delivered again when its lock expires, and counts as a delivery. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const { port, clock, entity, queue } = this.#options;
    this.#retired.abort();
    queue.dropOf(this);
    const locks = [...this.#locks];
    for (const lock of locks) lock.end(this.#gone());
    this.#credit.end();
    await Promise.all(locks.map((lock) => lock.stopped));
    await close(`the receiver of ${entity}`, port, clock).finally(this.#options.closed);
  }

  #gone(): DStreamError {
    return new DStreamError('LockLost', `the receiver of ${this.#options.entity} was closed`);
  }

  /** The SDK asks for one more when this resolves. After a reconnect it asks anew for all: the slots bound it. */
  async #arrived(message: ServiceBusReceivedMessage): Promise<void> {
    const { clock, queue, arrived } = this.#options;
    arrived();
    this.#lastMs = clock.monotonicMs();
    const lock = this.#lock(message);
    const delivery = this.#delivery(message, lock);
    const { length } = delivery.message.body;
    const mayAskForMore = this.#credit.arrived(length);
    try {
      await this.#slots.run(lock.lost, async () => {
        queue.push({ owner: this, delivery, taken: () => lock.handOut() });
        await lock.stopped;
      });
    } catch {
      // The lock ended before there was a slot: the message is delivered again.
    }
    this.#credit.settled(length);
    await mayAskForMore;
  }

  #lock(message: ServiceBusReceivedMessage): MessageLock {
    const lock = new MessageLock(message, this.#options);
    this.#locks.add(lock);
    lock.lost.addEventListener('abort', () => this.#settlement.ended(lock), { once: true });
    const released = lock.stopped.then(() => {
      this.#locks.delete(lock);
      if (this.#retired.signal.aborted && this.#locks.size === 0) return this.close();
      return undefined;
    });
    released.catch((error: unknown) => this.#options.log.debug('could not close receiver', { error }));
    return lock;
  }

  #delivery(message: ServiceBusReceivedMessage, lock: MessageLock): Delivery {
    const settlement = this.#settlement;
    return {
      message: toIncomingMessage(message),
      deliveryCount: message.deliveryCount ?? 0,
      lockLost: lock.lost,
      complete: () => settlement.complete(message, lock).then(() => lock.release()),
      deadLetter: (reason: string, description: string, properties: DeadLetterProperties) =>
        settlement.deadLetter(message, lock, { reason, description, properties }).then(() => lock.release()),
    };
  }
}

/** The lock of one message, renewed until it is released or lost. */
class MessageLock implements SettlementLock {
  readonly #lost = new AbortController();
  readonly #released = new AbortController();
  readonly #renewal: LockRenewal;
  readonly #what: string;
  #handedOut = false;
  /** Resolves when the lock is released or lost and its renewal has ended. */
  readonly stopped: Promise<void>;

  /** The service took the lock a moment before the message arrived, which the margin covers. */
  constructor(message: ServiceBusReceivedMessage, options: PlainReceiverOptions) {
    const { port, entity, clock, random, lockDurationMs, expiry } = options;
    this.#what = `message ${String(message.messageId)} of ${entity}`;
    const renew = () =>
      port.renewMessageLock(message).catch((error: unknown) => {
        throw translateError(error, { tried: 'renew the lock of', entity: this.#what });
      });
    this.#renewal = new LockRenewal({
      clock,
      random,
      what: this.#what,
      durationMs: lockDurationMs,
      beforeMs: clock.monotonicMs(),
      renew,
      renewed: (reported, beforeWallMs) => expiry.check(reported, beforeWallMs),
      lost: (reason) => this.end(reason),
    });
    this.stopped = this.#renewal.run(this.#released.signal);
  }

  get wasHandedOut(): boolean {
    return this.#handedOut;
  }

  handOut(): void {
    this.#handedOut = true;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  assertHeld(): void {
    if (!this.#renewal.isGood)
      this.end(new DStreamError('LockLost', `${this.#what}: the lock may have expired`));
    this.lost.throwIfAborted();
  }

  end(reason: DStreamError): void {
    if (this.#released.signal.aborted) return;
    this.#lost.abort(reason);
    this.release();
  }

  /** Its message was settled. */
  release(): void {
    this.#released.abort();
  }
}
