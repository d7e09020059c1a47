import type { Clock } from '@dstream/core';

/** Ready made: an abort without a reason makes an error, with its stack, whether anybody looks at it or not. */
const rung = new Error('the alarm rang');

/** A sleep that can be ended early. */
export class Alarm {
  readonly #clock: Clock;
  #sleeping: AbortController | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves after `ms` or when it rings. */
  async wait(ms: number): Promise<void> {
    const sleeping = new AbortController();
    this.#sleeping = sleeping;
    try {
      await this.#clock.sleep(ms, sleeping.signal);
    } catch (error) {
      if (!sleeping.signal.aborted) throw error;
    } finally {
      this.#sleeping = undefined;
    }
  }

  ring(): void {
    this.#sleeping?.abort(rung);
  }
}
