import type { PartitionId, SourceObserver } from '@dstream/core';
import type { ProbeAnswer } from './prober.ts';

/**
 * Puts together what is known of a table's place in time, and tells it whenever some of it is news. The lag of capture is the
 * server's now minus the commit time of the max LSN (its entry in `cdc.lsn_time_mapping`): capture is one job a database, so
 * all its tables share it, and without commits it grows until capture writes its next entry of an idle period.
 */
export class PlaceInTime {
  readonly #observer: Pick<SourceObserver, 'stands'>;
  readonly #partition: PartitionId;
  #captureLagMs: number | undefined;
  #historyFromMs: number | undefined;
  #positionAtMs: number | undefined;
  #caughtUp = false;

  constructor(observer: Pick<SourceObserver, 'stands'>, partition: PartitionId) {
    this.#observer = observer;
    this.#partition = partition;
  }

  answered({ times, low }: ProbeAnswer, captureInstance: string): void {
    this.#captureLagMs = times.captureLagMs;
    this.#historyFromMs = low.get(captureInstance)?.atMs;
    this.#tell();
  }

  /** Read up to a transaction that was committed at `atMs`; without it that of the last known one stands. */
  movedTo(atMs: number | undefined): void {
    this.#positionAtMs = atMs ?? this.#positionAtMs;
    this.#caughtUp = false;
    this.#tell();
  }

  /** The probe said that nothing is left up to the max LSN, whose commit time is `atMs`. */
  nothingLeft(atMs: number | undefined): void {
    this.#positionAtMs = atMs ?? this.#positionAtMs;
    this.#caughtUp = true;
    this.#tell();
  }

  #tell(): void {
    this.#observer.stands(this.#partition, {
      captureLagMs: this.#captureLagMs,
      historyFromMs: this.#historyFromMs,
      positionAtMs: this.#positionAtMs,
      caughtUp: this.#caughtUp,
    });
  }
}
