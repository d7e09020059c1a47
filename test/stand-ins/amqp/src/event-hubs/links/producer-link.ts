/** The link of a client that sends to a hub or to one partition: every transfer is an event or a batch, answered settled. */
import type { LinkHandler } from '../../protocol/amqp-routes.ts';
import { DelayLine } from '../../protocol/delay-line.ts';
import { messageTooLarge, notAllowed, Refusal, serverBusy } from '../../protocol/refusal.ts';
import type { RheaMessageContext, RheaReceiver } from '../../protocol/rhea-internals.ts';
import { Settler } from '../../protocol/settler.ts';
import { WireError } from '../../protocol/wire/scan.ts';
import type { EventHub } from '../broker/event-hub.ts';
import type { PartitionLog } from '../broker/partition-log.ts';
import { readPublication } from '../wire/publication.ts';
import type { HubLinkContext } from '../context/hub-link-context.ts';

/** "Azure Event Hubs quotas and limits": size of a publication, an event or a batch. */
export const maxPublicationBytes = 1_048_576;

export class ProducerLink implements LinkHandler {
  readonly #link: RheaReceiver;
  readonly #hub: EventHub;
  readonly #partition: PartitionLog | undefined;
  readonly #context: HubLinkContext;
  readonly #settler: Settler;
  readonly #line: DelayLine;

  constructor(
    link: RheaReceiver,
    hub: EventHub,
    partition: PartitionLog | undefined,
    context: HubLinkContext,
  ) {
    this.#link = link;
    this.#hub = hub;
    this.#partition = partition;
    this.#context = context;
    this.#settler = new Settler(link.session, 'receiver');
    this.#line = new DelayLine(context.clock);
    link.local.attach.max_message_size = maxPublicationBytes;
    const address = partition === undefined ? hub.name : `${hub.name}/Partitions/${partition.id}`;
    context.links.add(link, address);
    context.counters.producers += 1;
    link.on('message', (transfer: RheaMessageContext) =>
      this.#line.run(context.faults.sendDelayMs, () => this.#take(transfer)),
    );
  }

  closed(): void {
    this.#line.close();
    this.#context.links.remove(this.#link);
  }

  #take(transfer: RheaMessageContext): void {
    const { delivery } = transfer;
    if (!this.#link.is_open()) {
      // Sent before the client saw the detach: such transfers are discarded (AMQP 1.0, part 2.6.5).
      delivery.settled = true;
      return;
    }
    this.#context.counters.sends += 1;
    try {
      this.#refuse();
      this.#store(transfer);
      if (this.#losesReply()) return;
      this.#settler.accept(delivery);
    } catch (error) {
      this.#context.counters.sendsRefused += 1;
      this.#settler.reject(delivery, asRefusal(error));
    }
  }

  #refuse(): void {
    const { faults } = this.#context;
    if (faults.serverBusySends > 0) {
      faults.serverBusySends -= 1;
      throw serverBusy();
    }
    if (faults.sendRefusals > 0) {
      faults.sendRefusals -= 1;
      throw faults.sendError;
    }
  }

  /** A batch goes to one partition as a whole: the one of its key, which stands in the annotations of the batch. */
  #store({ message, format }: RheaMessageContext): void {
    if (message.length > maxPublicationBytes) throw messageTooLarge(message.length, maxPublicationBytes);
    const { isBatch, events, partitionKey: key } = readPublication(message, format);
    if (key !== undefined && this.#partition !== undefined)
      throw notAllowed('An event with a partition key cannot be sent to a partition by its id.');
    if (this.#partition === undefined) this.#hub.append(events, key);
    else this.#partition.append(events, undefined);
    const { counters } = this.#context;
    if (isBatch) counters.batches += 1;
    counters.eventsIn += events.length;
  }

  #losesReply(): boolean {
    const { faults } = this.#context;
    if (faults.lostReplies <= 0) return false;
    faults.lostReplies -= 1;
    this.#link.connection.socket?.destroy();
    return true;
  }
}

function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof WireError) return new Refusal('amqp:decode-error', error.message);
  throw error;
}
