import type { Log } from '@dstream/core';

export interface LockExpiryCheckOptions {
  readonly entity: string;
  readonly lockDurationMs: number;
  readonly log: Log;
}

const toleratedMs = 5_000;

/**
 * Warns, once, when the service's idea of a lock's expiry is more than five seconds from ours: the subscription's
 * lock duration is not the configured one, or the clocks of service and machine differ. Nothing else depends on it.
 */
export class LockExpiryCheck {
  readonly #options: LockExpiryCheckOptions;
  #said = false;

  constructor(options: LockExpiryCheckOptions) {
    this.#options = options;
  }

  saw(expiry: Date, beforeWallMs: number): void {
    const { lockDurationMs, log, entity } = this.#options;
    const differenceMs = Math.round(expiry.getTime() - beforeWallMs - lockDurationMs);
    if (this.#said || !(Math.abs(differenceMs) > toleratedMs)) return;
    this.#said = true;
    const sentence =
      "the service's expiry of a lock differs from the configured lock_duration: set it to the subscription's, or check the clock";
    log.warn(sentence, { entity, lockDurationMs, differenceMs });
  }
}
