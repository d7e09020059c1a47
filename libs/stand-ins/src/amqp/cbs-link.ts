import { decodeMessage } from './amqp-codec.ts';
import type { LinkHandler } from './amqp-routes.ts';
import type { Replies } from './replies.ts';
import type { RheaMessageContext, RheaReceiver } from './rhea-internals.ts';
import { Settler } from './settler.ts';

/** `$cbs`: accepts every token, as nothing here is worth protecting. */
export function serveCbs(link: RheaReceiver, replies: Replies): LinkHandler {
  const settler = new Settler(link.session, 'receiver');
  link.on('message', ({ message, delivery }: RheaMessageContext) => {
    settler.accept(delivery);
    const answer = { 'status-code': 202, 'status-description': 'Accepted' };
    replies.send(link.connection, decodeMessage(message), { application_properties: answer });
  });
  return { closed: () => undefined };
}
