/** A publisher that puts changes into an envelope on their way to another one. */
import {
  BatchError,
  type BatchFailure,
  type CallOptions,
  type Publisher,
  type RoutedEvent,
} from '@dstream/core';

/**
 * What an envelope makes of a change: mostly one event; none where it has no place for it; several in their order.
 * Called once for each change, and again only for one that comes back as another object.
 */
export type Encode = (routed: RoutedEvent) => RoutedEvent | readonly RoutedEvent[];

/** `publisher` with every change as `encode` makes it. Failures name the changes that were given. */
export function withEnvelope(publisher: Publisher, encode: Encode): Publisher {
  return new EnvelopedPublisher(publisher, encode);
}

class EnvelopedPublisher implements Publisher {
  readonly #publisher: Publisher;
  readonly #encode: Encode;
  /** Of batches that failed: a publisher remembers by object what it has accepted of them. */
  readonly #failed = new WeakMap<RoutedEvent, ReturnType<Encode>>();
  readonly destinationOf?: (routed: RoutedEvent) => string;

  constructor(publisher: Publisher, encode: Encode) {
    if (publisher.destinationOf !== undefined)
      this.destinationOf = (routed) => publisher.destinationOf?.(routed) ?? '';
    this.#publisher = publisher;
    this.#encode = encode;
  }

  get hasDestinations(): boolean {
    return this.#publisher.hasDestinations ?? false;
  }

  connect(o: CallOptions): Promise<void> {
    return this.#publisher.connect(o);
  }

  async publish(events: readonly RoutedEvent[], o: CallOptions): Promise<void> {
    const made = events.map((routed) => this.#failed.get(routed) ?? this.#encode(routed));
    try {
      await this.#publisher.publish(made.flat(), o);
    } catch (error) {
      for (const [index, routed] of events.entries()) this.#failed.set(routed, made[index] ?? []);
      throw error instanceof BatchError ? inTermsOf(made, error) : error;
    }
  }

  isBlocked(): boolean {
    return this.#publisher.isBlocked?.() ?? false;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve(this.#publisher[Symbol.asyncDispose]());
  }
}

/** The error with the indices of changes instead of those of what was made of them. */
function inTermsOf(made: readonly ReturnType<Encode>[], { failures }: BatchError): BatchError {
  const origins = made.flatMap((one, index) => (isSeveral(one) ? one.map(() => index) : [index]));
  const of = ({ key, from, error }: BatchFailure): BatchFailure => ({
    key,
    // One beyond the batch stays beyond it: the caller judges such an error.
    from: origins[from] ?? made.length,
    error,
  });
  const [first, ...rest] = failures;
  if (first === undefined) throw new Error('a BatchError has a failure');
  return new BatchError([of(first), ...rest.map(of)]);
}

function isSeveral(one: ReturnType<Encode>): one is readonly RoutedEvent[] {
  return Array.isArray(one);
}
