import { int, type AmqpMessage } from './amqp-codec.ts';
import type { LinkHandler } from './amqp-routes.ts';
import type { Replies } from './replies.ts';
import { serveRequests } from './request-link.ts';
import type { RheaReceiver } from './rhea-internals.ts';
import type { TokenGate } from './token-gate.ts';

export const cbsNode = '$cbs';

/** `$cbs`: takes a client's token. Without a gate every token is good. */
export function serveCbs(link: RheaReceiver, replies: Replies, gate?: TokenGate): LinkHandler {
  return serveRequests(link, cbsNode, replies, (request) => answer(gate?.admit(link.connection, request)));
}

function answer(fault: string | undefined): AmqpMessage {
  const [code, description] = fault === undefined ? [202, 'Accepted'] : [401, fault];
  return { application_properties: { 'status-code': int(code), 'status-description': description } };
}
