/** Decides by its address what a link is for, and refuses the attach when that cannot be. */
import type { AmqpRoutes, LinkHandler } from '../../amqp/amqp-routes.ts';
import { refuseLink } from '../../amqp/attach.ts';
import { serveCbs } from '../../amqp/cbs-link.ts';
import { Refusal, unauthorized } from '../../amqp/refusal.ts';
import { Replies } from '../../amqp/replies.ts';
import { serveReplies } from '../../amqp/reply-link.ts';
import type { RheaReceiver, RheaSender } from '../../amqp/rhea-internals.ts';
import { serveHubManagement } from '../management/hub-management.ts';
import { notImplemented } from '../refusals.ts';
import { wants } from './capabilities.ts';
import { ConsumerLink } from './consumer-link.ts';
import { consumerAddress, producerAddress } from './hub-address.ts';
import type { HubLinkContext } from './hub-link-context.ts';
import { ProducerLink } from './producer-link.ts';

const cbs = '$cbs';
const management = /(^|\/)\$management$/i;
const idempotentProducer = 'com.microsoft:idempotent-producer';

export function hubRoutes(context: HubLinkContext): AmqpRoutes {
  const replies = new Replies();
  return {
    clientSends: (link) => orRefuse(link, () => clientSends(link, replies, context)),
    clientReceives: (link) => orRefuse(link, () => clientReceives(link, replies, context)),
  };
}

function clientSends(link: RheaReceiver, replies: Replies, context: HubLinkContext): LinkHandler {
  const address = link.target?.address ?? '';
  if (address === cbs) return serveCbs(link, replies, context.gate);
  if (!context.gate.isAdmitted(link.connection)) throw unauthorized('Send');
  if (management.test(address)) return serveHubManagement(link, address, replies, context);
  if (wants(link, idempotentProducer)) throw notImplemented('idempotent producers');
  const { hub: name, partition } = producerAddress(address);
  const hub = context.hubs.hub(name);
  const log = partition === undefined ? undefined : hub.partition(partition);
  return new ProducerLink(link, hub, log, context);
}

function clientReceives(link: RheaSender, replies: Replies, context: HubLinkContext): LinkHandler {
  const address = link.source?.address ?? '';
  if (address === cbs) return serveReplies(link, address, replies);
  if (!context.gate.isAdmitted(link.connection)) throw unauthorized('Listen');
  if (management.test(address)) return serveReplies(link, address, replies);
  const { hub: name, group, partition } = consumerAddress(address);
  const hub = context.hubs.hub(name);
  return new ConsumerLink(link, hub, group, hub.partition(partition), context);
}

function orRefuse(link: RheaSender | RheaReceiver, attach: () => LinkHandler): LinkHandler | undefined {
  try {
    return attach();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return refuseLink(link, error);
  }
}
