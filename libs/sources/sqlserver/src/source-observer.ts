/**
 * What a source tells about its reading, for metrics. Given by constructor; called once a probe, page or wait, never
 * once a row. An observer is quick and does not throw.
 */
import type { TableId } from '@dstream/core';

/** One probe statement: all tables that were due. */
export interface ProbeMade {
  readonly tookMs: number;
  readonly failed: boolean;
  /** See `Standing`. Undefined when the probe failed or capture has not run yet. */
  readonly captureLagMs: number | undefined;
}

/** One page of rows, also one that was given up midway. */
export interface PageRead {
  /** What the page kept its reader waiting, without the time its batches waited to be taken. */
  readonly tookMs: number;
  /** Rows of the change table: an update is two of them. */
  readonly rows: number;
  /** About as much as the rows take in memory. */
  readonly bytes: number;
}

/**
 * Where a table stands in time, as of its last probe. Times are milliseconds since 1970 by the database server's
 * clock; undefined is what is not known (yet).
 */
export interface Standing {
  /**
   * The server's now minus the commit time of the newest transaction that capture has come past (the entry of
   * `fn_cdc_get_max_lsn` in `cdc.lsn_time_mapping`). Capture is one job a database, so all its tables share it. Without
   * commits it grows until capture writes its next entry of an idle period.
   */
  readonly captureLagMs: number | undefined;
  /** Commit time of the oldest transaction that the capture instance still keeps. */
  readonly historyFromMs: number | undefined;
  /** Commit time of the last transaction that was read: of the newest captured one when nothing is left to read. */
  readonly positionAtMs: number | undefined;
  /** The last probe said that nothing is left to read. */
  readonly caughtUp: boolean;
}

export interface SourceObserver {
  probed(probe: ProbeMade): void;
  stands(table: TableId, standing: Standing): void;
  read(table: TableId, page: PageRead): void;
  /** The table is asked again after so many milliseconds. */
  waits(table: TableId, ms: number): void;
}

export const noSourceObserver: SourceObserver = {
  probed: () => undefined,
  stands: () => undefined,
  read: () => undefined,
  waits: () => undefined,
};
