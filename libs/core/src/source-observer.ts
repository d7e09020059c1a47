import type { PartitionId } from './partition-id.ts';

/** One question whether anything has moved: of all partitions that were due. */
export interface ProbeMade {
  readonly tookMs: number;
  readonly failed: boolean;
  /** See `Standing`. Undefined when the probe failed, or there is nothing yet to tell it by. */
  readonly captureLagMs: number | undefined;
}

/** One page of rows, also one that was given up midway. */
export interface PageRead {
  /** What the page kept its reader waiting, without the time its batches waited to be taken. */
  readonly tookMs: number;
  /** Rows as the source has them: of SQL Server those of the change table, where an update is two. */
  readonly rows: number;
  /** About as much as the rows take in memory. */
  readonly bytes: number;
}

/**
 * Where a partition stands in time, as of its last probe. Times are milliseconds since 1970 by the source's own clock;
 * undefined is what is not known (yet).
 */
export interface Standing {
  /**
   * The source's now minus the commit time of the newest transaction that can be read. Without commits it grows until the
   * source says again that it has come further.
   */
  readonly captureLagMs: number | undefined;
  /** Commit time of the oldest transaction that is still kept. */
  readonly historyFromMs: number | undefined;
  /** Commit time of the last transaction that was read: of the newest one when nothing is left to read. */
  readonly positionAtMs: number | undefined;
  /** The last probe said that nothing is left to read. */
  readonly caughtUp: boolean;
}

/**
 * What a source tells about its reading, for metrics. Given by constructor; called once a probe, page or wait, never
 * once a row. An observer is quick and does not throw. No call is obligatory: what is never told has no series. A source
 * that waits for changes tells of each wait and of each page, and that a partition has caught up: its lag is 0 then.
 */
export interface SourceObserver {
  probed(probe: ProbeMade): void;
  stands(partition: PartitionId, standing: Standing): void;
  read(partition: PartitionId, page: PageRead): void;
  /** The partition is asked again after so many milliseconds. */
  waits(partition: PartitionId, ms: number): void;
}

export const noSourceObserver: SourceObserver = {
  probed: () => undefined,
  stands: () => undefined,
  read: () => undefined,
  waits: () => undefined,
};
