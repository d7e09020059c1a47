import frames from 'rhea/lib/frames.js';
import { outcomeOf, rejected, type Outcome } from './amqp-codec.ts';
import { errorOf, type Refusal } from './refusal.ts';
import type { RheaDelivery, RheaSession } from './rhea-internals.ts';

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

  /** Confirms what the peer decided with the same outcome. A rejection so confirmed carries no error. */
  confirm(delivery: RheaDelivery, outcome: Outcome): void {
    if (outcome === 'accepted') this.accept(delivery);
    else this.#answer(delivery, outcomeOf(outcome));
  }

  reject(delivery: RheaDelivery, refusal: Refusal): void {
    this.#answer(delivery, rejected(errorOf(refusal)));
  }

  #answer(delivery: RheaDelivery, state: unknown): void {
    if (!this.#close(delivery)) return;
    this.#flush();
    this.#write(delivery.id, delivery.id, state);
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
    this.#write(this.#first, this.#last, outcomeOf('accepted'));
    this.#first = undefined;
  }

  #write(first: number, last: number, state: unknown): void {
    this.#session.output(frames.disposition({ role: this.#role, first, last, settled: true, state }));
  }
}
