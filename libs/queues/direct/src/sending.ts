import { BatchError, type BatchFailure, type DStreamError } from '@dstream/core';

/** One call of `send`: how many of its messages are open, and from where on each session was refused. */
export class Sending {
  /** Throws when nothing of it may be handed out, or published, any more. */
  readonly mayStart: () => void;
  readonly #failures = new Map<string, BatchFailure>();
  readonly #done = Promise.withResolvers<void>();
  #open: number;

  /** @param messages how many it has, at least one */
  constructor(messages: number, mayStart: () => void = () => undefined) {
    this.#open = messages;
    this.mayStart = mayStart;
  }

  /** Resolves when every message was completed. Rejects with a BatchError once none is open and some were refused. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  completed(): void {
    this.#closed();
  }

  /** @param from index of the message in the send */
  refused(key: string, from: number, error: DStreamError): void {
    const known = this.#failures.get(key);
    if (known === undefined || from < known.from) this.#failures.set(key, { key, from, error });
    this.#closed();
  }

  #closed(): void {
    this.#open -= 1;
    if (this.#open > 0) return;
    const [first, ...rest] = this.#failures.values();
    if (first === undefined) this.#done.resolve();
    else this.#done.reject(new BatchError([first, ...rest]));
  }
}
