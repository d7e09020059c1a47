import { Backoff, DStreamError, goodUntil, type Clock } from '@dstream/core';
import { withTimeLimit } from '@dstream/service-bus/amqp';

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
  /** Told of every renewal: the expiry and the wall clock before the call. */
  readonly renewed?: (expiry: Date, beforeWallMs: number) => void;
  readonly lost: (reason: DStreamError) => void;
}

/**
 * Keeps a lock: renews it every third of its duration and knows until when it is good, which is never the service's
 * wall clock (DESIGN 5, rule 6). What the service does not renew in time, or refuses, is reported lost, once.
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

  /** Monotonic milliseconds: past it nothing is settled under this lock. */
  get goodUntilMs(): number {
    return goodUntil(this.#beforeMs, this.#options.durationMs);
  }

  get isGood(): boolean {
    return this.#options.clock.monotonicMs() < this.goodUntilMs;
  }

  /** For a lock whose taking may have waited longer than it is good for: one renewal tells. */
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

  /** One renewal, tried again until the lock is good no more. */
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
    return withTimeLimit({ clock, atMs, late: () => this.#late(), signal }, renew);
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
