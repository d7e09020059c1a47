/** The link of a client that sends: every transfer is a message or a batch, and is answered settled. */
import type { LinkHandler } from '../../protocol/amqp-routes.ts';
import type { RheaMessageContext, RheaReceiver } from '../../protocol/rhea-internals.ts';
import { Settler } from '../../protocol/settler.ts';
import type { Payload } from '../wire/payload.ts';
import { messageTooLarge, Refusal, serverBusy } from '../../protocol/refusal.ts';
import type { SendTarget } from '../broker/send-target.ts';
import { batchFormat, parseBatch } from '../../protocol/wire/parse-batch.ts';
import { parseMessage } from '../wire/parse-message.ts';
import { WireError } from '../../protocol/wire/scan.ts';
import { DelayLine } from '../../protocol/delay-line.ts';
import type { LinkContext } from '../context/link-context.ts';

export class SenderLink implements LinkHandler {
  readonly #link: RheaReceiver;
  readonly #target: SendTarget;
  readonly #context: LinkContext;
  readonly #settler: Settler;
  readonly #line: DelayLine;

  constructor(link: RheaReceiver, target: SendTarget, context: LinkContext) {
    this.#link = link;
    this.#target = target;
    this.#context = context;
    this.#settler = new Settler(link.session, 'receiver');
    this.#line = new DelayLine(context.clock);
    link.local.attach.max_message_size = target.settings.maxMessageBytes;
    context.links.add(link, target.name);
    link.on('message', (transfer: RheaMessageContext) =>
      this.#line.run(context.faults.sendDelayMs, () => this.#take(transfer)),
    );
  }

  closed(): void {
    this.#line.close();
    this.#context.links.remove(this.#link);
  }

  #take({ message, delivery, format }: RheaMessageContext): void {
    const { counters } = this.#context;
    if (!this.#link.is_open()) {
      // Sent before the client saw the detach: such transfers are discarded (AMQP 1.0, part 2.6.5).
      delivery.settled = true;
      return;
    }
    counters.sends += 1;
    try {
      const payloads = this.#read(message, format);
      this.#target.send(payloads);
      counters.messagesIn += payloads.length;
      if (this.#context.faults.takeLostReply()) this.#link.connection.socket?.destroy();
      else this.#settler.accept(delivery);
    } catch (error) {
      counters.sendsRefused += 1;
      this.#settler.reject(delivery, asRefusal(error));
    }
  }

  /** The size limit is that of the transfer: a batch as a whole is one message. */
  #read(bytes: Buffer, format: number): Payload[] {
    if (this.#context.faults.takeServerBusy()) throw serverBusy();
    const limit = this.#target.settings.maxMessageBytes;
    if (bytes.length > limit) throw messageTooLarge(bytes.length, limit);
    const messages = format === batchFormat ? parseBatch(bytes) : [bytes];
    return messages.map((message) => parseMessage(message, this.#context.newMessageId));
  }
}

function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof WireError) return new Refusal('amqp:decode-error', error.message);
  throw error;
}
