/**
 * Sends to one partition: one batch in flight, so that order is kept, and each as full as what waits makes it. Whoever
 * sends puts a parcel; a batch is filled from the parcels in turn, and begins with another one each time, so that a
 * large one holds up nobody. A batch that fails fails the parcels in it, from its first event of theirs on.
 */
import type { EventDataBatch } from '@azure/event-hubs';
import { asDStreamError, DStreamError } from '@dstream/core';
import { toEventData, type HubEvent } from './hub-event.ts';
import type { Producer } from './producer.ts';

export interface PartitionLaneOptions {
  readonly partitionId: string;
  /**
   * Runs one call on a connection, with a limit of time. Rejects with a DStreamError; the signal aborts then.
   */
  readonly call: (work: (producer: Producer, abortSignal: AbortSignal) => Promise<void>) => Promise<void>;
}

/** The events of a parcel from `from` on were not accepted. */
export interface LaneFailure {
  readonly from: number;
  readonly error: DStreamError;
}

interface Parcel {
  readonly events: readonly HubEvent[];
  /** Events before this index were accepted. */
  next: number;
  /** Ends it, once. */
  readonly end: (failure?: LaneFailure) => void;
}

/** What of a parcel is in a batch. */
interface Share {
  readonly parcel: Parcel;
  readonly to: number;
}

export class PartitionLane {
  readonly #options: PartitionLaneOptions;
  /** In the order in which the next batch takes from them. */
  readonly #waiting = new Set<Parcel>();
  #running = false;
  /** So many events go one by one: a batch that held them was refused, and not said for which. */
  #alone = 0;

  constructor(options: PartitionLaneOptions) {
    this.#options = options;
  }

  /** Resolves with what was not accepted, if anything. On abort nothing more of it is sent. */
  send(events: readonly HubEvent[], signal: AbortSignal): Promise<LaneFailure | undefined> {
    const { promise, resolve } = Promise.withResolvers<LaneFailure | undefined>();
    const abort = () => parcel.end({ from: parcel.next, error: asDStreamError(signal.reason) });
    const end = (failure?: LaneFailure) => {
      signal.removeEventListener('abort', abort);
      this.#waiting.delete(parcel);
      resolve(failure);
    };
    const parcel: Parcel = { events, next: 0, end };
    this.#waiting.add(parcel);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    if (!this.#running) void this.#run();
    return promise;
  }

  /** Runs while there is something to send. Never rejects. */
  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting.size > 0) await this.#sendBatch();
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
    for (const parcel of this.#waiting) {
      const to = this.#fillFrom(parcel, batch);
      if (to > parcel.next) shares.push({ parcel, to });
      if (to < parcel.events.length && batch.count > 0) break;
    }
    return shares;
  }

  /** The index of the first event of the parcel that is not in the batch. One that fits into no batch ends the parcel. */
  #fillFrom(parcel: Parcel, batch: EventDataBatch): number {
    let index = parcel.next;
    for (; ; index += 1) {
      const event = parcel.events[index];
      if (event === undefined || this.#isFull(batch, event)) return index;
      if (batch.tryAdd(toEventData(event))) continue;
      if (batch.count === 0) parcel.end({ from: index, error: tooLarge(event, batch.maxSizeInBytes) });
      return index;
    }
  }

  /** Spares encoding an event only to find out that it does not fit: a character has at least one byte. */
  #isFull(batch: EventDataBatch, { entry }: HubEvent): boolean {
    if (batch.count === 0) return false;
    return this.#alone > 0 || batch.sizeInBytes + entry.routed.line.length > batch.maxSizeInBytes;
  }

  #accepted(shares: readonly Share[]): void {
    this.#alone = Math.max(0, this.#alone - 1);
    for (const { parcel, to } of shares) {
      parcel.next = to;
      if (to === parcel.events.length) parcel.end();
    }
    const [first] = shares;
    if (first !== undefined && this.#waiting.delete(first.parcel)) this.#waiting.add(first.parcel);
  }

  #failed(shares: readonly Share[], error: DStreamError): void {
    const events = shares.reduce((sum, { parcel, to }) => sum + to - parcel.next, 0);
    if (error.code === 'MessageTooLarge' && events > 1) {
      this.#alone = events;
      return;
    }
    const hit = shares.length > 0 ? shares.map(({ parcel }) => parcel) : [...this.#waiting];
    for (const parcel of hit) {
      const event = parcel.events[parcel.next];
      const refused = error.code === 'MessageTooLarge' && event !== undefined;
      parcel.end({ from: parcel.next, error: refused ? tooLarge(event, undefined, error) : error });
    }
  }
}

function tooLarge({ entry }: HubEvent, limit: number | undefined, cause?: DStreamError): DStreamError {
  const { event, line } = entry.routed;
  const bytes = `${Buffer.byteLength(line)} bytes without its properties`;
  const sizes = limit === undefined ? bytes : `${bytes}, the limit is ${limit} with them`;
  return new DStreamError('MessageTooLarge', `change ${event.metadata.id} is too large: ${sizes}`, { cause });
}
