import type { StoredMessage } from './stored-message.ts';

/** Every message of a queue by sequence number, and in its order for peeking. */
export class MessageIndex {
  readonly #bySequence = new Map<number, StoredMessage>();
  /** Ascending unless `#unsorted`; holds the numbers of removed messages until it is thinned. */
  #order: number[] = [];
  #unsorted = false;

  get size(): number {
    return this.#bySequence.size;
  }

  get(sequence: number): StoredMessage | undefined {
    return this.#bySequence.get(sequence);
  }

  add(message: StoredMessage): void {
    this.#bySequence.set(message.sequence, message);
    if (message.sequence < (this.#order.at(-1) ?? 0)) this.#unsorted = true;
    this.#order.push(message.sequence);
  }

  remove(message: StoredMessage): void {
    this.#bySequence.delete(message.sequence);
    if (this.#order.length > 1024 && this.#order.length > this.#bySequence.size * 2) this.#thin();
  }

  /** Up to `count` messages from `sequence` on that pass `matches`, in order. */
  from(sequence: number, count: number, matches: (message: StoredMessage) => boolean): StoredMessage[] {
    if (this.#unsorted) this.#thin();
    const found: StoredMessage[] = [];
    for (let at = this.#lowerBound(sequence); at < this.#order.length && found.length < count; at += 1) {
      const message = this.#bySequence.get(this.#order[at] as number);
      if (message !== undefined && matches(message)) found.push(message);
    }
    return found;
  }

  #lowerBound(sequence: number): number {
    let [low, high] = [0, this.#order.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#order[middle] as number) < sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #thin(): void {
    this.#order = [...this.#bySequence.keys()].sort((a, b) => a - b);
    this.#unsorted = false;
  }
}
