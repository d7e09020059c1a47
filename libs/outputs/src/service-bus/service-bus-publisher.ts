/** Publishes changes to topics and queues of Service Bus, over one connection. */
import {
  asDStreamError,
  BatchError,
  type CallOptions,
  type Clock,
  type DStreamError,
  type Hash,
  type Log,
  type PackLimits,
  type Publisher,
  type RoutedEvent,
} from '@dstream/core';
import { SendingConnections, ServiceBusTopic, type ServiceBusAddress } from '@dstream/service-bus';
import { notAccepted, type Destination, type Entry, type NotAccepted } from '../destinations/destination.ts';
import { DestinationsPublisher } from '../destinations/destinations-publisher.ts';
import { packMessages, type PackedMessage } from './service-bus-message.ts';

/** How the namespace is reached, and which queue or topic a change goes to. */
export interface ServiceBusPublisherOptions {
  readonly address: ServiceBusAddress;
  /** See `Names`. */
  readonly nameOf: (routed: RoutedEvent) => string;
  /** The topic or queue of all changes, if there is only one. */
  readonly fixedName?: string | undefined;
  /** How many changes a message holds. */
  readonly limits: PackLimits;
  readonly clock: Clock;
  readonly log: Log;
  readonly hash: Hash;
  /** Longest time of one send, milliseconds; 15,000 if not given. */
  readonly sendTimeoutMs?: number | undefined;
  /** Links that are open at a time, at most; 1,000 if not given. */
  readonly maxOpen?: number;
}

/** The publisher of an output of type `azure_service_bus`. */
export function serviceBusPublisher(options: ServiceBusPublisherOptions): Publisher {
  const { address, nameOf, fixedName, limits, clock, log, hash, sendTimeoutMs = 15_000 } = options;
  const shared = new SendingConnections({ address, clock, log, sendTimeoutMs });
  const topicOf = (topic: string) =>
    new ServiceBusTopic({
      address,
      topic,
      describedAs: `queue or topic ${topic}`,
      clock,
      log,
      sendTimeoutMs,
      openSender: () => shared.openSender(topic),
    });
  return new DestinationsPublisher({
    nameOf,
    fixedName,
    open: (name) => new ServiceBusDestination(topicOf(name), limits, hash),
    maxOpen: options.maxOpen ?? 1_000,
    log,
    rightsMayDiffer: 'credential' in address,
    shared,
  });
}

/** What sends: the same adapter that the ingester sends with. */
type SendingTopic = Pick<ServiceBusTopic, 'connect' | 'send'> & AsyncDisposable;

/** One topic or queue. Sessions are sent side by side; within one, a batch is sent after the last one was accepted. */
export class ServiceBusDestination implements Destination {
  readonly #topic: SendingTopic;
  readonly #limits: PackLimits;
  readonly #hash: Hash;

  constructor(topic: SendingTopic, limits: PackLimits, hash: Hash) {
    this.#topic = topic;
    this.#limits = limits;
    this.#hash = hash;
  }

  connect(o: CallOptions): Promise<void> {
    return this.#topic.connect(o);
  }

  /** A packed message that is too large is split: only a change that is too large by itself is not accepted. */
  async send(entries: readonly Entry[], o: CallOptions): Promise<readonly NotAccepted[]> {
    const refused: NotAccepted[] = [];
    let messages: readonly PackedMessage[] = packMessages(entries, this.#limits, this.#hash);
    while (messages.length > 0) {
      const split: PackedMessage[] = [];
      for (const { messages: rest, error } of await this.#trySend(messages, o)) {
        const [first, ...others] = rest;
        if (first !== undefined && error.code === 'MessageTooLarge' && first.entries.length > 1) {
          split.push(
            ...packMessages(first.entries, { ...this.#limits, maxChanges: 1 }, this.#hash),
            ...others,
          );
        } else refused.push(...notAccepted(entriesOf(rest), error));
      }
      messages = split;
    }
    return refused;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve(this.#topic[Symbol.asyncDispose]());
  }

  async #trySend(messages: readonly PackedMessage[], o: CallOptions): Promise<readonly FailedMessages[]> {
    try {
      await this.#topic.send(
        messages.map(({ message }) => message),
        o,
      );
      return [];
    } catch (caught) {
      const error = asDStreamError(caught);
      if (!(error instanceof BatchError)) return [{ messages, error }];
      return error.failures.map((failure) => ({
        messages: messages.filter((one, n) => n >= failure.from && one.message.sessionId === failure.key),
        error: failure.error,
      }));
    }
  }
}

/** The messages of one session that were not accepted. */
interface FailedMessages {
  readonly messages: readonly PackedMessage[];
  readonly error: DStreamError;
}

function entriesOf(messages: readonly PackedMessage[]): readonly Entry[] {
  return messages.flatMap(({ entries }) => entries);
}
