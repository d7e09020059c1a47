/**
 * Publishes changes to many destinations of one service, each named after the change. A destination that does not accept
 * changes delays its own changes only.
 */
import {
  asDStreamError,
  BatchError,
  DStreamError,
  type BatchFailure,
  type CallOptions,
  type Publisher,
  type RoutedEvent,
} from '@dstream/core';
import { DestinationPool, type DestinationPoolOptions } from './destination-pool.ts';
import { notAccepted, type Entry, type NotAccepted } from './destination.ts';
import { nameOrNone } from './name-parts.ts';

interface DestinationsPublisherOptions extends Omit<DestinationPoolOptions, 'shown'> {
  /** Name of the destination of a change. Throws Rejected where it has none. */
  readonly nameOf: (routed: RoutedEvent) => string;
  /** The destination of all changes, if there is only one. */
  readonly fixedName: string | undefined;
  /** What is tried at the start where there is no single destination, if not `dstream-connect`. */
  readonly probeName?: string;
  /** How a name is logged, if not as it is. */
  readonly shown?: (name: string) => string;
  /** True if the identity that signs in may have rights at some destinations only. */
  readonly rightsMayDiffer: boolean;
  /** What the destinations share, such as a connection. Disposed after them. */
  readonly shared?: AsyncDisposable;
}

/** With filled-in names there is no destination to try at the start. This one need not exist. */
const defaultProbeName = 'dstream-connect';

/** Destinations that are logged when they were reached, at most: names that hold data have no end. */
const maxReached = 1_000;

/** The publisher of an output whose service has named destinations. */
export class DestinationsPublisher implements Publisher {
  readonly hasDestinations = true;
  readonly destinationOf?: (routed: RoutedEvent) => string;
  readonly #options: DestinationsPublisherOptions & DestinationPoolOptions;
  readonly #destinations: DestinationPool;
  /** Accepted after a failure in their ordering key: the caller publishes them again, and they are not sent again. */
  readonly #accepted = new WeakSet<RoutedEvent>();
  /** Destinations that have accepted something: each is logged once. */
  readonly #reached = new Set<string>();

  constructor(options: DestinationsPublisherOptions) {
    this.#options = { shown: (name) => name, ...options };
    this.#destinations = new DestinationPool(this.#options);
    if (options.fixedName === undefined)
      this.destinationOf = (routed) => nameOrNone(() => options.nameOf(routed));
  }

  /**
   * With one destination: checks that it can be used. Otherwise only that the namespace answers and accepts the
   * credentials, as far as that can be known without a destination.
   */
  async connect(o: CallOptions): Promise<void> {
    const { fixedName, probeName = defaultProbeName } = this.#options;
    if (fixedName !== undefined) return this.#destinations.use(fixedName, (one) => one.connect(o), o);
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
    const { byName, unnamed } = this.#byDestination(entries);
    const sends = [...byName].map(([name, own]) => this.#sendTo(name, own, o));
    const refused = [...unnamed, ...(await Promise.all(sends)).flat()];
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

  /** Resolves with what was not accepted, on an abort, too. */
  async #sendTo(name: string, entries: readonly Entry[], o: CallOptions): Promise<readonly NotAccepted[]> {
    try {
      const refused = await this.#destinations.use(name, (destination) => destination.send(entries, o), o);
      if (refused.length === 0) this.#logReached(name);
      return refused;
    } catch (error) {
      return notAccepted(entries, asDStreamError(error));
    }
  }

  #logReached(name: string): void {
    if (this.#reached.has(name) || this.#reached.size >= maxReached) return;
    this.#reached.add(name);
    this.#options.log.info('reached destination', { destination: this.#options.shown(name) });
  }

  #judgeProbe(error: DStreamError): void {
    if (error.code === 'EntityNotFound') return;
    if (error.code !== 'Unauthorized' || !this.#options.rightsMayDiffer) throw error;
    this.#options.log.warn('could not check rights at the destinations before the first change', {
      reason: error.message,
    });
  }

  /** A change that has no destination is refused by itself: what comes after it is sent. */
  #byDestination(entries: readonly Entry[]): Destined {
    const byName = new Map<string, Entry[]>();
    const unnamed: NotAccepted[] = [];
    for (const entry of entries) {
      try {
        const name = this.#options.nameOf(entry.routed);
        const own = byName.get(name);
        if (own === undefined) byName.set(name, [entry]);
        else own.push(entry);
      } catch (error) {
        unnamed.push({ entries: [entry], error: asDStreamError(error) });
      }
    }
    return { byName, unnamed };
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

/** The changes of one call, by the name of their destination. */
interface Destined {
  readonly byName: ReadonlyMap<string, readonly Entry[]>;
  readonly unnamed: readonly NotAccepted[];
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
