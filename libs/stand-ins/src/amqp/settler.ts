import frames from 'rhea/lib/frames.js';
import { accepted, rejected } from './amqp-codec.ts';
import type { AmqpError, RheaDelivery, RheaSession } from './rhea-internals.ts';

/**
 * Answers deliveries of one AMQP session in one direction, settled. It writes the dispositions itself, because rhea merges
 * neighbours of one tick into the first one's outcome even when theirs differs (session.js, write_dispositions): here
 * only neighbouring acceptances share a frame.
 */
export class Settler {
  readonly #session: RheaSession;
  readonly #role: boolean;
  #first: number | undefined;
  #last = 0;

  constructor(session: RheaSession, role: 'sender' | 'receiver') {
    this.#session = session;
    this.#role = role === 'receiver';
  }

  accept(delivery: RheaDelivery): void {
    if (!this.#close(delivery)) return;
    if (this.#first !== undefined && delivery.id === this.#last + 1) {
      this.#last = delivery.id;
      return;
    }
    this.#flush();
    this.#first = delivery.id;
    this.#last = delivery.id;
    queueMicrotask(() => this.#flush());
  }

  reject(delivery: RheaDelivery, error: AmqpError): void {
    if (!this.#close(delivery)) return;
    this.#flush();
    this.#write(delivery.id, delivery.id, rejected(error));
  }

  /** Tells rhea that the delivery is done; false when the peer has settled it already and wants no answer. */
  #close(delivery: RheaDelivery): boolean {
    const wantsAnswer = !delivery.remote_settled;
    delivery.settled = true;
    delivery.remote_settled = true;
    this.#session.connection._register();
    return wantsAnswer;
  }

  #flush(): void {
    if (this.#first === undefined) return;
    this.#write(this.#first, this.#last, accepted);
    this.#first = undefined;
  }

  #write(first: number, last: number, state: unknown): void {
    this.#session.output(frames.disposition({ role: this.#role, first, last, settled: true, state }));
  }
}
