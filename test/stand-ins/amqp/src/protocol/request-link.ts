import { decodeMessage, type AmqpMessage } from './amqp-codec.ts';
import type { LinkHandler } from './amqp-routes.ts';
import type { Replies } from './replies.ts';
import type { RheaMessageContext, RheaReceiver } from './rhea-internals.ts';
import { Settler } from './settler.ts';

/** The link over which a client sends requests to a node: each is accepted and answered over its reply link. */
export function serveRequests(
  link: RheaReceiver,
  node: string,
  replies: Replies,
  respond: (request: AmqpMessage) => AmqpMessage,
): LinkHandler {
  const settler = new Settler(link.session, 'receiver');
  link.on('message', ({ message, delivery }: RheaMessageContext) => {
    settler.accept(delivery);
    const request = decodeMessage(message);
    replies.send(request, respond(request), link, node);
  });
  return { closed: () => undefined };
}
