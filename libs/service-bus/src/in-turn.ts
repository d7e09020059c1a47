/**
 * Runs work of one key one after the other, and of different keys side by side. Work that waited behind work that
 * failed fails with the same error and is not started: what comes after a gap must not overtake it. Work given after
 * the failure was known starts afresh.
 */
export class InTurn {
  readonly #last = new Map<string, Promise<void>>();

  async run(key: string, work: () => Promise<void>): Promise<void> {
    const before = this.#last.get(key);
    const mine = before === undefined ? work() : before.then(work);
    this.#last.set(key, mine);
    try {
      await mine;
    } finally {
      if (this.#last.get(key) === mine) this.#last.delete(key);
    }
  }
}
