import type { StoredMessage } from './stored-message.ts';

/** Consumed entries are cut off the front once this many have gathered and they are half of the list. */
const cutAt = 1024;

/**
 * Messages waiting to be handed out, lowest sequence number first. New ones join at the end; what a receiver gives
 * back finds its old place. Both cost O(1) for a receiver that gives back little, whatever the backlog.
 */
export class ReadyList {
  /** In sequence order; entries before `#head` were taken. */
  #fresh: (StoredMessage | undefined)[] = [];
  #head = 0;
  /** Given back, highest sequence number first, so that the lowest is popped. */
  readonly #returned: StoredMessage[] = [];
  #size = 0;

  /** Messages that can be taken. */
  get size(): number {
    return this.#size;
  }

  append(message: StoredMessage): void {
    this.#fresh.push(message);
    this.#size += 1;
  }

  putBack(message: StoredMessage): void {
    const list = this.#returned;
    let [low, high] = [0, list.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((list[middle] as StoredMessage).sequence > message.sequence) low = middle + 1;
      else high = middle;
    }
    list.splice(low, 0, message);
    this.#size += 1;
  }

  /** To be told of a message in the list that is gone, so that the size stays true. */
  noteGone(): void {
    this.#size -= 1;
  }

  take(): StoredMessage | undefined {
    const message = this.#next();
    if (message !== undefined) this.#size -= 1;
    return message;
  }

  #next(): StoredMessage | undefined {
    const returned = this.#lowestReturned();
    const fresh = this.#firstFresh();
    if (returned !== undefined && (fresh === undefined || returned.sequence < fresh.sequence)) {
      return this.#returned.pop();
    }
    if (fresh !== undefined) this.#advance();
    return fresh;
  }

  #lowestReturned(): StoredMessage | undefined {
    while (this.#returned.at(-1)?.gone === true) this.#returned.pop();
    return this.#returned.at(-1);
  }

  #firstFresh(): StoredMessage | undefined {
    while (this.#fresh[this.#head]?.gone === true) this.#advance();
    return this.#fresh[this.#head];
  }

  #advance(): void {
    this.#fresh[this.#head] = undefined;
    this.#head += 1;
    if (this.#head === this.#fresh.length || (this.#head >= cutAt && this.#head * 2 >= this.#fresh.length)) {
      this.#fresh = this.#fresh.slice(this.#head);
      this.#head = 0;
    }
  }
}
