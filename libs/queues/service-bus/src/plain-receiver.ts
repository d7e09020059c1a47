/**
 * One receiver of a subscription without sessions. Receiving → retired: it takes nothing new, and closes when its
 * last message is settled or lost, because a lock that is not settled is counted as a delivery → closed.
 */
import type { ServiceBusReceivedMessage } from '@azure/service-bus';
import { DStreamError, type Delivery, type SetAside } from '@dstream/core';
import { close, Slots } from '@dstream/service-bus/amqp';
import type { ByteBudget } from './byte-budget.ts';
import { CreditWindow } from './credit-window.ts';
import { toIncomingMessage } from './incoming-message.ts';
import { MessageLock } from './message-lock.ts';
import type { PlainReceiverPort } from './receiver-port.ts';
import { Settling } from './settling.ts';
import type { SourceOptions } from './source.ts';

export interface PlainReceiverOptions extends SourceOptions {
  readonly port: PlainReceiverPort;
  readonly maxInFlight: number;
  readonly budget: ByteBudget;
  readonly renewed: (expiry: Date, beforeWallMs: number) => void;
  readonly arrived: () => void;
  readonly closed: () => void;
  /** The SDK reports an error and goes on by itself. */
  readonly failed: (error: unknown) => void;
}

export class PlainReceiver {
  readonly #options: PlainReceiverOptions;
  readonly #settling: Settling;
  readonly #slots: Slots;
  readonly #credit: CreditWindow;
  readonly #locks = new Set<MessageLock>();
  readonly #retired = new AbortController();
  #receiving: { close(): Promise<void> } | undefined;
  #closed: Promise<void> | undefined;
  #lastMs: number;

  constructor(options: PlainReceiverOptions) {
    this.#options = options;
    this.#settling = new Settling(options);
    this.#slots = new Slots(options.maxInFlight);
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

  /** Ends locks whose settlement got no answer, and reservations that bring nothing. */
  check(): void {
    this.#settling.endUnanswered(this.#options.answerMs);
    this.#credit.lapse();
  }

  /** Takes nothing new; what is handed out stays settleable. Resolves when closed. */
  async retire(): Promise<void> {
    this.#retired.abort();
    const { clock, entity, queue } = this.#options;
    queue.dropOf(this);
    try {
      if (this.#receiving !== undefined) await close(`receiving from ${entity}`, this.#receiving, clock);
    } finally {
      await this.#giveBack();
    }
  }

  /** What was not handed out comes again; what was keeps the receiver open until it is settled or lost. */
  async #giveBack(): Promise<void> {
    this.#options.queue.dropOf(this);
    for (const lock of this.#locks) if (!lock.wasHandedOut) lock.end(this.#gone());
    if (this.#locks.size === 0) await this.close();
  }

  /** Closes at once: what is not settled comes again when its lock ends, one delivery spent. */
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

  /** The SDK asks for a message more when this resolves. After a reconnect it asks anew for all: the places bound it. */
  async #arrived(message: ServiceBusReceivedMessage): Promise<void> {
    const { clock, queue, arrived } = this.#options;
    arrived();
    this.#lastMs = clock.monotonicMs();
    const lock = this.#lock(message);
    const delivery = this.#delivery(message, lock);
    const { length } = delivery.message.body;
    const mayAskForMore = this.#credit.arrived(length);
    try {
      await this.#slots.within(lock.lost, async () => {
        queue.push({ owner: this, delivery, taken: () => lock.handOut() });
        await lock.stopped;
      });
    } catch {
      // The lock ended before there was a place: the message comes again.
    }
    this.#credit.settled(length);
    await mayAskForMore;
  }

  #lock(message: ServiceBusReceivedMessage): MessageLock {
    const lock = new MessageLock({ ...this.#options, message, beforeMs: this.#options.clock.monotonicMs() });
    this.#locks.add(lock);
    lock.lost.addEventListener('abort', () => this.#settling.ended(lock), { once: true });
    const released = lock.stopped.then(() => {
      this.#locks.delete(lock);
      if (this.#retired.signal.aborted && this.#locks.size === 0) return this.close();
      return undefined;
    });
    released.catch((error: unknown) => this.#options.log.debug('a receiver did not close', { error }));
    return lock;
  }

  #delivery(message: ServiceBusReceivedMessage, lock: MessageLock): Delivery {
    const settling = this.#settling;
    return {
      message: toIncomingMessage(message),
      deliveryCount: message.deliveryCount ?? 0,
      lockLost: lock.lost,
      complete: () => settling.complete(message, lock).then(() => lock.release()),
      deadLetter: (reason: string, description: string, properties: SetAside) =>
        settling.deadLetter(message, lock, { reason, description, properties }).then(() => lock.release()),
    };
  }
}
