import type { ChangeBatch, EncodedChange } from '@dstream/core';
import { changeBytes, type LogicalChange } from '../rows/change-row.ts';
import { resumePointOf, type Place } from '../position/position.ts';
import type { FinishedGroup } from '../rows/row-assembler.ts';

/** A batch leaves when it has so much. */
export interface BatchLimits {
  readonly changes: number;
  readonly bytes: number;
}

/** Small enough that sending overlaps with reading. */
export const batchLimits: BatchLimits = { changes: 2_000, bytes: 2_097_152 };

/** Gathers the changes of finished groups; `end` is always behind a whole group. */
export class Batcher {
  readonly #encode: (change: LogicalChange) => EncodedChange;
  readonly #max: BatchLimits;
  #changes: EncodedChange[] = [];
  #bytes = 0;
  #behind: { readonly place: Place };

  constructor(from: Place, max: BatchLimits, encode: (change: LogicalChange) => EncodedChange) {
    this.#behind = { place: from };
    this.#encode = encode;
    this.#max = max;
  }

  add(group: FinishedGroup): void {
    for (const change of group.changes) {
      this.#changes.push(this.#encode(change));
      this.#bytes += changeBytes(change);
    }
    this.#behind = group;
  }

  /** The place behind all that was added. */
  get place(): Place {
    return this.#behind.place;
  }

  get full(): boolean {
    return this.#changes.length >= this.#max.changes || this.#bytes >= this.#max.bytes;
  }

  get empty(): boolean {
    return this.#changes.length === 0;
  }

  take(): ChangeBatch {
    const batch = { changes: this.#changes, end: resumePointOf(this.place) };
    this.#changes = [];
    this.#bytes = 0;
    return batch;
  }

  /** The rest, when all up to `scanned` was read. */
  takeLast(scanned: Place): ChangeBatch {
    this.#behind = { place: scanned };
    return this.take();
  }
}
