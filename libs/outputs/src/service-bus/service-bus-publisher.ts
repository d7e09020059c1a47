/** Changes to topics and queues of Service Bus, over one connection. */
import type { ChangeMetadata, Clock, Hash, Log, PackLimits, Publisher } from '@dstream/core';
import { SendingConnections, ServiceBusTopic, type ServiceBusAddress } from '@dstream/service-bus';
import { DestinationsPublisher } from '../destinations/destinations-publisher.ts';
import { ServiceBusDestination } from './service-bus-destination.ts';

export interface ServiceBusPublisherOptions {
  readonly address: ServiceBusAddress;
  /** Name of the topic or queue that a change goes to. */
  readonly nameOf: (metadata: ChangeMetadata) => string;
  /** The one that all changes go to, where there is only one. */
  readonly fixedName?: string | undefined;
  /** How many changes a message holds. */
  readonly limits: PackLimits;
  readonly clock: Clock;
  readonly log: Log;
  readonly hash: Hash;
  /** Longest time of one send, milliseconds; 15,000 when not given. */
  readonly sendTimeoutMs?: number;
  /** Links that stay open without being used, at most; 1,000 when not given. */
  readonly maxOpen?: number;
}

export function serviceBusPublisher(options: ServiceBusPublisherOptions): Publisher {
  const { address, nameOf, fixedName, limits, clock, log, hash, sendTimeoutMs = 15_000 } = options;
  const shared = new SendingConnections({ address, clock, sendTimeoutMs });
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
    open: (name) => new ServiceBusDestination({ topic: topicOf(name), limits, hash }),
    maxOpen: options.maxOpen ?? 1_000,
    log,
    rightsMayDiffer: 'credential' in address,
    shared,
  });
}
