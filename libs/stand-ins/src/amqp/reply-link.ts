import type { LinkHandler } from './amqp-routes.ts';
import type { Replies } from './replies.ts';
import type { RheaSender } from './rhea-internals.ts';

/** The link over which a client gets the answers to its requests. */
export function serveReplies(link: RheaSender, address: string, replies: Replies): LinkHandler {
  link.set_source({ address });
  replies.add(link);
  return { closed: () => replies.remove(link) };
}
