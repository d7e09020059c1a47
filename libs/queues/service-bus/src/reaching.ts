import {
  Backoff,
  Reminders,
  retryWaits,
  type Clock,
  type DStreamError,
  type ErrorCode,
  type Log,
} from '@dstream/core';

export interface ReachingOptions {
  readonly entity: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** Called at the first success. */
  readonly reached?: (() => void) | undefined;
}

/**
 * What becomes of failures to reach an entity. Before the first success what a person must mend ends it; afterwards
 * everything is waited for. An outage is logged when it begins and when it is over, at growing intervals (`Reminders`)
 * while it lasts, and when its cause becomes one that a person must mend: a connection that was cut may hide that the
 * subscription was deleted.
 */
export class Reaching {
  readonly #options: ReachingOptions;
  readonly #backoff: Backoff;
  #reached = false;
  #reminders: Reminders | undefined;
  /** The causes of this outage that a person must mend, as far as they were said. */
  readonly #saidFatal = new Set<ErrorCode>();

  constructor(options: ReachingOptions) {
    this.#options = options;
    this.#backoff = new Backoff({ ...retryWaits, random: options.random });
  }

  succeeded(): void {
    const { log, entity, reached } = this.#options;
    if (this.#reminders !== undefined) {
      log.info('receiving works again', { entity, afterSeconds: this.#seconds(this.#reminders) });
    }
    if (!this.#reached) reached?.();
    this.#reached = true;
    this.#reminders = undefined;
    this.#saidFatal.clear();
    this.#backoff.reset();
  }

  /** Waits before the next attempt. Rejects with `error` when a person must act, or with `signal.reason`. */
  async failed(error: DStreamError, signal: AbortSignal): Promise<void> {
    this.said(error);
    await this.#options.clock.sleep(this.#backoff.next(), signal);
  }

  /** As `failed`, for a receiver that waits and tries again by itself. */
  said(error: DStreamError): void {
    if (!this.#reached && error.disposition === 'fatal') throw error;
    const { log, entity, clock } = this.#options;
    const now = clock.monotonicMs();
    const first = this.#reminders === undefined;
    const reminders = (this.#reminders ??= new Reminders(now));
    const fields = {
      entity,
      code: error.code,
      reason: error.message,
      sinceSeconds: this.#seconds(reminders),
    };
    const isDue = reminders.due(now);
    const isNews = error.disposition === 'fatal' && !this.#saidFatal.has(error.code);
    if (isNews) this.#saidFatal.add(error.code);
    if (isNews) log.error('receiving fails, trying again', fields);
    else if (first) log.warn('receiving fails, trying again', fields);
    else if (isDue) log.error('receiving still fails, trying again', fields);
    else log.debug('receiving still fails', fields);
  }

  #seconds({ sinceMs }: Reminders): number {
    return Math.round((this.#options.clock.monotonicMs() - sinceMs) / 100) / 10;
  }
}
