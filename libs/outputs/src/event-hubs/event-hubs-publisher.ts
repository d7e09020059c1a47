/** Changes to event hubs, a connection each. */
import type { ChangeMetadata, Clock, Log, Publisher } from '@dstream/core';
import type { BrokerAddress } from '../destinations/broker-options.ts';
import { DestinationsPublisher } from '../destinations/destinations-publisher.ts';
import { EventHub } from './event-hub.ts';
import { openProducer } from './producer.ts';

export interface EventHubsPublisherOptions {
  readonly address: BrokerAddress;
  /** Name of the hub that a change goes to. */
  readonly nameOf: (metadata: ChangeMetadata) => string;
  /** The one that all changes go to, where there is only one. */
  readonly fixedName?: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** Longest time of one call, milliseconds; 15,000 when not given. */
  readonly sendTimeoutMs?: number;
  /** Connections that stay open without being used, at most; 256 when not given. */
  readonly maxOpen?: number;
}

export function eventHubsPublisher(options: EventHubsPublisherOptions): Publisher {
  const { address, nameOf, fixedName, clock, log, sendTimeoutMs = 15_000 } = options;
  return new DestinationsPublisher({
    nameOf,
    fixedName,
    open: (hub) =>
      new EventHub({
        hub,
        clock,
        log,
        sendTimeoutMs,
        openProducer: () => openProducer(address, hub, sendTimeoutMs),
      }),
    maxOpen: options.maxOpen ?? 256,
    log,
    rightsMayDiffer: 'credential' in address,
  });
}
