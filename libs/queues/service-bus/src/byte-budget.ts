/**
 * A budget of bytes that all receivers share. The size of a message is not known before it arrives, and credit that the broker
 * has cannot be taken back. So credit is claimed with the size that its message is expected to have:
 *
 * claimed → granted, when there is room: the expected size is reserved → arrived: its real size is in use instead →
 * settled: free again. A reservation that brings nothing for a while lapses: its receiver is idle.
 *
 * Fair: of the waiting claims the one whose receiver uses least is granted first. It waits for room, and no other passes it,
 * so a message larger than the others gets its turn; one larger than the budget gets it when nothing else is in use.
 */
import { messageMemory, type Clock } from '@dstream/core';
import { unlessAborted } from '@dstream/async';

/** Somebody who waits for room in the budget. */
export interface Claimant {
  /** Used and reserved by it. */
  readonly usedBytes: number;
  /** What its next message is expected to take. */
  readonly expectedBytes: number;
  /** Called at most once for each claim, with what was reserved for it. May claim again at once. */
  granted(bytes: number): void;
}

/** While a claim waits for room, reservations that brought nothing for so long lapse: many round trips to a broker. */
const lapseMs = 500;

/** Expected at first: the ingester packs up to 128 KB. */
const firstBodyBytes = 65_536;

/** Less is never expected: everything outstanding may arrive at once, and larger than what came before. */
const leastBodyBytes = 16_384;

/** The credit of one receiver, as far as the budget knows it. */
export interface BudgetWindow extends Claimant {
  /** Frees what is reserved when nothing arrived and nothing was granted since the last call. */
  lapse(): void;
}

/** What the messages of one subscription may take in memory. */
export class ByteBudget {
  readonly #maxBytes: number;
  readonly #claims = new Set<Claimant>();
  readonly #windows = new Set<BudgetWindow>();
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

  /** Expected of a receiver that has received nothing yet: near the largest of the recent messages. */
  get typicalBytes(): number {
    return this.#typicalBytes;
  }

  /** What is expected after a message of `bytes` when `before` was expected: shrinks slowly, grows at once. */
  expectAfter(bytes: number, before: number): number {
    const expected = Math.max(bytes, before * 0.9, messageMemory(leastBodyBytes));
    // A larger expectation would wait until all others are done, over and over.
    return Math.min(expected, this.#maxBytes / 4);
  }

  /** A message arrived that takes `bytes`. */
  use(bytes: number): void {
    this.#typicalBytes = this.expectAfter(bytes, this.#typicalBytes);
    this.#usedBytes += bytes;
  }

  /** For credit that cannot wait: a receiver's first. Reserves at most half of what is free, but always one message. */
  open(window: BudgetWindow, count: number, bytes: number, reservedBytes: number): number {
    this.#windows.add(window);
    const free = (this.#maxBytes - this.#usedBytes) / 2;
    const granted = Math.max(1, Math.min(count, Math.floor(free / bytes)));
    this.#usedBytes += granted * bytes - reservedBytes;
    return granted;
  }

  /** The receiver ended. */
  close(window: BudgetWindow): void {
    this.#windows.delete(window);
    this.#claims.delete(window);
    this.free(window.usedBytes);
  }

  /** A window that counted for nothing while its session waited counts again: possibly beyond the bound. */
  resume(bytes: number): void {
    this.#usedBytes += bytes;
  }

  /** The claimant wants nothing more at the moment. */
  withdraw(claimant: Claimant): void {
    this.#claims.delete(claimant);
  }

  /** Used or reserved bytes are free again. */
  free(bytes: number): void {
    this.#usedBytes -= bytes;
    this.#grant();
  }

  /** Waits for room; one claim at a time of each claimant. */
  claim(claimant: Claimant): void {
    this.#claims.add(claimant);
    this.#grant();
  }

  /** Resolves when the typical size is reserved for a new receiver, with that size; rejects with `signal.reason`. */
  reserve(signal: AbortSignal): Promise<number> {
    const typical = () => this.#typicalBytes;
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
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
        this.#claims.delete(claimant);
        this.#grant();
        reject(signal.reason);
      };
      signal.addEventListener('abort', aborted, { once: true });
      this.claim(claimant);
    });
  }

  /** Lets reservations of idle receivers lapse while others wait. Rejects with `signal.reason`. */
  async watch(clock: Clock, signal: AbortSignal): Promise<never> {
    for (;;) {
      await unlessAborted(this.#short.promise, signal);
      await clock.sleep(lapseMs, signal);
      this.#short = Promise.withResolvers();
      for (const window of this.#windows) window.lapse();
      this.#grant();
    }
  }

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
