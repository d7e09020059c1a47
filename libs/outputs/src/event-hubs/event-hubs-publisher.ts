/** Publishes changes to event hubs, over one connection per hub. */
import { ConnectionHolder, KeyedQueue, SharedTimeout, unlessAborted } from '@dstream/async';
import {
  asDStreamError,
  DStreamError,
  type CallOptions,
  type Clock,
  type Log,
  type Publisher,
  type RoutedEvent,
} from '@dstream/core';
import { ConnectionWatch } from '@dstream/service-bus/amqp';
import type { BrokerAddress } from '../destinations/broker-settings.ts';
import { notAccepted, type Destination, type Entry, type NotAccepted } from '../destinations/destination.ts';
import { DestinationsPublisher } from '../destinations/destinations-publisher.ts';
import { partitionKeyOf, partitionOfKey } from './partition-key.ts';
import { PartitionSender, type HubEvent } from './partition-sender.ts';
import { openProducer, translateEventHubsError, type Producer } from './producer.ts';

/** How the hubs are reached, and which hub a change goes to. */
export interface EventHubsPublisherOptions {
  readonly address: BrokerAddress;
  /** See `Names`. */
  readonly nameOf: (routed: RoutedEvent) => string;
  /** The hub of all changes, if there is only one. */
  readonly fixedName?: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** Longest time of one call, milliseconds; 15,000 if not given. */
  readonly sendTimeoutMs?: number | undefined;
  /** Connections that are open at a time, at most; 256 if not given. */
  readonly maxOpen?: number;
}

/** The publisher of an output of type `azure_event_hubs`. */
export function eventHubsPublisher(options: EventHubsPublisherOptions): Publisher {
  const { address, nameOf, fixedName, clock, log, sendTimeoutMs = 15_000 } = options;
  const open = (hub: string) =>
    new EventHub({
      hub,
      clock,
      log,
      sendTimeoutMs,
      openProducer: () => openProducer(address, hub, sendTimeoutMs),
    });
  const rightsMayDiffer = 'credential' in address;
  return new DestinationsPublisher({
    nameOf,
    fixedName,
    open,
    maxOpen: options.maxOpen ?? 256,
    log,
    rightsMayDiffer,
  });
}

interface EventHubOptions {
  readonly hub: string;
  readonly openProducer: () => Producer;
  readonly clock: Clock;
  readonly log: Log;
  /** Longest time of one call, milliseconds. */
  readonly sendTimeoutMs: number;
}

/** One connection to a hub, which is watched for being cut. */
interface HubConnection {
  readonly producer: Producer;
  readonly watch: ConnectionWatch;
  close(): Promise<void>;
}

function connectionOf(producer: Producer): HubConnection {
  return { producer, watch: new ConnectionWatch(), close: () => producer.close() };
}

/**
 * One event hub. A change goes to the partition of its key by the partition's id, many keys in a batch. The order is that
 * of each partition, and so that of each row. Every call is tried once.
 */
export class EventHub implements Destination {
  readonly #options: EventHubOptions;
  readonly #timeout: SharedTimeout;
  readonly #connections: ConnectionHolder<HubConnection>;
  readonly #queue = new KeyedQueue();
  readonly #senders = new Map<string, PartitionSender>();
  readonly #disposed = new AbortController();
  /** Read at the first use and again after a failure: a hub may have got more partitions, or have been created anew. */
  #partitions: Promise<readonly string[]> | undefined;

  constructor(options: EventHubOptions) {
    this.#options = options;
    const { hub, openProducer: open, clock, log, sendTimeoutMs } = options;
    this.#timeout = new SharedTimeout(clock, sendTimeoutMs);
    this.#connections = new ConnectionHolder({
      what: `event hub ${hub}`,
      open: () => connectionOf(open()),
      clock,
      log,
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
    await this.#timeout.dispose();
    await this.#connections[Symbol.asyncDispose]();
  }

  /** Entries that wait after a failure in their ordering key fail with it, so that they cannot overtake. */
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
      await this.#queue.run(key, work);
      return [];
    } catch (error) {
      return refused ?? notAccepted(entries, asDStreamError(error));
    }
  }

  async #sendByPartition(entries: readonly Entry[], signal: AbortSignal): Promise<readonly NotAccepted[]> {
    const ids = await unlessAborted(this.#partitionIds(), signal);
    const events = entries.map((entry): HubEvent => {
      const { routed } = entry;
      return { entry, partitionKey: partitionKeyOf(routed.event.metadata), body: routed.line };
    });
    const byPartition = Map.groupBy(events, ({ partitionKey }) => partitionOfKey(partitionKey, ids.length));
    const sends = [...byPartition].map(async ([partition, own]) => {
      const failure = await this.#sender(`${ids[partition]}`).send(own, signal);
      if (failure === undefined) return [];
      return notAccepted(
        own.slice(failure.from).map(({ entry }) => entry),
        failure.error,
      );
    });
    return (await Promise.all(sends)).flat();
  }

  #sender(partitionId: string): PartitionSender {
    const known = this.#senders.get(partitionId);
    if (known !== undefined) return known;
    const sender = new PartitionSender({ partitionId, call: (work) => this.#call('send to', work) });
    this.#senders.set(partitionId, sender);
    return sender;
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

  /** Resolves with the ids in the order of their numbers: the service's hash is an index in that order. */
  async #readPartitionIds(): Promise<readonly string[]> {
    const ids = await this.#call('read the partitions of', (producer, abortSignal) =>
      producer.getPartitionIds({ abortSignal }),
    );
    if (ids.length > 0) return ids.toSorted((a, b) => Number(a) - Number(b));
    throw new DStreamError('Unexpected', `event hub ${this.#options.hub} reports no partitions`);
  }

  /** `work` gets a signal that aborts when the call was given up: work that still runs then must send nothing any more. */
  async #call<T>(tried: string, work: (producer: Producer, signal: AbortSignal) => Promise<T>): Promise<T> {
    const { signal } = this.#disposed;
    signal.throwIfAborted();
    const { hub } = this.#options;
    const because = (code: 'TimedOut' | 'Unreachable', what: string) => () =>
      new DStreamError(code, `could not ${tried} event hub ${hub}: ${what}`);
    const late = because('TimedOut', 'no answer in time');
    const cut = because('Unreachable', 'the connection was cut');
    const stop = new AbortController();
    return this.#connections.use(async ({ connection: { producer, watch }, distrust }) => {
      try {
        return await this.#timeout.run(signal, late, () => watch.run(cut, () => work(producer, stop.signal)));
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
