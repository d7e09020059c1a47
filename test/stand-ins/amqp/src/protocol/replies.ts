import type { AmqpMessage } from './amqp-codec.ts';
import type { RheaReceiver, RheaSender, RheaSession } from './rhea-internals.ts';

/** A client's link for answers, and the node it is attached to: `$cbs` or `ENTITY/$management`. */
interface ReplyLink {
  readonly link: RheaSender;
  readonly node: string;
}

/**
 * The reply links of all sessions. A request names its own in `reply_to`, by the link's name or its target's address.
 * Clients that name none mean the link of the same session that is attached to the node they send to.
 */
export class Replies {
  readonly #links = new Map<RheaSession, Set<ReplyLink>>();

  /** Returns the removal. */
  add(link: RheaSender, node: string): () => void {
    const links = this.#links.get(link.session) ?? new Set();
    this.#links.set(link.session, links);
    const added = { link, node: node.toLowerCase() };
    links.add(added);
    return () => {
      links.delete(added);
      if (links.size === 0) this.#links.delete(link.session);
    };
  }

  /** False when the client has no such link any more: it is gone and nobody waits for the answer. */
  send(request: AmqpMessage, response: AmqpMessage, over: RheaReceiver, node: string): boolean {
    const link = this.#find(request.reply_to, over, node.toLowerCase());
    if (link === undefined) return false;
    const delivery = link.send({ ...response, correlation_id: request.message_id });
    delivery.settled = true;
    return true;
  }

  #find(replyTo: string | null | undefined, { session, connection }: RheaReceiver, node: string) {
    const same = [...(this.#links.get(session) ?? [])];
    if (replyTo === undefined || replyTo === null) return same.findLast((known) => known.node === node)?.link;
    const all = [...this.#links].filter(([{ connection: of }]) => of === connection);
    const named = all.flatMap(([, links]) => [...links]).map(({ link }) => link);
    return named.findLast((link) => link.name === replyTo || link.target?.address === replyTo);
  }
}
