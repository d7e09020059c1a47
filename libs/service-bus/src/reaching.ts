import { Backoff, type Clock, type DStreamError, type Log } from '@dstream/core';

export interface ReachingOptions {
  readonly entity: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

/**
 * What becomes of failures to reach an entity. Before the first success what a person must mend ends it; afterwards
 * everything is waited for. An outage is said once when it begins and once when it is over.
 */
export class Reaching {
  readonly #options: ReachingOptions;
  readonly #backoff: Backoff;
  #reached = false;
  #failing = false;

  constructor(options: ReachingOptions) {
    this.#options = options;
    this.#backoff = new Backoff({ firstMs: 250, maxMs: 15_000, random: options.random });
  }

  succeeded(): void {
    const { log, entity } = this.#options;
    if (this.#failing) log.info('receiving works again', { entity });
    this.#reached = true;
    this.#failing = false;
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
    const { log, entity } = this.#options;
    const fields = { entity, code: error.code, reason: error.message };
    if (this.#failing) log.debug('receiving still fails', fields);
    else log.warn('receiving fails, trying again', fields);
    this.#failing = true;
  }
}
