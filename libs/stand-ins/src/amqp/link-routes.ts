/**
 * What every service does with a link, by its address: `$cbs` takes tokens, `$management` requests, and everything else is
 * the service's own once the connection is admitted. A Refusal thrown on the way refuses the attach.
 */
import type { AmqpRoutes, LinkHandler } from './amqp-routes.ts';
import { refuseLink } from './attach.ts';
import { serveCbs } from './cbs-link.ts';
import { Refusal, unauthorized } from './refusal.ts';
import { Replies } from './replies.ts';
import { serveReplies } from './reply-link.ts';
import type { RheaReceiver, RheaSender } from './rhea-internals.ts';
import type { TokenGate } from './token-gate.ts';

const cbs = '$cbs';
const management = /(^|\/)\$management$/i;

/** The links that differ by service. Each may throw a Refusal. */
export interface ServiceLinks {
  readonly gate: TokenGate;
  serveManagement(link: RheaReceiver, address: string, replies: Replies): LinkHandler;
  clientSends(link: RheaReceiver, address: string): LinkHandler;
  clientReceives(link: RheaSender, address: string): LinkHandler;
}

export function linkRoutes(service: ServiceLinks): AmqpRoutes {
  const replies = new Replies();
  return {
    clientSends: (link) =>
      orRefuse(link, () => {
        const address = link.target?.address ?? '';
        if (address === cbs) return serveCbs(link, replies, service.gate);
        if (!service.gate.isAdmitted(link.connection)) throw unauthorized('Send');
        if (management.test(address)) return service.serveManagement(link, address, replies);
        return service.clientSends(link, address);
      }),
    clientReceives: (link) =>
      orRefuse(link, () => {
        const address = link.source?.address ?? '';
        if (address === cbs) return serveReplies(link, address, replies);
        if (!service.gate.isAdmitted(link.connection)) throw unauthorized('Listen');
        if (management.test(address)) return serveReplies(link, address, replies);
        return service.clientReceives(link, address);
      }),
  };
}

function orRefuse(link: RheaSender | RheaReceiver, attach: () => LinkHandler): LinkHandler | undefined {
  try {
    return attach();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return refuseLink(link, error);
  }
}
