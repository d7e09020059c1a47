/**
 * Destinations by name, opened at their first use, of which a bounded number is open. A destination is in one of these states:
 *
 * - waiting: no more may be open. Those that wait are opened in the order in which they came;
 * - in use: it is never closed;
 * - idle: when one waits, the one that was not used for longest is closed. Until it is closed it counts as open.
 *
 * A use holds one destination and waits for no second one, so uses never wait for each other in a circle.
 */
import { Semaphore, unlessAborted } from '@dstream/async';
import { DStreamError, type CallOptions, type Log } from '@dstream/core';
import type { Destination } from './destination.ts';

/** How destinations are opened, and how many. */
export interface DestinationPoolOptions {
  readonly open: (name: string) => Destination;
  /** Destinations that are open at a time, at most. */
  readonly maxOpen: number;
  /** How a name is logged. */
  readonly shown: (name: string) => string;
  readonly log: Log;
}

interface Slot {
  /** Undefined: it waits. */
  destination: Destination | undefined;
  readonly opening: Promise<Destination>;
  /** Uses under way, those that wait included. */
  uses: number;
}

/** The destinations of one publisher. */
export class DestinationPool implements AsyncDisposable {
  readonly #options: DestinationPoolOptions;
  readonly #permits: Semaphore;
  readonly #disposed = new AbortController();
  /** Least recently used first: a map keeps the order of insertion. */
  readonly #slots = new Map<string, Slot>();
  readonly #closing = new Set<Promise<void>>();
  #waiting = 0;
  #free: number;

  constructor(options: DestinationPoolOptions) {
    this.#options = options;
    this.#permits = new Semaphore(options.maxOpen);
    this.#free = options.maxOpen;
  }

  /** A destination is never closed while `work` runs. Rejects with `signal.reason` on abort while it waits. */
  async use<T>(
    name: string,
    work: (destination: Destination) => Promise<T>,
    { signal }: CallOptions,
  ): Promise<T> {
    const slot = this.#slotOf(name);
    slot.uses += 1;
    try {
      return await work(slot.destination ?? (await unlessAborted(slot.opening, signal)));
    } finally {
      slot.uses -= 1;
      this.#makeRoom();
    }
  }

  /** Waits for those that are closing. Throws the errors of the open ones, several as one. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed.abort(new DStreamError('Unexpected', 'the output was disposed'));
    await using stack = new AsyncDisposableStack();
    for (const { destination } of this.#slots.values()) stack.use(destination);
    this.#slots.clear();
    await Promise.all(this.#closing);
  }

  /** It is the most recently used one afterwards. */
  #slotOf(name: string): Slot {
    const known = this.#slots.get(name);
    if (known !== undefined) this.#slots.delete(name);
    const slot = known ?? this.#newSlot(name);
    this.#slots.set(name, slot);
    return slot;
  }

  #newSlot(name: string): Slot {
    const opening = Promise.resolve().then(() => this.#open(name, slot));
    // Whoever waits for it hears of a failure.
    opening.catch(() => undefined);
    const slot: Slot = { destination: undefined, opening, uses: 0 };
    return slot;
  }

  async #open(name: string, slot: Slot): Promise<Destination> {
    this.#waiting += 1;
    this.#makeRoom();
    await this.#permits.acquire(this.#disposed.signal);
    this.#waiting -= 1;
    try {
      if (slot.uses === 0) throw new DStreamError('Unexpected', 'nobody waits for the destination any more');
      slot.destination = this.#options.open(name);
      this.#free -= 1;
      return slot.destination;
    } catch (error) {
      this.#slots.delete(name);
      this.#permits.release();
      throw error;
    }
  }

  /** Closes as many idle destinations as those that wait need. */
  #makeRoom(): void {
    if (this.#waiting <= this.#free + this.#closing.size) return;
    for (const [name, { destination, uses }] of this.#slots) {
      if (destination === undefined || uses > 0) continue;
      this.#slots.delete(name);
      this.#close(name, destination);
      if (this.#waiting <= this.#free + this.#closing.size) return;
    }
  }

  #close(name: string, destination: Destination): void {
    const { log, shown } = this.#options;
    const closing = Promise.resolve(destination[Symbol.asyncDispose]())
      .catch((error: unknown) =>
        log.debug('could not close destination', { destination: shown(name), error }),
      )
      .finally(() => {
        this.#closing.delete(closing);
        this.#free += 1;
        this.#permits.release();
      });
    this.#closing.add(closing);
  }
}
