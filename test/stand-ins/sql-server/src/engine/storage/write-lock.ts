/** One writer at a time in a database: who comes later waits in line, first come first served. */
export class WriteLock {
  #holder: object | undefined;
  readonly #waiting: { readonly owner: object; readonly granted: () => void }[] = [];

  get holder(): object | undefined {
    return this.#holder;
  }

  /** True when `owner` has it now. */
  tryTake(owner: object): boolean {
    if (this.#holder === undefined) this.#holder = owner;
    return this.#holder === owner;
  }

  /** Calls `granted` once when the lock is the owner's. The result takes the wait back. */
  wait(owner: object, granted: () => void): () => void {
    const entry = { owner, granted };
    this.#waiting.push(entry);
    return () => {
      const at = this.#waiting.indexOf(entry);
      if (at >= 0) this.#waiting.splice(at, 1);
    };
  }

  release(owner: object): void {
    if (this.#holder !== owner) return;
    const next = this.#waiting.shift();
    this.#holder = next?.owner;
    next?.granted();
  }
}
