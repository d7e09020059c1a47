/**
 * Who reads one partition for one consumer group. Without an epoch up to five side by side; with one only the newest:
 * an epoch that is not lower than the current one's takes over and the others are disconnected, a lower one and any
 * without are refused ("Event Hubs features": consumer groups; "Azure Event Hubs: epoch").
 */
import { disconnectedBy, epochReceiverExists, lowerEpoch, tooManyReceivers } from './refusals.ts';
import type { Refusal } from '../../protocol/refusal.ts';

export interface Reader {
  /** Undefined for a reader that shares. */
  readonly epoch: number | undefined;
  /** It must read no more. */
  disconnect(reason: Refusal): void;
}

/** "Azure Event Hubs quotas and limits": non-epoch receivers per consumer group. */
const maxReaders = 5;

export class PartitionReaders {
  #readers: Reader[] = [];

  /** Throws a Refusal when the reader may not read. */
  add(reader: Reader): void {
    const owner = this.#readers.find(({ epoch }) => epoch !== undefined);
    if (reader.epoch === undefined) this.#mayShare(owner?.epoch);
    else this.#takeOver(reader.epoch, owner?.epoch);
    this.#readers.push(reader);
  }

  remove(reader: Reader): void {
    this.#readers = this.#readers.filter((other) => other !== reader);
  }

  #mayShare(owner: number | undefined): void {
    if (owner !== undefined) throw epochReceiverExists(owner);
    if (this.#readers.length >= maxReaders) throw tooManyReceivers(maxReaders);
  }

  #takeOver(epoch: number, owner: number | undefined): void {
    if (owner !== undefined && epoch < owner) throw lowerEpoch(owner, epoch);
    const gone = this.#readers;
    this.#readers = [];
    for (const reader of gone) reader.disconnect(disconnectedBy(epoch, reader.epoch ?? -1));
  }
}
