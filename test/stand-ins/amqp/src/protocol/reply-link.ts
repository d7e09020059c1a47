import type { LinkHandler } from './amqp-routes.ts';
import type { Replies } from './replies.ts';
import type { RheaSender } from './rhea-internals.ts';

/** The link over which a client gets the answers to its requests to a node. */
export function serveReplies(link: RheaSender, node: string, replies: Replies): LinkHandler {
  return { closed: replies.add(link, node) };
}
