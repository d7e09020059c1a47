/**
 * Keeps this replica announced, on a timer of its own: however long acquiring or listing takes, the others see it
 * alive. Announced → renewed → … → withdrawn.
 */
import { asDStreamError, type Clock, type LeaseStore, type Log, type Presence } from '@dstream/core';
import { FailureLog, pause, retry } from '@dstream/async';
import type { IngesterParts } from './ingester-parts.ts';

/** The share of a lease between two renewals: after two attempts that hang for a fifth there is time for another. */
const renewalShare = 1 / 6;

export interface AnnouncerOptions extends Pick<IngesterParts, 'instance' | 'httpAddress'> {
  readonly leases: Pick<LeaseStore, 'announce'>;
  readonly durationMs: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Asked before every renewal. A replica that cannot work stops counting: others take what becomes free. */
  readonly counts: () => boolean;
}

export class Announcer {
  readonly #options: AnnouncerOptions;
  readonly #failureLog: FailureLog;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
    this.#failureLog = new FailureLog('announcing this replica', options.log, options.clock);
  }

  /** Tries again until it succeeds. Rejects with what a person must fix, and on abort. */
  announce(signal: AbortSignal): Promise<Presence> {
    const { clock, leases, instance, httpAddress } = this.#options;
    const announce = (attempt: AbortSignal) =>
      leases.announce(instance, { signal: attempt, address: httpAddress() });
    return retry(announce, signal, { clock, failureLog: this.#failureLog });
  }

  /** Renews until `until` aborts, then withdraws. Never rejects. */
  async run(presence: Presence, until: AbortSignal): Promise<void> {
    const { clock, durationMs, counts } = this.#options;
    while (!until.aborted) {
      await pause(clock, durationMs * renewalShare, until);
      if (!until.aborted && counts()) await this.#renew(presence, until);
    }
    await this.#withdraw(presence);
  }

  async #renew(presence: Presence, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const renew = (attempt: AbortSignal) => presence.renew({ signal: attempt });
    const options = { clock, failureLog: this.#failureLog, maxMs: 2_000, again: () => true };
    try {
      await retry(renew, signal, options);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #withdraw(presence: Presence): Promise<void> {
    try {
      await presence[Symbol.asyncDispose]();
    } catch (error) {
      const reason = asDStreamError(error);
      this.#options.log.warn('could not withdraw the announcement; it will expire', { error: reason });
    }
  }
}
