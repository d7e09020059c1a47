import { silentLog, type Log } from '@dstream/core';
import type { Destination } from './destination.ts';

export interface OpenDestinationsOptions {
  readonly open: (name: string) => Destination;
  /** More than this stay open only while they are in use. */
  readonly maxOpen: number;
  readonly log?: Log;
}

interface Opened {
  readonly destination: Destination;
  uses: number;
}

/** Destinations by name, opened when they are first used. The ones used longest ago are closed when there are many. */
export class OpenDestinations implements AsyncDisposable {
  readonly #options: OpenDestinationsOptions;
  /** The one used longest ago first: maps keep the order of insertion. */
  readonly #opened = new Map<string, Opened>();
  readonly #closing = new Set<Promise<void>>();

  constructor(options: OpenDestinationsOptions) {
    this.#options = options;
  }

  /** A destination is never closed while `work` runs. */
  async use<T>(name: string, work: (destination: Destination) => Promise<T>): Promise<T> {
    const opened = this.#opened.get(name) ?? { destination: this.#options.open(name), uses: 0 };
    this.#opened.delete(name);
    this.#opened.set(name, opened);
    opened.uses += 1;
    try {
      return await work(opened.destination);
    } finally {
      opened.uses -= 1;
      this.#closeSome();
    }
  }

  /** Waits for what is closing. Throws what the open ones fail with, one error or all of them together. */
  async [Symbol.asyncDispose](): Promise<void> {
    await using stack = new AsyncDisposableStack();
    for (const { destination } of this.#opened.values()) stack.use(destination);
    this.#opened.clear();
    await Promise.all(this.#closing);
  }

  #closeSome(): void {
    for (const [name, { destination, uses }] of this.#opened) {
      if (this.#opened.size <= this.#options.maxOpen) return;
      if (uses > 0) continue;
      this.#opened.delete(name);
      this.#close(name, destination);
    }
  }

  #close(name: string, destination: Destination): void {
    const log = this.#options.log ?? silentLog;
    const closing = Promise.resolve(destination[Symbol.asyncDispose]())
      .catch((error: unknown) => log.debug('a destination did not close', { destination: name, error }))
      .finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}
