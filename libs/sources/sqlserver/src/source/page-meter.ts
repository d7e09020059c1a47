import type { Clock } from '@dstream/core';
import type { PageRead } from '@dstream/core';

/** Measures one page. The time between `pause` and `resume`, while a batch waits to be taken, is not the page's. */
export class PageMeter {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  #startedAtMs: number;
  #awaySinceMs: number | undefined;
  #rows = 0;
  #bytes = 0;

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
    this.#startedAtMs = clock.monotonicMs();
  }

  get rows(): number {
    return this.#rows;
  }

  row(bytes: number): void {
    this.#rows += 1;
    this.#bytes += bytes;
  }

  pause(): void {
    this.#awaySinceMs = this.#clock.monotonicMs();
  }

  resume(): void {
    if (this.#awaySinceMs !== undefined) this.#startedAtMs += this.#clock.monotonicMs() - this.#awaySinceMs;
    this.#awaySinceMs = undefined;
  }

  /** What was read until now; a page that is given up while paused ended at the pause. */
  read(): PageRead {
    const endMs = this.#awaySinceMs ?? this.#clock.monotonicMs();
    return { tookMs: endMs - this.#startedAtMs, rows: this.#rows, bytes: this.#bytes };
  }
}
