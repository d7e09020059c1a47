/**
 * Brings changes to many destinations of one service, each named after the change's table. What one destination does
 * not accept holds up its own changes only.
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
import { OpenDestinations } from './open-destinations.ts';

export interface DestinationsPublisherOptions {
  readonly nameOf: (metadata: ChangeMetadata) => string;
  /** The destination of all changes, where there is only one: `connect` reaches for it. */
  readonly fixedName: string | undefined;
  readonly open: (name: string) => Destination;
  readonly maxOpen: number;
  readonly log: Log;
  /** True when whoever signs in may have rights at some destinations only. */
  readonly rightsMayDiffer: boolean;
  /** What the destinations share. Disposed after them. */
  readonly shared?: AsyncDisposable;
}

/** Where names are filled in there is no destination to try at the start; this one need not exist. */
const probeName = 'dstream-connect';

export class DestinationsPublisher implements Publisher {
  readonly #options: DestinationsPublisherOptions;
  readonly #destinations: OpenDestinations;
  /** Accepted, but behind a failure in their ordering key: they come again and are not sent again. */
  readonly #accepted = new WeakSet<RoutedEvent>();
  /** Names of those that have accepted something: one line of the log each. */
  readonly #reached = new Set<string>();

  constructor(options: DestinationsPublisherOptions) {
    this.#options = options;
    this.#destinations = new OpenDestinations(options);
  }

  /**
   * With one destination: that it can be used. Else only that the namespace answers and takes the credentials, as far
   * as can be known without a destination.
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
   * A BatchError names a suffix per ordering key; what of it was accepted is remembered by object, so that the same
   * objects given again are not sent twice. Nothing that a person must mend ends it: a destination that does not
   * exist, or refuses who signs in, is DestinationUnusable, for its own changes.
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
    this.#options.log.warn('the rights at the destinations are not known before the first change', {
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
      const behind = index > (from.get(routed.orderingKey) ?? Infinity);
      if (behind && !again.has(index)) this.#accepted.add(routed);
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

/** What a person must mend at one destination must not end the process, which serves the others. */
function ofOneDestination(error: DStreamError): DStreamError {
  if (error.disposition !== 'fatal') return error;
  return new DStreamError('DestinationUnusable', error.message, { cause: error });
}
