import { partitionName, type PartitionId, type Standing } from '@dstream/core';

/** What its owner knows at any moment; asked for at a scrape. Times are monotonic milliseconds. */
export interface Ownership {
  readonly epoch: number;
  readonly leaseGoodUntilMs: () => number;
  /** Since when the stored checkpoint is not all that was accepted; undefined while it is. */
  readonly checkpointBehindSinceMs: () => number | undefined;
}

/**
 * What one owned partition counts and where it stands: plain fields, written by who moves the partition once a batch, page
 * or probe, and read at a scrape. Lives as long as the partition is owned here.
 */
export class PartitionMeter {
  readonly partition: PartitionId;
  readonly name: string;
  readonly ownership: Ownership;
  rowsRead = 0;
  bytesRead = 0;
  changesSent = 0;
  messagesSent = 0;
  bytesSent = 0;
  /** Gaps that were told of by an event. */
  gapsSkipped = 0;
  /** Code of the fault that stops the partition. */
  fault: string | undefined;
  failuresInRow = 0;
  pollIntervalMs: number | undefined;
  #standing: Standing = {
    captureLagMs: undefined,
    historyFromMs: undefined,
    positionAtMs: undefined,
    caughtUp: false,
  };
  #waitingSinceMs: number | undefined;
  #lagMs: number | undefined;

  constructor(partition: PartitionId, ownership: Ownership) {
    this.partition = partition;
    this.name = partitionName(partition);
    this.ownership = ownership;
  }

  get standing(): Standing {
    return this.#standing;
  }

  /** What is not known any more keeps its last value, but for the lag of capture, which is nothing without its probe. */
  stands({ captureLagMs, caughtUp, historyFromMs, positionAtMs }: Standing): void {
    if (caughtUp && this.#lagMs !== undefined) this.#lagMs = 0;
    this.#standing = {
      captureLagMs,
      caughtUp,
      historyFromMs: historyFromMs ?? this.#standing.historyFromMs,
      positionAtMs: positionAtMs ?? this.#standing.positionAtMs,
    };
  }

  /** A change that was committed at `committedAtMs` is the oldest that is read and not accepted. */
  waiting(committedAtMs: number): void {
    this.#waitingSinceMs = committedAtMs;
  }

  /** All that was read was accepted, the last of it so long after its commit; 0 when there was nothing to send. */
  accepted(lagMs: number): void {
    this.#waitingSinceMs = undefined;
    this.#lagMs = lagMs;
  }

  /** From commit to acceptance: until now of the oldest change that waits, else of the last one; 0 once all was sent. */
  lagMs(wallMs: number): number | undefined {
    return this.#waitingSinceMs === undefined ? this.#lagMs : Math.max(0, wallMs - this.#waitingSinceMs);
  }
}
