import type { Clock } from '@dstream/core';

/** One for all: an abort without a reason makes an error with a stack, and there is one for every batch. */
const over = new Error('the batch was taken');

/**
 * Lets go of a statement whose rows nobody takes: while a broker is out for hours, its sort and its connection must not
 * lie on the server. One for each statement; `begin` and `end` stand around every batch that is handed over.
 */
export class Hold {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #letGo = new AbortController();
  #taken = new AbortController();
  #waiting: Promise<void> = Promise.resolve();

  /** @param limitMs how long a batch may lie before the statement is given up */
  constructor(clock: Clock, limitMs: number) {
    this.#clock = clock;
    this.#limitMs = limitMs;
  }

  /** Aborts when the statement is to be given up. */
  get signal(): AbortSignal {
    return this.#letGo.signal;
  }

  begin(): void {
    const taken = new AbortController();
    this.#taken = taken;
    this.#waiting = this.#wait(taken.signal);
  }

  /** Resolves when the timer is gone. True when the statement was given up meanwhile. Idempotent. */
  async end(): Promise<boolean> {
    this.#taken.abort(over);
    await this.#waiting;
    return this.#letGo.signal.aborted;
  }

  async #wait(taken: AbortSignal): Promise<void> {
    try {
      await this.#clock.sleep(this.#limitMs, taken);
    } catch (error) {
      if (taken.aborted) return;
      throw error;
    }
    this.#letGo.abort(new Error('the rows of the statement were not taken in time'));
  }
}
