import {
  asDStreamError,
  type Announced,
  type Clock,
  type InstanceId,
  type LeaseStore,
  type Log,
  type Presence,
} from '@dstream/core';
import { FailureLog, pause, retry } from '@dstream/async';

/** The share of a lease between two renewals: after two attempts that hang for a fifth there is time for another. */
const renewalShare = 1 / 6;

/** Between two warnings of a name that is taken. */
const remindMs = 600_000;

interface AnnouncerOptions {
  readonly instance: InstanceId;
  /** Where this process serves `/status`. Asked when it announces itself. */
  readonly httpAddress: () => string | undefined;
  readonly leases: Pick<LeaseStore, 'announce'>;
  readonly leaseDurationMs: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Asked before every renewal. A replica that cannot work stops counting: others take what becomes free. */
  readonly counts: () => boolean;
}

/**
 * Keeps this replica announced, on a timer of its own: however long acquiring or listing takes, the others see it
 * alive. Announced → renewed → … → withdrawn.
 */
export class Announcer {
  readonly #options: AnnouncerOptions;
  readonly #failureLog: FailureLog;
  #nameTakenSinceMs: number | undefined;
  #warnedAtMs = -Infinity;

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
    const { clock, leaseDurationMs, counts } = this.#options;
    while (!until.aborted) {
      await pause(clock, leaseDurationMs * renewalShare, until);
      if (!until.aborted && counts()) await this.#renew(presence, until);
    }
    await this.#withdraw(presence);
  }

  /**
   * Warns when another live replica has this one's name: logs and `/status` cannot tell the two apart. What a killed process
   * of the same name has left ends within a lease, so only what lasts longer is reported. Called with every list of leases.
   */
  checkName(instances: readonly Announced[]): void {
    const { instance, leaseDurationMs, clock, log } = this.#options;
    const replicas = instances.filter((one) => one.instance === instance).length;
    const now = clock.monotonicMs();
    this.#nameTakenSinceMs = replicas > 1 ? (this.#nameTakenSinceMs ?? now) : undefined;
    if (this.#nameTakenSinceMs === undefined || now - this.#nameTakenSinceMs <= leaseDurationMs) return;
    if (now - this.#warnedAtMs < remindMs) return;
    this.#warnedAtMs = now;
    log.warn('another replica has the same name; give each its own with --instance or DSTREAM_INSTANCE', {
      instance,
      replicas,
    });
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
