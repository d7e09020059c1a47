/** Which link to an entity goes where, by its address. A Refusal thrown on the way refuses the attach. */
import type { AmqpRoutes, LinkHandler } from '../../protocol/amqp-routes.ts';
import { linkRoutes } from '../../protocol/link-routes.ts';
import { entityNotFound, notAllowed } from '../../protocol/refusal.ts';
import type { RheaReceiver, RheaSender } from '../../protocol/rhea-internals.ts';
import type { MessageQueue } from '../broker/message-queue.ts';
import { serveManagement } from '../management/management-link.ts';
import type { LinkContext } from '../context/link-context.ts';
import { ReceiverLink } from './receiver-link.ts';
import { SenderLink } from './sender-link.ts';
import { attachSession, wantsSession } from './session-attach.ts';

export function serviceBusRoutes(context: LinkContext): AmqpRoutes {
  return linkRoutes({
    gate: context.gate,
    requestsBringTokens: false,
    serveManagement: (link, address, replies) => serveManagement(link, address, replies, context),
    clientSends: (link, address) => clientSends(link, address, context),
    clientReceives: (link, address) => clientReceives(link, address, context),
  });
}

function clientSends(link: RheaReceiver, address: string, context: LinkContext): LinkHandler {
  if (address === '') throw entityNotFound('');
  return new SenderLink(link, context.namespace.sendTarget(address), context);
}

function clientReceives(link: RheaSender, address: string, context: LinkContext): LinkHandler {
  if (address === '') throw entityNotFound('');
  const session = wantsSession(link);
  const queue = context.namespace.receiveSource(address, session);
  refuseMismatch(queue, session);
  if (session) return attachSession(link, queue, context);
  return new ReceiverLink(link, queue, undefined, context);
}

function refuseMismatch(queue: MessageQueue, session: boolean): void {
  const { requiresSession } = queue.settings;
  if (session && !requiresSession) {
    throw notAllowed(
      `A sessionful message receiver cannot be created on an entity that does not require sessions: '${queue.path}'.`,
    );
  }
  if (!session && requiresSession) {
    throw notAllowed(
      `It is not possible for an entity that requires sessions to create a non-sessionful message receiver: '${queue.path}'.`,
    );
  }
}
