/**
 * What every service does with a link, by its address: `$cbs` takes tokens, `$management` requests, and everything else is
 * the service's own once the connection is admitted. A Refusal thrown on the way refuses the attach.
 */
import type { AmqpRoutes, LinkHandler } from './amqp-routes.ts';
import { refuseLink } from './attach.ts';
import { cbsNode, serveCbs } from './cbs-link.ts';
import { Refusal, unauthorized } from './refusal.ts';
import { Replies } from './replies.ts';
import { serveReplies } from './reply-link.ts';
import type { RheaLink, RheaReceiver, RheaSender } from './rhea-internals.ts';
import type { TokenGate } from './token-gate.ts';

const management = /(^|\/)\$management$/i;

/** The links that differ by service. Each may throw a Refusal. */
export interface ServiceLinks {
  readonly gate: TokenGate;
  /** Management requests bring their own tokens, so that the link needs none. */
  readonly requestsBringTokens: boolean;
  serveManagement(link: RheaReceiver, address: string, replies: Replies): LinkHandler;
  clientSends(link: RheaReceiver, address: string): LinkHandler;
  clientReceives(link: RheaSender, address: string): LinkHandler;
}

export function linkRoutes(service: ServiceLinks): AmqpRoutes {
  const replies = new Replies();
  return {
    clientSends: (link) =>
      orRefuse(link, () => {
        const address = entityOf(link.target?.address);
        if (address === cbsNode) return serveCbs(link, replies, service.gate);
        const manages = management.test(address);
        if (!mayAttach(link, manages, service)) throw unauthorized('Send');
        if (manages) return service.serveManagement(link, address, replies);
        return service.clientSends(link, address);
      }),
    clientReceives: (link) =>
      orRefuse(link, () => {
        const address = entityOf(link.source?.address);
        if (address === cbsNode) return serveReplies(link, address, replies);
        const manages = management.test(address);
        if (!mayAttach(link, manages, service)) throw unauthorized('Listen');
        if (manages) return serveReplies(link, address, replies);
        return service.clientReceives(link, address);
      }),
  };
}

const uri = /^amqps?:\/\/[^/]*\/?/i;

/** Some clients write the whole URI, `amqps://HOST:PORT/ENTITY`. */
function entityOf(address: string | undefined): string {
  return (address ?? '').replace(uri, '');
}

function mayAttach({ connection }: RheaLink, manages: boolean, service: ServiceLinks): boolean {
  return service.gate.isAdmitted(connection) || (manages && service.requestsBringTokens);
}

function orRefuse(link: RheaSender | RheaReceiver, attach: () => LinkHandler): LinkHandler | undefined {
  try {
    return attach();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return refuseLink(link, error);
  }
}
