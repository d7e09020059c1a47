import { decodeMessage, type AmqpMessage } from './amqp-codec.ts';
import type { LinkHandler } from './amqp-routes.ts';
import type { Replies } from './replies.ts';
import type { RheaMessageContext, RheaReceiver } from './rhea-internals.ts';
import { Settler } from './settler.ts';
import type { TokenGate } from './token-gate.ts';

/** `$cbs`: takes a client's token. Without a gate every token is good. */
export function serveCbs(link: RheaReceiver, replies: Replies, gate?: TokenGate): LinkHandler {
  const settler = new Settler(link.session, 'receiver');
  link.on('message', ({ message, delivery }: RheaMessageContext) => {
    settler.accept(delivery);
    const request = decodeMessage(message);
    replies.send(link.connection, request, answer(gate?.admit(link.connection, request)));
  });
  return { closed: () => undefined };
}

function answer(fault: string | undefined): AmqpMessage {
  const [code, description] = fault === undefined ? [202, 'Accepted'] : [401, fault];
  return { application_properties: { 'status-code': code, 'status-description': description } };
}
