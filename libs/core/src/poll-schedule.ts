/** How often one table is polled, in milliseconds. */
export interface PollIntervals {
  readonly intervalMs: number;
  readonly maxIntervalMs: number;
}

/**
 * Adaptive polling of one table. The first wait is the interval; every pass that finds nothing doubles it up to the
 * maximum; a change resets it. A doubled wait gets up to 10 % of jitter off, so that tables do not march in step;
 * the base interval gets none, because it is what was configured.
 */
export class PollSchedule {
  readonly #intervals: PollIntervals;
  readonly #random: () => number;
  #currentMs: number;

  constructor(intervals: PollIntervals, random: () => number) {
    this.#intervals = intervals;
    this.#random = random;
    this.#currentMs = intervals.intervalMs;
  }

  /** Milliseconds to wait after a pass that found changes. */
  afterChanges(): number {
    this.#currentMs = this.#intervals.intervalMs;
    return this.#currentMs;
  }

  /** Milliseconds to wait after a pass that found nothing. */
  afterNothing(): number {
    const wait = this.#currentMs;
    this.#currentMs = Math.min(wait * 2, Math.max(this.#intervals.maxIntervalMs, this.#intervals.intervalMs));
    return wait === this.#intervals.intervalMs ? wait : wait * (1 - this.#random() / 10);
  }

  /** The wait that the next empty pass will ask for, without jitter: for status and metrics. */
  get currentMs(): number {
    return this.#currentMs;
  }
}
