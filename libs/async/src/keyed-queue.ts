/**
 * Runs work of one key one after the other, and work of different keys side by side. Work that waited behind work that
 * failed fails with the same error and is not started: what follows a gap must not overtake it. Work given after the
 * failure was reported starts afresh.
 */
export class KeyedQueue {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Rejects with what `work` throws, or with the error of the work before it. */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const mine = before === undefined ? work() : before.then(work);
    this.#last.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#last.get(key) === mine) this.#last.delete(key);
    }
  }
}
