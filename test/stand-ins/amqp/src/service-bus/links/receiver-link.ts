/**
 * The link of a client that receives, with or without a session. Credit comes in, messages go out, and in peek-lock mode
 * outcomes come back, each answered settled.
 */
import { encodeValue } from '../../protocol/amqp-codec.ts';
import type { LinkHandler } from '../../protocol/amqp-routes.ts';
import type { RheaDelivery, RheaOutcome, RheaSender } from '../../protocol/rhea-internals.ts';
import { answerDrainWithoutCredit, capacityOf } from '../../protocol/drain.ts';
import { Settler } from '../../protocol/settler.ts';
import type { Consumer } from '../broker/consumer.ts';
import type { MessageQueue } from '../broker/message-queue.ts';
import { Refusal, sessionLockLost } from '../../protocol/refusal.ts';
import type { SessionHold } from '../broker/session.ts';
import type { Settlement } from '../broker/settlement.ts';
import type { StoredMessage } from '../broker/stored-message.ts';
import { countSettlement } from '../context/counters.ts';
import { encodeDelivery } from '../wire/encode-delivery.ts';
import { swapGuidOrder } from '../wire/guid-order.ts';
import { DelayLine } from '../../protocol/delay-line.ts';
import type { LinkContext } from '../context/link-context.ts';
import { settlementOf } from './outcome.ts';

const outcomes = ['accepted', 'rejected', 'released', 'modified'] as const;

/** AMQP: deliveries are settled when they are sent. */
const presettled = 1;

export class ReceiverLink implements LinkHandler, Consumer {
  readonly mode: Consumer['mode'];
  readonly #link: RheaSender;
  readonly #queue: MessageQueue;
  readonly #hold: SessionHold | undefined;
  readonly #context: LinkContext;
  readonly #settler: Settler;
  readonly #line: DelayLine;

  constructor(link: RheaSender, queue: MessageQueue, hold: SessionHold | undefined, context: LinkContext) {
    this.#link = link;
    this.#queue = queue;
    this.#hold = hold;
    this.#context = context;
    this.mode = link.snd_settle_mode === presettled ? 'receive-and-delete' : 'peek-lock';
    this.#settler = new Settler(link.session, 'sender');
    this.#line = new DelayLine(context.clock);
    this.#listen();
    context.links.add(link, queue.path);
    if (hold === undefined) queue.attach(this);
    else hold.consumer = this;
  }

  capacity(): number {
    return capacityOf(this.#link);
  }

  deliver(message: StoredMessage): void {
    const token =
      message.lock === undefined ? noToken : swapGuidOrder(Buffer.from(message.lock.token, 'hex'));
    this.#link.send(encodeDelivery(message, encodeValue), token, 0);
    this.#context.counters.deliveriesOut += 1;
  }

  closed(): void {
    this.#line.close();
    this.#context.links.remove(this.#link);
    if (this.#hold === undefined) this.#queue.detach(this);
    else this.#queue.releaseSession(this.#hold);
  }

  #listen(): void {
    const link = this.#link;
    answerDrainWithoutCredit(link);
    link.on('sender_flow', () => this.#dispatch());
    link.on('sendable', () => this.#dispatch());
    link.on('sender_draining', () => link.set_drained(true));
    for (const outcome of outcomes) {
      link.on(outcome, ({ delivery }: { delivery: RheaDelivery }) => this.#settle(outcome, delivery));
    }
  }

  #dispatch(): void {
    if (this.#hold === undefined) this.#queue.dispatch();
    else this.#queue.dispatchSession(this.#hold.session);
  }

  #settle(outcome: (typeof outcomes)[number], delivery: RheaDelivery): void {
    if (delivery.settled || this.mode === 'receive-and-delete') return;
    this.#line.run(this.#context.faults.settlementDelayMs, () => this.#apply(outcome, delivery));
  }

  #apply(outcome: (typeof outcomes)[number], delivery: RheaDelivery): void {
    const { counters } = this.#context;
    try {
      const settlement = settlementOf(outcome, delivery.remote_state as RheaOutcome);
      this.#decide(delivery, settlement);
      countSettlement(counters, settlement.kind);
      this.#settler.confirm(delivery, outcome);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      counters.settlementsRefused += 1;
      this.#settler.reject(delivery, error);
    }
  }

  #decide(delivery: RheaDelivery, settlement: Settlement): void {
    const refusal = this.#context.faults.takeSettlementRefusal();
    if (refusal !== undefined) throw refusal;
    if (this.#hold?.released === true) throw sessionLockLost(this.#hold.session.id);
    this.#queue.settle(swapGuidOrder(delivery.tag).toString('hex'), settlement);
  }
}

/** A tag is required by AMQP; without a lock it names nothing. */
const noToken = Buffer.alloc(16);
