/** Addresses of links (ConnectionConfig of @azure/event-hubs 6): words in them are compared without regard to case. */
import { entityNotFound } from '../../protocol/refusal.ts';

export interface ProducerAddress {
  readonly hub: string;
  /** Undefined when the gateway chooses the partition. */
  readonly partition: string | undefined;
}

export interface ConsumerAddress {
  readonly hub: string;
  readonly group: string;
  readonly partition: string;
}

const toProduce = /^\/?([^/]+)(?:\/Partitions\/([^/]+))?$/i;
const toConsume = /^\/?([^/]+)\/ConsumerGroups\/([^/]+)\/Partitions\/([^/]+)$/i;

/** `HUB` or `HUB/Partitions/ID`. */
export function producerAddress(address: string): ProducerAddress {
  const [, hub, partition] = toProduce.exec(address) ?? [];
  if (hub === undefined) throw entityNotFound(address);
  return { hub, partition };
}

/** `HUB/ConsumerGroups/GROUP/Partitions/ID`. */
export function consumerAddress(address: string): ConsumerAddress {
  const [, hub, group, partition] = toConsume.exec(address) ?? [];
  if (hub === undefined || group === undefined || partition === undefined) throw entityNotFound(address);
  return { hub, group, partition };
}
