import type { CallOptions } from './call-options.ts';
import type { EncodedChange } from './encoded-change.ts';
import type { ResumePoint } from './position.ts';
import type { TableId } from './table-id.ts';

export interface ChangeBatch {
  readonly changes: readonly EncodedChange[];
  /** Everything up to here has been read: where to continue once `changes` are safe. Never inside a logical change. */
  readonly end: ResumePoint;
  /**
   * Of a batch without changes: positions of what follows do not compare with those of changes that were sent before,
   * so a new generation begins (DESIGN 5, rule 3). `end` and it are to be saved before anything that follows is sent.
   */
  readonly beginsGeneration?: boolean;
}

/**
 * A source of committed changes, by table. The table is the unit of order and of lease; its capture instance may
 * change underneath. Safe for any number of concurrent `read`s of different tables.
 */
export interface ChangeSource extends AsyncDisposable {
  /**
   * The tables the configuration names, in the catalogue's spelling. A name that is not found is returned as it was
   * configured, and its `read` throws TableNotFound: a missing table is a fault of that table only. Called every
   * few seconds to minutes. Rejects with `fatal` (LoginFailed, DatabaseNotFound) or `retry` (Unreachable, …).
   */
  tables(o: CallOptions): Promise<readonly TableId[]>;

  /**
   * The changes strictly after `after`, in commit order, no faster than pulled; without `after` from where the
   * configuration says a new table starts: then the first batch is empty and its `end` is that start, so that the
   * start can be saved before anything is sent. Re-reading gives the same changes with the same ids. Never ends by
   * itself: it waits with adaptive back-off and yields empty batches so that an idle table's position moves on.
   * Ends by abort (rejects with `signal.reason`), by `return()`, or by throwing: a table's fault (HistoryLost when
   * `after` is older than what is kept, SourceWentBack when it is of another history of the source, TableNotFound,
   * TableNotCaptured, CdcNotEnabled, PermissionDenied), a passing error (`retry`: call again), or a fatal one of the
   * connection. Told to skip what is gone, it goes on instead of throwing the first two: a batch that begins a
   * generation, then the event of the gap.
   */
  read(table: TableId, after: ResumePoint | undefined, o: CallOptions): AsyncIterable<ChangeBatch>;
}
