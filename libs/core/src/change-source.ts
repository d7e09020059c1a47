import type { ChangeMetadata, Value } from './change-event.ts';
import type { CallOptions } from './context.ts';
import type { ResumePoint } from './position.ts';
import type { PartitionId, TableId } from './table-id.ts';

/** A change as its source hands it on, encoded as soon as it was read: what the sending owner must know, and the change itself. */
export interface EncodedChange extends Pick<ChangeMetadata, 'id' | 'operation' | 'committedAt' | 'position'> {
  /** Whose change it is. The same object in all changes of one table: they are compared by reference. */
  readonly table: TableId;
  /** Values of the key columns, in their order; null for a table without a key. */
  readonly key: readonly Value[] | null;
  /** Length of its envelope (docs/messages.md) in UTF-8 up to where the stamp goes: `{"data":…,"metadata":{…`, without the two last braces. */
  readonly bytes: number;
  /** Writes these bytes to `target`, from `at` on. */
  copyTo(target: Uint8Array, at: number): void;
}

/** What `ChangeSource.read` yields. */
export interface ChangeBatch {
  readonly changes: readonly EncodedChange[];
  /** Everything up to here was read: where to continue once `changes` are safe. Never inside a logical change. */
  readonly end: ResumePoint;
  /**
   * Of a batch without changes: positions of what follows do not compare with those of changes that were sent before,
   * so a new generation begins (docs/guarantees.md, rule 3). `end` and it are to be saved before anything that follows is sent.
   */
  readonly beginsGeneration?: boolean;
}

/**
 * A source of committed changes. Its *partition* is the unit of order, of lease and of checkpoint: of SQL Server a table,
 * whose capture instance may change underneath; of another source it may hold many tables, and all changes of a table
 * are in one partition: what a session has settled is compared by position. Safe for any number of concurrent `read`s of
 * different partitions.
 */
export interface ChangeSource extends AsyncDisposable {
  /**
   * What the ids of its partitions begin with, and those of no other source: `name/database`, the parts percent-encoded
   * (`scopeOf`). As configured until `partitions` was answered, then in the catalogue's spelling. Leases are kept under it.
   */
  readonly scope: string;

  /** Ends all reads: they reject. Idempotent. */
  [Symbol.asyncDispose](): PromiseLike<void>;

  /**
   * The partitions that the configuration asks for, in the catalogue's spelling. A name that is not found is returned as
   * it was configured, and its `read` throws TableNotFound: a missing table is a fault of that partition only. Called every
   * few seconds to minutes. Rejects with `fatal` (LoginFailed, DatabaseNotFound) or `retry` (Unreachable, …).
   */
  partitions(o: CallOptions): Promise<readonly PartitionId[]>;

  /**
   * The changes strictly after `after`, in commit order, no faster than pulled; without `after` from where the
   * configuration has a new partition start: then the first batch is empty and its `end` is that start, so that the
   * start can be saved before anything is sent. Re-reading gives the same changes with the same ids. Never ends by
   * itself: it waits with adaptive back-off and yields empty batches so that an idle partition's position moves on.
   * Ends by abort (rejects with `signal.reason`), by `return()`, or by throwing: a partition's fault (HistoryLost when
   * `after` is older than what is kept, also where it is the start and nothing was read yet, SourceWentBack when it is of
   * another history of the source, TableNotFound, TableNotCaptured, CdcNotEnabled, PermissionDenied, ChangeUnreadable when
   * what is there cannot be read), a transient error (`retry`: call again), or a fatal one of the connection.
   *
   * When configured to skip what is gone, it continues instead of throwing the first two: a batch that begins a generation,
   * whose `end` has what is known about the gap in its token, then the event of the gap, one for each table of the
   * partition, whose position is above that `end` and below all that follows. The process may die between the two: reading
   * from that `end` gives the same event with the same id.
   */
  read(partition: PartitionId, after: ResumePoint | undefined, o: CallOptions): AsyncIterable<ChangeBatch>;

  /**
   * Everything up to `at` is checkpointed, so the source may forget it: a slot may advance, an offset be committed. Called
   * after each save that succeeded, never before; not with what an earlier owner has saved, which `read` is given. Quick,
   * and must not throw.
   */
  saved?(partition: PartitionId, at: ResumePoint): void;

  /** How long a partition of `partitions` that has a fault rests before it is read again, milliseconds (docs/guarantees.md, rule 9). */
  faultPauseMs(partition: PartitionId): number;
}
