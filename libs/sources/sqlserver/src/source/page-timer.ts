import { pause } from '@dstream/async';
import type { Clock, PageRead } from '@dstream/core';

/** One for all: an abort without a reason makes an error with a stack, and there is one for each batch. */
const taken = new Error('the batch was taken');

/**
 * Times one page. While a batch waits to be taken, the page's own time stands still, and another limit runs: when nobody takes
 * the batch the statement is cancelled, because its sort and its connection must not occupy the server while a broker is
 * out for hours. `waiting` and `taken` stand around each batch that is handed over.
 */
export class PageTimer {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #cancel = new AbortController();
  #startedAtMs: number;
  #waitingSinceMs: number | undefined;
  #batchTaken = new AbortController();
  #limit: Promise<void> = Promise.resolve();
  #rows = 0;
  #bytes = 0;

  /** @param limitMs how long a batch may wait before the statement is cancelled */
  constructor(clock: Clock, limitMs: number) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#startedAtMs = clock.monotonicMs();
  }

  /** Aborts when the statement is to be cancelled. */
  get signal(): AbortSignal {
    return this.#cancel.signal;
  }

  get rows(): number {
    return this.#rows;
  }

  /** Called for each row of the change table. */
  row(bytes: number): void {
    this.#rows += 1;
    this.#bytes += bytes;
  }

  waiting(): void {
    this.#waitingSinceMs = this.#clock.monotonicMs();
    this.#batchTaken = new AbortController();
    this.#limit = this.#cancelAfterLimit(this.#batchTaken.signal);
  }

  /** Resolves when the timer is gone: true when the statement was cancelled meanwhile. */
  async taken(): Promise<boolean> {
    if (await this.#stopped()) return true;
    if (this.#waitingSinceMs !== undefined)
      this.#startedAtMs += this.#clock.monotonicMs() - this.#waitingSinceMs;
    this.#waitingSinceMs = undefined;
    return false;
  }

  /** What was read until now, with no timer left; a page that is given up while a batch waits ended when it began to wait. */
  async finish(): Promise<PageRead> {
    await this.#stopped();
    const endMs = this.#waitingSinceMs ?? this.#clock.monotonicMs();
    return { tookMs: endMs - this.#startedAtMs, rows: this.#rows, bytes: this.#bytes };
  }

  async #stopped(): Promise<boolean> {
    this.#batchTaken.abort(taken);
    await this.#limit;
    return this.#cancel.signal.aborted;
  }

  async #cancelAfterLimit(batchTaken: AbortSignal): Promise<void> {
    await pause(this.#clock, this.#limitMs, batchTaken);
    if (!batchTaken.aborted)
      this.#cancel.abort(new Error('the rows of the statement were not taken in time'));
  }
}
