/**
 * First and longest wait between two attempts, in milliseconds. The longest is what a return may go unnoticed for: with
 * the attempt itself work goes on within five seconds of it.
 */
export const retryWaits = { firstMs: 500, maxMs: 3_000 } as const;

export interface BackoffOptions {
  readonly firstMs: number;
  readonly maxMs: number;
  /** A number in [0, 1). */
  readonly random: () => number;
}

/**
 * Doubling waits with jitter: each is drawn between half of the step and the whole of it, so that replicas that
 * failed together do not return together.
 */
export class Backoff {
  readonly #options: BackoffOptions;
  #stepMs: number;

  constructor(options: BackoffOptions) {
    this.#options = options;
    this.#stepMs = options.firstMs;
  }

  /** How long to wait now, in milliseconds. */
  next(): number {
    const step = this.#stepMs;
    this.#stepMs = Math.min(step * 2, this.#options.maxMs);
    return step * (0.5 + this.#options.random() / 2);
  }

  /** To be called after a success. */
  reset(): void {
    this.#stepMs = this.#options.firstMs;
  }
}
