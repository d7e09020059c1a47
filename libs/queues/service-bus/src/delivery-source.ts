/** The parts that both kinds of source share: with sessions (`session-source.ts`) and without (`plain-source.ts`). */
import type { Clock, Delivery, DStreamError, Log, ReceiveOptions } from '@dstream/core';
import { Backoff, FailureLog, retryWaits, unlessAborted } from '@dstream/async';
import type { ByteBudget } from './byte-budget.ts';

/** Settings of a source, for the life of the subscription. */
export interface SourceOptions {
  /** Name in messages: `subscription dstream of topic ingest-topic`. */
  readonly entity: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** Deliveries wait here to be handed out. */
  readonly queue: DeliveryQueue;
  readonly lockDurationMs: number;
  /** Time without an arrival after which a receiver is checked. */
  readonly silenceMs: number;
  /** Longest wait for the answer to a settlement, a load or a save. */
  readonly answerMs: number;
}

/** One call of `receive`. */
export interface ReceiveRun {
  readonly signal: AbortSignal;
  readonly connection: ConnectionRetry;
  readonly maxInFlight: number;
  readonly budget: ByteBudget;
  readonly oneAtFirst?: ReceiveOptions['oneAtFirst'];
}

/** A source of deliveries: sessions, or one plain receiver. */
export interface DeliverySource {
  /** Fills the queue until `signal` aborts (rejects with its reason) or a person must act (rejects with a fatal error). */
  run(run: ReceiveRun): Promise<void>;
  /** Releases every lock and closes every connection. Rejects with what failed to close. */
  dispose(): Promise<void>;
}

interface QueuedDelivery {
  /** Its receiver. */
  readonly owner: object;
  readonly delivery: Delivery;
  /** Called when the delivery is handed out. */
  readonly taken: () => void;
}

/**
 * Deliveries of all receivers in the order of arrival, pulled one by one. Bounded by the credit of the receivers: none has
 * more than `maxInFlight` unsettled messages.
 */
export class DeliveryQueue {
  #waiting: QueuedDelivery[] = [];
  #wake: (() => void) | undefined;

  push(queued: QueuedDelivery): void {
    this.#waiting.push(queued);
    this.#wake?.();
  }

  /** Removes the deliveries of a receiver that ended: they can no longer be settled. */
  dropOf(owner: object): void {
    this.#waiting = this.#waiting.filter((queued) => queued.owner !== owner);
  }

  /** The next delivery; rejects with `signal.reason`. One `take` at a time. */
  async take(signal: AbortSignal): Promise<Delivery> {
    for (;;) {
      signal.throwIfAborted();
      const queued = this.#waiting.shift();
      if (queued !== undefined) {
        queued.taken();
        return queued.delivery;
      }
      await unlessAborted(new Promise<void>((resolve) => (this.#wake = resolve)), signal);
    }
  }
}

/** Options of a `ConnectionRetry`. */
export interface ConnectionRetryOptions {
  readonly entity: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** Called at the first success. */
  readonly reached?: (() => void) | undefined;
}

/**
 * Decides what follows from a failure to reach the entity. Before the first success a fatal error ends `receive`; afterwards
 * every error is retried, because a connection that was cut may hide for a while that the subscription was deleted.
 */
export class ConnectionRetry {
  readonly #options: ConnectionRetryOptions;
  readonly #backoff: Backoff;
  readonly #failures: FailureLog;
  #reached = false;

  constructor(options: ConnectionRetryOptions) {
    const { log, clock, random } = options;
    this.#options = options;
    this.#backoff = new Backoff({ ...retryWaits, random });
    this.#failures = new FailureLog('receiving', log, clock, { causes: 'fatal', firstLevel: 'warn' });
  }

  succeeded(): void {
    const { entity, reached } = this.#options;
    this.#failures.succeeded({ entity });
    this.#backoff.reset();
    if (!this.#reached) reached?.();
    this.#reached = true;
  }

  /** Waits before the next attempt. Rejects with a fatal `error` before the first success, or with `signal.reason`. */
  async failed(error: DStreamError, signal: AbortSignal): Promise<void> {
    this.report(error);
    await this.#options.clock.sleep(this.#backoff.next(), signal);
  }

  /** Like `failed`, for a receiver that waits and retries by itself: throws instead of rejecting. */
  report(error: DStreamError): void {
    if (!this.#reached && error.disposition === 'fatal') throw error;
    this.#failures.failed(error, { entity: this.#options.entity });
  }
}

/** Work that nobody waits for at the moment, such as closing a replaced receiver. Kept until it is done, for disposal. */
export class BackgroundTasks {
  readonly #log: Log;
  readonly #entity: string;
  readonly #running = new Set<Promise<void>>();

  constructor({ log, entity }: { readonly log: Log; readonly entity: string }) {
    this.#log = log;
    this.#entity = entity;
  }

  /** A failure is logged at debug level only: nothing depends on the result. */
  add(work: Promise<void>): void {
    const task = work
      .catch((error: unknown) => this.#log.debug('could not close receiver', { entity: this.#entity, error }))
      .finally(() => this.#running.delete(task));
    this.#running.add(task);
  }

  /** Resolves when nothing is running. Never rejects. */
  async ended(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }
}
