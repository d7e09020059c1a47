/** Faults in force that each meet a number of things, oldest first. */

interface Entry<T> {
  readonly fault: T;
  left: number;
}

export class FaultList<T> {
  #entries: Entry<T>[] = [];

  /** `times` is Infinity for as long as it is not cleared. */
  add(fault: T, times: number): void {
    if (times > 0) this.#entries.push({ fault, left: times });
  }

  /** The oldest fault that fits; it is counted. */
  take(fits: (fault: T) => boolean): T | undefined {
    const entry = this.#entries.find(({ fault }) => fits(fault));
    if (entry === undefined) return undefined;
    entry.left -= 1;
    if (entry.left <= 0) this.#entries = this.#entries.filter((other) => other !== entry);
    return entry.fault;
  }

  clear(): void {
    this.#entries = [];
  }
}
