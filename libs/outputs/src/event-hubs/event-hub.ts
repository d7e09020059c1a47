import { asDStreamError, DStreamError, type CallOptions, type Clock, type Log } from '@dstream/core';
import { KeyedQueue, SharedTimeout, unlessAborted } from '@dstream/async';
import { notAccepted, type Destination, type Entry, type NotAccepted } from '../destinations/destination.ts';
import type { HubEvent } from './hub-event.ts';
import { partitionKeyOf } from './partition-key.ts';
import { PartitionLane } from './partition-lane.ts';
import { partitionOfKey } from './partition-of-key.ts';
import type { Producer } from './producer.ts';
import { ProducerConnections } from './producer-connections.ts';
import { translateEventHubsError } from './translate-event-hubs-error.ts';

export interface EventHubOptions {
  readonly hub: string;
  readonly openProducer: () => Producer;
  readonly clock: Clock;
  readonly log: Log;
  /** Longest time of one call, milliseconds. */
  readonly sendTimeoutMs: number;
}

/**
 * One event hub. Changes go to the partition of their key by its id, many keys in a batch; the order is that of each
 * partition, and so that of each row. Every call is tried once.
 */
export class EventHub implements Destination {
  readonly #options: EventHubOptions;
  readonly #limit: SharedTimeout;
  readonly #connections: ProducerConnections;
  readonly #inTurn = new KeyedQueue();
  readonly #lanes = new Map<string, PartitionLane>();
  readonly #disposed = new AbortController();
  /** Read at the first use and again after a failure: a hub may be given more partitions, or be made anew. */
  #partitions: Promise<readonly string[]> | undefined;

  constructor(options: EventHubOptions) {
    this.#options = options;
    this.#limit = new SharedTimeout(options.clock, options.sendTimeoutMs);
    this.#connections = new ProducerConnections({
      ...options,
      what: `event hub ${options.hub}`,
      open: options.openProducer,
    });
  }

  async connect({ signal }: CallOptions): Promise<void> {
    signal.throwIfAborted();
    await unlessAborted(this.#partitionIds(), signal);
  }

  async send(entries: readonly Entry[], { signal }: CallOptions): Promise<readonly NotAccepted[]> {
    const byKey = Map.groupBy(entries, ({ routed }) => routed.orderingKey);
    const sends = [...byKey].map(([key, own]) => this.#sendInTurn(key, own, signal));
    return (await Promise.all(sends)).flat();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed.abort(new DStreamError('Unexpected', `event hub ${this.#options.hub} was disposed`));
    await this.#limit.dispose();
    await this.#connections[Symbol.asyncDispose]();
  }

  /** What is behind a failure in its ordering key fails with it, so that it cannot overtake. */
  async #sendInTurn(
    key: string,
    entries: readonly Entry[],
    signal: AbortSignal,
  ): Promise<readonly NotAccepted[]> {
    let refused: readonly NotAccepted[] | undefined;
    const work = async () => {
      signal.throwIfAborted();
      const outcome = await this.#sendByPartition(entries, signal);
      const [first] = outcome;
      if (first === undefined) return;
      refused = outcome;
      throw first.error;
    };
    try {
      await this.#inTurn.run(key, work);
      return [];
    } catch (error) {
      return refused ?? notAccepted(entries, asDStreamError(error));
    }
  }

  async #sendByPartition(entries: readonly Entry[], signal: AbortSignal): Promise<readonly NotAccepted[]> {
    const ids = await unlessAborted(this.#partitionIds(), signal);
    const events = entries.map((entry): HubEvent => {
      return { entry, partitionKey: partitionKeyOf(entry.routed.event.metadata) };
    });
    const byPartition = Map.groupBy(events, ({ partitionKey }) => partitionOfKey(partitionKey, ids.length));
    const sends = [...byPartition].map(async ([partition, own]) => {
      const failure = await this.#lane(`${ids[partition]}`).send(own, signal);
      if (failure === undefined) return [];
      return notAccepted(
        own.slice(failure.from).map(({ entry }) => entry),
        failure.error,
      );
    });
    return (await Promise.all(sends)).flat();
  }

  #lane(partitionId: string): PartitionLane {
    const known = this.#lanes.get(partitionId);
    if (known !== undefined) return known;
    const lane = new PartitionLane({ partitionId, call: (work) => this.#call('send to', work) });
    this.#lanes.set(partitionId, lane);
    return lane;
  }

  #partitionIds(): Promise<readonly string[]> {
    if (this.#partitions !== undefined) return this.#partitions;
    const reading = this.#readPartitionIds();
    this.#partitions = reading;
    reading.catch(() => {
      if (this.#partitions === reading) this.#partitions = undefined;
    });
    return reading;
  }

  /** In the order of their numbers, which is what the service's hash counts by. */
  async #readPartitionIds(): Promise<readonly string[]> {
    const ids = await this.#call('read the partitions of', (producer, abortSignal) =>
      producer.getPartitionIds({ abortSignal }),
    );
    if (ids.length > 0) return ids.toSorted((a, b) => Number(a) - Number(b));
    throw new DStreamError('Unexpected', `event hub ${this.#options.hub} says that it has no partitions`);
  }

  /** `work` gets a signal that aborts when it was given up: what goes on by itself then must send nothing any more. */
  async #call<T>(tried: string, work: (producer: Producer, signal: AbortSignal) => Promise<T>): Promise<T> {
    const { signal } = this.#disposed;
    signal.throwIfAborted();
    const { hub } = this.#options;
    const because = (code: 'TimedOut' | 'Unreachable', what: string) => () =>
      new DStreamError(code, `could not ${tried} event hub ${hub}: ${what}`);
    const late = because('TimedOut', 'no answer in time');
    const cut = because('Unreachable', 'the connection was cut');
    const stop = new AbortController();
    return this.#connections.use(async ({ producer, watch, distrust }) => {
      try {
        return await this.#limit.run(signal, late, () => watch.run(cut, () => work(producer, stop.signal)));
      } catch (caught) {
        const error = translateEventHubsError(caught, { tried, hub });
        stop.abort(error);
        if (error.code === 'TimedOut' || error.code === 'Unreachable') distrust();
        if (error.code !== 'Throttled' && error.code !== 'MessageTooLarge') this.#partitions = undefined;
        throw error;
      }
    });
  }
}
