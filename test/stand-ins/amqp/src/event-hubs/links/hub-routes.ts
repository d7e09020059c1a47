/** Decides by its address what a link to a hub is for, and refuses the attach when that cannot be. */
import type { AmqpRoutes, LinkHandler } from '../../protocol/amqp-routes.ts';
import { linkRoutes } from '../../protocol/link-routes.ts';
import type { RheaReceiver, RheaSender } from '../../protocol/rhea-internals.ts';
import { serveHubManagement } from '../management/hub-management.ts';
import { notImplemented } from '../broker/refusals.ts';
import { wants } from './capabilities.ts';
import { ConsumerLink } from './consumer-link.ts';
import { consumerAddress, producerAddress } from './hub-address.ts';
import type { HubLinkContext } from '../context/hub-link-context.ts';
import { ProducerLink } from './producer-link.ts';

const idempotentProducer = 'com.microsoft:idempotent-producer';

export function hubRoutes(context: HubLinkContext): AmqpRoutes {
  return linkRoutes({
    gate: context.gate,
    requestsBringTokens: true,
    serveManagement: (link, address, replies) => serveHubManagement(link, address, replies, context),
    clientSends: (link, address) => clientSends(link, address, context),
    clientReceives: (link, address) => clientReceives(link, address, context),
  });
}

function clientSends(link: RheaReceiver, address: string, context: HubLinkContext): LinkHandler {
  if (wants(link, idempotentProducer)) throw notImplemented('idempotent producers');
  const { hub: name, partition } = producerAddress(address);
  const hub = context.hubs.hub(name);
  const log = partition === undefined ? undefined : hub.partition(partition);
  return new ProducerLink(link, hub, log, context);
}

function clientReceives(link: RheaSender, address: string, context: HubLinkContext): LinkHandler {
  const { hub: name, group, partition } = consumerAddress(address);
  const hub = context.hubs.hub(name);
  return new ConsumerLink(link, hub, group, hub.partition(partition), context);
}
