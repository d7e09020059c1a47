interface Seen {
  readonly id: string;
  readonly untilMs: number;
}

/**
 * The message ids of the last while. Looks at the id only, as the service does: a different message with the same id
 * is a duplicate too (Duplicate detection).
 */
export class DuplicateWindow {
  readonly #windowMs: number;
  readonly #nowMs: () => number;
  readonly #ids = new Set<string>();
  #order: Seen[] = [];
  #head = 0;

  constructor(windowMs: number, nowMs: () => number) {
    this.#windowMs = windowMs;
    this.#nowMs = nowMs;
  }

  get size(): number {
    return this.#ids.size;
  }

  /** True when the id was seen within the window; else it is from now on. */
  isDuplicate(id: string): boolean {
    const now = this.#nowMs();
    this.#drop(now);
    if (this.#ids.has(id)) return true;
    this.#ids.add(id);
    this.#order.push({ id, untilMs: now + this.#windowMs });
    return false;
  }

  #drop(now: number): void {
    for (let seen = this.#order[this.#head]; seen !== undefined && seen.untilMs <= now;) {
      this.#ids.delete(seen.id);
      this.#head += 1;
      seen = this.#order[this.#head];
    }
    if (this.#head < 1024 || this.#head * 2 < this.#order.length) return;
    this.#order = this.#order.slice(this.#head);
    this.#head = 0;
  }
}
