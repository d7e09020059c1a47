import type { AmqpMessage } from './amqp-codec.ts';
import type { RheaConnection, RheaSender } from './rhea-internals.ts';

/** The reply links of all connections: clients name theirs in `reply_to`, by link name or by target address. */
export class Replies {
  readonly #links = new Map<RheaConnection, Map<string, RheaSender>>();

  add(link: RheaSender): void {
    let names = this.#links.get(link.connection);
    if (names === undefined) {
      names = new Map();
      this.#links.set(link.connection, names);
    }
    names.set(link.name, link);
    const address = link.target?.address;
    if (address !== undefined && address !== null) names.set(address, link);
  }

  remove(link: RheaSender): void {
    const names = this.#links.get(link.connection);
    for (const [name, known] of names ?? []) if (known === link) names?.delete(name);
    if (names?.size === 0) this.#links.delete(link.connection);
  }

  /** False when the client has no such link any more: it is gone and nobody waits for the answer. */
  send(connection: RheaConnection, request: AmqpMessage, response: AmqpMessage): boolean {
    const link = this.#links.get(connection)?.get(request.reply_to ?? '');
    if (link === undefined) return false;
    const delivery = link.send({ ...response, correlation_id: request.message_id });
    delivery.settled = true;
    return true;
  }
}
