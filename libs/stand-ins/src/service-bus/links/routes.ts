/** Which link goes where, by its address. A Refusal thrown on the way refuses the attach. */
import type { AmqpRoutes, LinkHandler } from '../../amqp/amqp-routes.ts';
import { refuseLink } from '../../amqp/attach.ts';
import { serveCbs } from '../../amqp/cbs-link.ts';
import { Replies } from '../../amqp/replies.ts';
import { serveReplies } from '../../amqp/reply-link.ts';
import type { RheaReceiver, RheaSender } from '../../amqp/rhea-internals.ts';
import type { MessageQueue } from '../broker/message-queue.ts';
import { entityNotFound, notAllowed, Refusal, unauthorized } from '../../amqp/refusal.ts';
import { serveManagement } from '../management/management-link.ts';
import type { LinkContext } from './link-context.ts';
import { ReceiverLink } from './receiver-link.ts';
import { SenderLink } from './sender-link.ts';
import { attachSession, wantsSession } from './session-attach.ts';

const cbs = '$cbs';
const management = /(^|\/)\$management$/i;

export function serviceBusRoutes(context: LinkContext): AmqpRoutes {
  const replies = new Replies();
  return {
    clientSends: (link) => orRefuse(link, () => clientSends(link, replies, context)),
    clientReceives: (link) => orRefuse(link, () => clientReceives(link, replies, context)),
  };
}

function clientSends(link: RheaReceiver, replies: Replies, context: LinkContext): LinkHandler {
  const address = link.target?.address ?? '';
  if (address === '') throw entityNotFound('');
  if (address === cbs) return serveCbs(link, replies, context.gate);
  if (!context.gate.isAdmitted(link.connection)) throw unauthorized('Send');
  if (management.test(address)) return serveManagement(link, address, replies, context);
  return new SenderLink(link, context.namespace.sendTarget(address), context);
}

function clientReceives(link: RheaSender, replies: Replies, context: LinkContext): LinkHandler {
  const address = link.source?.address ?? '';
  if (address === '') throw entityNotFound('');
  if (address === cbs) return serveReplies(link, address, replies);
  if (!context.gate.isAdmitted(link.connection)) throw unauthorized('Listen');
  if (management.test(address)) return serveReplies(link, address, replies);
  const session = wantsSession(link);
  const queue = context.namespace.receiveSource(address, session);
  refuseMismatch(queue, session);
  if (session) return attachSession(link, queue, context);
  link.set_source({ address });
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

function orRefuse(link: RheaSender | RheaReceiver, attach: () => LinkHandler): LinkHandler | undefined {
  try {
    return attach();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return refuseLink(link, error);
  }
}
