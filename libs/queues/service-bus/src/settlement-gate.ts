interface Waiting {
  readonly alone: boolean;
  readonly enter: () => void;
}

/**
 * Lets settlements of one receiver through: completes side by side, everything else alone, in the order asked.
 *
 * Why: rhea 3.0.5 merges the dispositions of one tick into ranges and compares outcomes only from the third on, so
 * `complete, deadLetter, complete` in one tick completes all three and every call resolves (rhea lib/session.js,
 * write_dispositions). A dead letter therefore starts when no other settlement is under way, and nothing starts
 * until it was answered.
 */
export class SettlementGate {
  #inside = 0;
  #aloneInside = false;
  readonly #waiting: Waiting[] = [];

  /** Many of these may be under way together. */
  together<T>(settle: () => Promise<T>): Promise<T> {
    return this.#pass(false, settle);
  }

  /** Nothing else is under way while this is. */
  alone<T>(settle: () => Promise<T>): Promise<T> {
    return this.#pass(true, settle);
  }

  async #pass<T>(alone: boolean, settle: () => Promise<T>): Promise<T> {
    if (this.#waiting.length > 0 || !this.#admits(alone)) {
      await new Promise<void>((resolve) => this.#waiting.push({ alone, enter: resolve }));
    } else {
      this.#enter(alone);
    }
    try {
      return await settle();
    } finally {
      this.#leave();
    }
  }

  #admits(alone: boolean): boolean {
    return alone ? this.#inside === 0 : !this.#aloneInside;
  }

  #enter(alone: boolean): void {
    this.#inside += 1;
    this.#aloneInside = alone;
  }

  #leave(): void {
    this.#inside -= 1;
    this.#aloneInside = false;
    for (;;) {
      const next = this.#waiting[0];
      if (next === undefined || !this.#admits(next.alone)) return;
      this.#waiting.shift();
      this.#enter(next.alone);
      next.enter();
    }
  }
}
