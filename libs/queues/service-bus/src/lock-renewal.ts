/** Keeps the locks of sessions and messages, and compares the service's clock with ours. */
import { DStreamError, goodUntil, type Clock, type Log } from '@dstream/core';
import { Backoff, withTimeout } from '@dstream/async';

/** Options of a `LockRenewal`. */
export interface LockRenewalOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** What is locked, for messages: `session x of subscription y`. */
  readonly what: string;
  /** Duration of the lock as configured. */
  readonly durationMs: number;
  /** Monotonic time before the call that took the lock. */
  readonly beforeMs: number;
  /** Renews once; resolves with the expiry the service reports. Rejects with a DStreamError. */
  readonly renew: (signal: AbortSignal) => Promise<Date>;
  /** Called after every renewal with the expiry that the service reports and the wall clock before the call. */
  readonly renewed?: (expiry: Date, beforeWallMs: number) => void;
  /** Called at most once, by `run`. */
  readonly lost: (reason: DStreamError) => void;
}

/**
 * Keeps a lock: renews it every third of its duration and knows until when it is good, which is never the service's
 * wall clock (docs/guarantees.md, rule 6). A lock that the service refuses to renew, or does not renew in time, is lost.
 */
export class LockRenewal {
  readonly #options: LockRenewalOptions;
  readonly #backoff: Backoff;
  #beforeMs: number;

  constructor(options: LockRenewalOptions) {
    this.#options = options;
    this.#beforeMs = options.beforeMs;
    const { durationMs, random } = options;
    this.#backoff = new Backoff({ firstMs: durationMs / 60, maxMs: durationMs / 12, random });
  }

  /** Monotonic milliseconds: nothing is settled under this lock later. */
  get goodUntilMs(): number {
    return goodUntil(this.#beforeMs, this.#options.durationMs);
  }

  get isGood(): boolean {
    return this.#options.clock.monotonicMs() < this.goodUntilMs;
  }

  /** Renews once a lock that was requested longer ago than a lock is good for: that shows whether it is still ours. */
  async confirm(signal: AbortSignal): Promise<void> {
    const beforeMs = this.#options.clock.monotonicMs();
    await this.#renewOnce(goodUntil(beforeMs, this.#options.durationMs), signal);
    this.#beforeMs = beforeMs;
  }

  /** Runs until the lock is lost or `signal` aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      for (;;) {
        await this.#sleepUntil(this.#beforeMs + this.#options.durationMs / 3, signal);
        await this.#renewInTime(signal);
      }
    } catch (error) {
      if (!signal.aborted) this.#options.lost(this.#lostBy(error));
    }
  }

  /** One renewal, retried while the lock is good. */
  async #renewInTime(signal: AbortSignal): Promise<void> {
    const { clock, renewed } = this.#options;
    for (;;) {
      const beforeMs = clock.monotonicMs();
      const beforeWallMs = clock.wallMs();
      try {
        const expiry = await this.#renewOnce(this.goodUntilMs, signal);
        this.#beforeMs = beforeMs;
        this.#backoff.reset();
        renewed?.(expiry, beforeWallMs);
        return;
      } catch (error) {
        if (!(error instanceof DStreamError) || error.disposition !== 'retry' || !this.isGood) throw error;
        await this.#sleepUntil(
          Math.min(clock.monotonicMs() + this.#backoff.next(), this.goodUntilMs),
          signal,
        );
      }
    }
  }

  #renewOnce(atMs: number, signal: AbortSignal): Promise<Date> {
    const { clock, renew } = this.#options;
    return withTimeout({ clock, atMs, late: () => this.#late(), signal }, renew);
  }

  #sleepUntil(atMs: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    return clock.sleep(Math.max(0, atMs - clock.monotonicMs()), signal);
  }

  #late(): DStreamError {
    return new DStreamError('LockLost', `${this.#options.what}: the lock was not renewed in time`);
  }

  #lostBy(error: unknown): DStreamError {
    if (error instanceof DStreamError && error.disposition === 'lost') return error;
    return new DStreamError('LockLost', `${this.#options.what}: the lock could not be renewed`, {
      cause: error,
    });
  }
}

/** Options of a `LockExpiryCheck`. */
export interface LockExpiryCheckOptions {
  readonly entity: string;
  readonly lockDurationMs: number;
  readonly log: Log;
}

const toleratedMs = 5_000;

/**
 * Warns, once, when the expiry that the service reports is more than five seconds from ours: the subscription's lock
 * duration is not the configured one, or the clocks of service and machine differ. Nothing else depends on it.
 */
export class LockExpiryCheck {
  readonly #options: LockExpiryCheckOptions;
  #warned = false;

  constructor(options: LockExpiryCheckOptions) {
    this.#options = options;
  }

  /** Called for every expiry that the service reports, with the wall clock before the call. */
  check(expiry: Date, beforeWallMs: number): void {
    const { lockDurationMs, log, entity } = this.#options;
    const differenceMs = Math.round(expiry.getTime() - beforeWallMs - lockDurationMs);
    if (this.#warned || !(Math.abs(differenceMs) > toleratedMs)) return;
    this.#warned = true;
    log.warn("lock expiry differs from lock_duration; set it to the subscription's, or check the clock", {
      entity,
      lockDurationMs,
      differenceMs,
    });
  }
}
