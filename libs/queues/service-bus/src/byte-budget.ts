/**
 * A number of bytes that receivers share. Nobody knows the size of a message before it comes, and credit that the broker
 * has cannot be taken back. So credit is claimed with the size that its message is expected to have:
 *
 * Claimed → granted, when there is room: the expected size is reserved → arrived: what it really takes is used instead →
 * settled: free again. A reservation that brings nothing for a while is given up: its receiver is idle.
 *
 * Fair: of those that wait the one goes first that uses least. It waits for room, and no other passes it, so a message that
 * is larger than the others gets its turn; one that is larger than the budget gets it when nothing else is in use.
 */
import { messageMemory, type Clock } from '@dstream/core';
import { unlessAborted } from '@dstream/service-bus/amqp';

export interface Claimant {
  /** Used and reserved by it. */
  readonly usedBytes: number;
  /** What its next message is expected to take. */
  readonly expectedBytes: number;
  /** Called at most once for each claim, with what was reserved for it. */
  granted(bytes: number): void;
}

/** Somebody who may have reserved what brings nothing. */
export interface Reserving {
  /** Frees what is reserved for credit when nothing came and nothing was granted since the last call. */
  lapse(): void;
}

/** While somebody waits for room, what brought nothing for so long is reserved no more: many round trips to a broker. */
const lapseMs = 500;

/** Expected at first: the ingester packs up to 128 KB. */
const firstBodyBytes = 65_536;

/** Less is not expected: what is outstanding may all come at once, and larger than what came before. */
const leastBodyBytes = 16_384;

export class ByteBudget {
  readonly #maxBytes: number;
  readonly #claims = new Set<Claimant>();
  #usedBytes = 0;
  #typicalBytes = messageMemory(firstBodyBytes);
  #granting = false;
  #short = Promise.withResolvers<void>();

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Of the next message of somebody of whom nothing is known: near the largest that came of late. */
  get typicalBytes(): number {
    return this.#typicalBytes;
  }

  /** What is expected after a message of `bytes` when `before` was expected: shrinks slowly, grows at once. */
  expectAfter(bytes: number, before: number): number {
    const expected = Math.max(bytes, before * 0.9, messageMemory(leastBodyBytes));
    // A larger one would wait until all others are done, over and over.
    return Math.min(expected, this.#maxBytes / 4);
  }

  /** A message has arrived that takes `bytes`. */
  use(bytes: number): void {
    this.#typicalBytes = this.expectAfter(bytes, this.#typicalBytes);
    this.#usedBytes += bytes;
  }

  /** Without waiting: for credit that cannot be withheld. Reserves half of what is free at most, but for the first. */
  reserveAtOnce(count: number, bytes: number, reservedBytes: number): number {
    const free = (this.#maxBytes - this.#usedBytes) / 2;
    const granted = Math.max(1, Math.min(count, Math.floor(free / bytes)));
    this.#usedBytes += granted * bytes - reservedBytes;
    return granted;
  }

  /** Used or reserved bytes are free again. */
  free(bytes: number): void {
    this.#usedBytes -= bytes;
    this.#grant();
  }

  /** Waits for room; one claim at a time of each. */
  claim(claimant: Claimant): void {
    this.#claims.add(claimant);
    this.#grant();
  }

  /** Idempotent. */
  withdraw(claimant: Claimant): void {
    this.#claims.delete(claimant);
    this.#grant();
  }

  /** Resolves when the typical size is reserved for a new receiver, with that size; rejects with `signal.reason`. */
  reserve(signal: AbortSignal): Promise<number> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const typical = () => this.#typicalBytes;
      const claimant: Claimant = {
        usedBytes: 0,
        get expectedBytes() {
          return typical();
        },
        granted: (bytes) => {
          signal.removeEventListener('abort', aborted);
          resolve(bytes);
        },
      };
      const aborted = () => {
        this.withdraw(claimant);
        reject(signal.reason);
      };
      signal.addEventListener('abort', aborted, { once: true });
      this.claim(claimant);
    });
  }

  /** Lets reservations of idle receivers lapse while others wait. Rejects with `signal.reason`. */
  async watch(clock: Clock, receivers: () => Iterable<Reserving>, signal: AbortSignal): Promise<never> {
    for (;;) {
      await unlessAborted(this.#short.promise, signal);
      await clock.sleep(lapseMs, signal);
      this.#short = Promise.withResolvers();
      for (const receiver of receivers()) receiver.lapse();
      this.#grant();
    }
  }

  /** What is granted may claim again at once. */
  #grant(): void {
    if (this.#granting) return;
    this.#granting = true;
    for (;;) {
      const next = this.#next();
      if (next === undefined) break;
      const bytes = next.expectedBytes;
      if (this.#usedBytes > 0 && this.#usedBytes + bytes > this.#maxBytes) {
        this.#short.resolve();
        break;
      }
      this.#claims.delete(next);
      this.#usedBytes += bytes;
      next.granted(bytes);
    }
    this.#granting = false;
  }

  #next(): Claimant | undefined {
    let least: Claimant | undefined;
    for (const claim of this.#claims)
      if (least === undefined || claim.usedBytes < least.usedBytes) least = claim;
    return least;
  }
}
