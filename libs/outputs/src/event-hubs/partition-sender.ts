/**
 * Sends to one partition: one batch in flight, so that order is kept, and each batch as full as what waits makes it.
 * Batches are filled from all pending sends in turn, each beginning with another one, so that a large send does not hold
 * up the others. A batch that fails fails the sends that are in it, each from its first event in the batch on.
 */
import type { EventDataBatch } from '@azure/event-hubs';
import { asDStreamError, DStreamError, tableName } from '@dstream/core';
import { changeProperties, mediaTypeOf, type Entry } from '../destinations/destination.ts';
import type { Producer } from './producer.ts';

/** A change on its way to a partition. */
export interface HubEvent {
  readonly entry: Entry;
  readonly partitionKey: string;
  /** The line of the change. */
  readonly body: Uint8Array;
}

interface PartitionSenderOptions {
  readonly partitionId: string;
  /** Runs one call on a connection, with a time limit. Rejects with a DStreamError; the signal is aborted then. */
  readonly call: (work: (producer: Producer, abortSignal: AbortSignal) => Promise<void>) => Promise<void>;
}

/** The events of a send from index `from` on were not accepted. */
interface SendFailure {
  readonly from: number;
  readonly error: DStreamError;
}

interface PendingSend {
  readonly events: readonly HubEvent[];
  /** Events before this index were accepted. */
  next: number;
  /** Ends the send, once. */
  readonly end: (failure?: SendFailure) => void;
}

/** The events of a send that are in a batch: from its `next` up to `to`. */
interface Share {
  readonly send: PendingSend;
  readonly to: number;
}

/** Sends to one partition of one hub. */
export class PartitionSender {
  readonly #options: PartitionSenderOptions;
  /** Queues in the order in which the next batch takes from them. */
  readonly #pending = new Set<PendingSend>();
  #running = false;
  /** So many events are sent one by one: the batch that held them was refused as too large. */
  #singly = 0;

  constructor(options: PartitionSenderOptions) {
    this.#options = options;
  }

  /** Resolves with what was not accepted, if anything. After an abort nothing more of it is sent. */
  send(events: readonly HubEvent[], signal: AbortSignal): Promise<SendFailure | undefined> {
    const { promise, resolve } = Promise.withResolvers<SendFailure | undefined>();
    const abort = () => send.end({ from: send.next, error: asDStreamError(signal.reason) });
    const end = (failure?: SendFailure) => {
      signal.removeEventListener('abort', abort);
      this.#pending.delete(send);
      resolve(failure);
    };
    const send: PendingSend = { events, next: 0, end };
    this.#pending.add(send);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    if (!this.#running) void this.#run();
    return promise;
  }

  /** Runs while anything is pending. Never rejects. */
  async #run(): Promise<void> {
    this.#running = true;
    while (this.#pending.size > 0) await this.#sendBatch();
    this.#running = false;
  }

  async #sendBatch(): Promise<void> {
    const { partitionId, call } = this.#options;
    const shares: Share[] = [];
    try {
      await call(async (producer, abortSignal) => {
        const batch = await producer.createBatch({ partitionId, abortSignal });
        abortSignal.throwIfAborted();
        shares.push(...this.#fill(batch));
        if (shares.length > 0) await producer.sendBatch(batch, { abortSignal });
      });
      this.#accepted(shares);
    } catch (error) {
      this.#failed(shares, asDStreamError(error));
    }
  }

  #fill(batch: EventDataBatch): readonly Share[] {
    const shares: Share[] = [];
    for (const send of this.#pending) {
      const to = this.#fillFrom(send, batch);
      if (to > send.next) shares.push({ send, to });
      if (to < send.events.length && batch.count > 0) break;
    }
    return shares;
  }

  /** The index of the first event of the send that is not in the batch. An event that fits into no batch ends the send. */
  #fillFrom(send: PendingSend, batch: EventDataBatch): number {
    let index = send.next;
    for (; ; index += 1) {
      const event = send.events[index];
      if (event === undefined || this.#isFull(batch, event)) return index;
      if (batch.tryAdd(toEventData(event))) continue;
      if (batch.count === 0) send.end({ from: index, error: tooLarge(event, batch.maxSizeInBytes) });
      return index;
    }
  }

  /** Avoids encoding an event only to find that it does not fit. */
  #isFull(batch: EventDataBatch, { body }: HubEvent): boolean {
    if (batch.count === 0) return false;
    return this.#singly > 0 || batch.sizeInBytes + body.length > batch.maxSizeInBytes;
  }

  #accepted(shares: readonly Share[]): void {
    this.#singly = Math.max(0, this.#singly - 1);
    for (const { send, to } of shares) {
      send.next = to;
      if (to === send.events.length) send.end();
    }
    const [first] = shares;
    if (first !== undefined && this.#pending.delete(first.send)) this.#pending.add(first.send);
  }

  #failed(shares: readonly Share[], error: DStreamError): void {
    const events = shares.reduce((sum, { send, to }) => sum + to - send.next, 0);
    if (error.code === 'MessageTooLarge' && events > 1) {
      this.#singly = events;
      return;
    }
    const affected = shares.length > 0 ? shares.map(({ send }) => send) : [...this.#pending];
    for (const send of affected) {
      const event = send.events[send.next];
      const refused = error.code === 'MessageTooLarge' && event !== undefined;
      send.end({ from: send.next, error: refused ? tooLarge(event, undefined, error) : error });
    }
  }
}

/** The event as the SDK takes it: as an AMQP message, because the SDK's plain events have no subject. */
function toEventData({ entry, partitionKey, body }: HubEvent): Parameters<EventDataBatch['tryAdd']>[0] {
  const { routed } = entry;
  const { metadata } = routed.event;
  return {
    bodyType: 'data',
    body: Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength),
    properties: { messageId: metadata.id, subject: tableName(metadata), contentType: mediaTypeOf(routed) },
    applicationProperties: {
      ...changeProperties(routed, metadata, 1),
      operation: metadata.operation,
      partitionKey,
    },
  };
}

function tooLarge({ entry, body }: HubEvent, limit: number | undefined, cause?: DStreamError): DStreamError {
  const { event } = entry.routed;
  const bytes = `${body.length} bytes without its properties`;
  const sizes = limit === undefined ? bytes : `${bytes}, the limit is ${limit} with them`;
  return new DStreamError('MessageTooLarge', `change ${event.metadata.id} is too large: ${sizes}`, { cause });
}
