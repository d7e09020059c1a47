/**
 * Publishes changes to many destinations of one service, each named after the table of the change. A destination that
 * does not accept changes delays its own changes only.
 */
import {
  asDStreamError,
  BatchError,
  DStreamError,
  type BatchFailure,
  type CallOptions,
  type ChangeMetadata,
  type Log,
  type Publisher,
  type RoutedEvent,
} from '@dstream/core';
import type { Destination, Entry, NotAccepted } from './destination.ts';

interface DestinationsPublisherOptions {
  /** Name of the destination of a change. */
  readonly nameOf: (metadata: ChangeMetadata) => string;
  /** The destination of all changes, if there is only one. */
  readonly fixedName: string | undefined;
  readonly open: (name: string) => Destination;
  /** Destinations that stay open while they are not used, at most. */
  readonly maxOpen: number;
  readonly log: Log;
  /** True if the identity that signs in may have rights at some destinations only. */
  readonly rightsMayDiffer: boolean;
  /** What the destinations share, such as a connection. Disposed after them. */
  readonly shared?: AsyncDisposable;
}

/** With filled-in names there is no destination to try at the start. This one need not exist. */
const probeName = 'dstream-connect';

/** The publisher of an output whose service has named destinations. */
export class DestinationsPublisher implements Publisher {
  readonly #options: DestinationsPublisherOptions;
  readonly #destinations: DestinationPool;
  /** Accepted after a failure in their ordering key: the caller publishes them again, and they are not sent again. */
  readonly #accepted = new WeakSet<RoutedEvent>();
  /** Destinations that have accepted something: each is logged once. */
  readonly #reached = new Set<string>();

  constructor(options: DestinationsPublisherOptions) {
    this.#options = options;
    this.#destinations = new DestinationPool(options);
  }

  /**
   * With one destination: checks that it can be used. Otherwise only that the namespace answers and accepts the
   * credentials, as far as that can be known without a destination.
   */
  async connect(o: CallOptions): Promise<void> {
    const { fixedName } = this.#options;
    if (fixedName !== undefined) return this.#destinations.use(fixedName, (one) => one.connect(o));
    await using probe = this.#options.open(probeName);
    try {
      await probe.connect(o);
    } catch (error) {
      o.signal.throwIfAborted();
      this.#judgeProbe(asDStreamError(error));
    }
  }

  /**
   * A BatchError names a suffix per ordering key. What of the suffix was accepted is remembered by object, so that the
   * same objects given again are not sent twice. No fatal error leaves it: a destination that does not exist or refuses
   * access is DestinationUnusable, for its own changes.
   */
  async publish(events: readonly RoutedEvent[], o: CallOptions): Promise<void> {
    o.signal.throwIfAborted();
    const entries = events
      .map((routed, index) => ({ index, routed }))
      .filter(({ routed }) => !this.#accepted.has(routed));
    const sends = [...this.#byDestination(entries)].map(([name, own]) =>
      this.#destinations.use(name, (destination) => this.#send(name, destination, own, o)),
    );
    const refused = (await Promise.all(sends)).flat();
    o.signal.throwIfAborted();
    const [first, ...rest] = failuresOf(refused);
    if (first === undefined) return;
    this.#remember(entries, [first, ...rest], refused);
    throw new BatchError([first, ...rest]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await using stack = new AsyncDisposableStack();
    stack.use(this.#options.shared);
    stack.use(this.#destinations);
  }

  async #send(
    name: string,
    destination: Destination,
    entries: readonly Entry[],
    o: CallOptions,
  ): Promise<readonly NotAccepted[]> {
    const refused = await destination.send(entries, o);
    if (refused.length > 0 || this.#reached.has(name)) return refused;
    this.#reached.add(name);
    this.#options.log.info('reached destination', { destination: name });
    return refused;
  }

  #judgeProbe(error: DStreamError): void {
    if (error.code === 'EntityNotFound') return;
    if (error.code !== 'Unauthorized' || !this.#options.rightsMayDiffer) throw error;
    this.#options.log.warn('could not check rights at the destinations before the first change', {
      reason: error.message,
    });
  }

  #byDestination(entries: readonly Entry[]): Map<string, Entry[]> {
    const { nameOf } = this.#options;
    return Map.groupBy(entries, ({ routed }) => nameOf(routed.event.metadata));
  }

  #remember(
    entries: readonly Entry[],
    failures: readonly BatchFailure[],
    refused: readonly NotAccepted[],
  ): void {
    const from = new Map(failures.map((failure) => [failure.key, failure.from]));
    const again = new Set(refused.flatMap((one) => one.entries.map(({ index }) => index)));
    for (const { index, routed } of entries) {
      const isAfterFailure = index > (from.get(routed.orderingKey) ?? Infinity);
      if (isAfterFailure && !again.has(index)) this.#accepted.add(routed);
    }
  }
}

/** Per ordering key the first change that was not accepted, with its own error. */
function failuresOf(refused: readonly NotAccepted[]): readonly BatchFailure[] {
  const firsts = new Map<string, BatchFailure>();
  for (const { entries, error } of refused) {
    const [{ index, routed }] = entries;
    const known = firsts.get(routed.orderingKey);
    if (known !== undefined && known.from < index) continue;
    firsts.set(routed.orderingKey, { key: routed.orderingKey, from: index, error: ofOneDestination(error) });
  }
  return [...firsts.values()];
}

/** What a person must fix at one destination must not end the process, which serves the others. */
function ofOneDestination(error: DStreamError): DStreamError {
  if (error.disposition !== 'fatal') return error;
  return new DStreamError('DestinationUnusable', error.message, { cause: error });
}

interface Opened {
  readonly destination: Destination;
  uses: number;
}

/** Destinations by name, opened at their first use. Those not used for longest are closed when there are too many. */
export class DestinationPool implements AsyncDisposable {
  readonly #options: Pick<DestinationsPublisherOptions, 'open' | 'maxOpen' | 'log'>;
  /** Least recently used first: a map keeps the order of insertion. */
  readonly #opened = new Map<string, Opened>();
  readonly #closing = new Set<Promise<void>>();

  constructor(options: Pick<DestinationsPublisherOptions, 'open' | 'maxOpen' | 'log'>) {
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
      this.#closeUnused();
    }
  }

  /** Waits for those that are closing. Throws the errors of the open ones, several as one. */
  async [Symbol.asyncDispose](): Promise<void> {
    await using stack = new AsyncDisposableStack();
    for (const { destination } of this.#opened.values()) stack.use(destination);
    this.#opened.clear();
    await Promise.all(this.#closing);
  }

  #closeUnused(): void {
    for (const [name, { destination, uses }] of this.#opened) {
      if (this.#opened.size <= this.#options.maxOpen) return;
      if (uses > 0) continue;
      this.#opened.delete(name);
      this.#close(name, destination);
    }
  }

  #close(name: string, destination: Destination): void {
    const { log } = this.#options;
    const closing = Promise.resolve(destination[Symbol.asyncDispose]())
      .catch((error: unknown) => log.debug('could not close destination', { destination: name, error }))
      .finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}
