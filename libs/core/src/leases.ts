/** All that is kept of a source in one store, and a look at it without taking part. */
import type { CheckpointStore } from './checkpoint-store.ts';
import type { CallOptions } from './context.ts';
import type { Announced, AnnouncementId, InstanceId, LeaseStore } from './lease-store.ts';
import type { PartitionId } from './table-id.ts';

/** What a lease store implements: who owns the partitions of a source, how far they are, and a look at both. */
export interface Leases extends LeaseStore, CheckpointStore, LeaseViewer, AsyncDisposable {}

/** Looks at leases and checkpoints without taking part: it changes nothing. Called by `dstream status`. */
export interface LeaseViewer {
  /**
   * Needs no `connect`, and creates nothing: a store in which nothing was ever kept, or whose container was not created
   * yet, is empty. One caller at a time.
   *
   * Of the scope, the database (its last part) is matched in any case of its letters: who looks has it from the
   * configuration and never asks the source for the catalogue's spelling, under which everything is kept.
   *
   * Rejects with `retry` or `fatal` when the store cannot be read. An unreadable checkpoint is its partition's problem.
   */
  overview(o: CallOptions): Promise<LeaseOverview>;
}

/** Leases and checkpoints of one source at one moment, for a person. */
export interface LeaseOverview {
  /** Sorted by name; one entry for each announcement. */
  readonly instances: readonly LiveInstance[];
  /** Sorted by id. */
  readonly partitions: readonly StoredPartition[];
}

/** A replica that is alive by its announcement. */
export interface LiveInstance extends Announced {
  /** Where it serves `/status`, as `http://127.0.0.1:8080`; undefined when it has not announced one. */
  readonly address: string | undefined;
}

/** A partition that was owned at least once. */
export interface StoredPartition {
  readonly partition: PartitionId;
  /** Who holds the lease now; undefined: nobody. */
  readonly owner: InstanceId | undefined;
  /** The owner's; undefined: nobody holds the lease, or the store does not have it. */
  readonly announcement: AnnouncementId | undefined;
  /** The lease is held and does not end by itself: no replica holds it. */
  readonly endless: boolean;
  /** Epoch of the last acquisition. */
  readonly epoch: number;
  /** Undefined: none was saved yet, or `problem` explains why it cannot be read. */
  readonly checkpoint: SavedCheckpoint | undefined;
  readonly problem: string | undefined;
}

/** The checkpoint as it is stored. */
export interface SavedCheckpoint {
  readonly position: string;
  readonly generation: number;
  /** When it was saved, ISO 8601, by the clock of who saved it; undefined where that is not kept. */
  readonly savedAt: string | undefined;
}
