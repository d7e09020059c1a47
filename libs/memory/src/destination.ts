/** A destination in memory and its publishers. It keeps the promises of a real one. */
import {
  BatchError,
  type BatchFailure,
  type CallOptions,
  DStreamError,
  type Publisher,
  type RoutedEvent,
} from '@dstream/core';

/** What the destination accepts. */
export interface InMemoryDestinationOptions {
  /** UTF-8 bytes of a line, at most; 1,048,576 if not given. */
  readonly maxLineBytes?: number;
}

/** Called for each published change: an error refuses it, and with it the rest of its ordering key. */
export type PublishFault = (event: RoutedEvent) => DStreamError | undefined;

/** The destination, with what a test does to it. */
export class InMemoryDestination {
  readonly #maxLineBytes: number;
  readonly #events: RoutedEvent[] = [];
  #fault: PublishFault = () => undefined;
  #held: Promise<void> | undefined;

  constructor(options: InMemoryDestinationOptions = {}) {
    this.#maxLineBytes = options.maxLineBytes ?? 1_048_576;
  }

  /** Everything that was accepted, in that order. */
  get events(): readonly RoutedEvent[] {
    return this.#events;
  }

  /** From now on `fault` is called for every published change. */
  failPublishes(fault: PublishFault): void {
    this.#fault = fault;
  }

  /** From now on every publish waits, until the returned function is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    return () => {
      this.#held = undefined;
      resolve();
    };
  }

  /** A new publisher to this destination. There may be any number of them. */
  publisher(): Publisher {
    return {
      connect: ({ signal }) => Promise.resolve().then(() => signal.throwIfAborted()),
      publish: (events, o) => this.#publish(events, o),
      // There is nothing to close; what was published stays.
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  async #publish(events: readonly RoutedEvent[], { signal }: CallOptions): Promise<void> {
    signal.throwIfAborted();
    // As with a service the answer never comes in the same turn.
    await Promise.resolve();
    if (this.#held !== undefined) await untilAborted(this.#held, signal);
    const failed = new Map<string, BatchFailure>();
    for (const [from, event] of events.entries()) {
      const key = event.orderingKey;
      if (failed.has(key)) continue;
      const error = this.#tooLarge(event) ?? this.#fault(event);
      if (error === undefined) this.#events.push(event);
      else failed.set(key, { key, from, error });
    }
    const [first, ...rest] = failed.values();
    if (first !== undefined) throw new BatchError([first, ...rest]);
  }

  #tooLarge({ event, line }: RoutedEvent): DStreamError | undefined {
    if (line.length <= this.#maxLineBytes) return undefined;
    const sizes = `${line.length} bytes, the limit is ${this.#maxLineBytes}`;
    return new DStreamError('MessageTooLarge', `change ${event.metadata.id} is too large: ${sizes}`);
  }
}

async function untilAborted(wait: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const stop = () => reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    await Promise.race([wait, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
