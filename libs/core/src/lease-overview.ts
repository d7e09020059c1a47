import type { CallOptions } from './call-options.ts';
import type { Announced, AnnouncementId, InstanceId } from './lease-store.ts';
import type { PartitionId } from './partition-id.ts';

/** A replica that is alive by its announcement. */
export interface LiveInstance extends Announced {
  /** Where it serves `/status`, as `http://127.0.0.1:8080`; undefined when it does not say. */
  readonly address: string | undefined;
}

/** The checkpoint as it is stored. */
export interface SavedCheckpoint {
  readonly position: string;
  readonly generation: number;
  /** When it was saved, ISO 8601, by the clock of who saved it; undefined where that is not kept. */
  readonly savedAt: string | undefined;
}

/** A partition that was owned at least once. */
export interface StoredPartition {
  readonly partition: PartitionId;
  /** Who holds the lease now; undefined: nobody. */
  readonly owner: InstanceId | undefined;
  /** The owner's; undefined: nobody holds it, or the store does not say. */
  readonly announcement: AnnouncementId | undefined;
  /** Held, and does not end by itself: by no replica. */
  readonly endless: boolean;
  /** Of the last acquisition. */
  readonly epoch: number;
  /** Undefined: none was saved yet, or `problem` says why it cannot be read. */
  readonly checkpoint: SavedCheckpoint | undefined;
  readonly problem: string | undefined;
}

/** Leases and checkpoints of one source at one moment, for a person. */
export interface LeaseOverview {
  /** Sorted by name; one entry an announcement. */
  readonly instances: readonly LiveInstance[];
  /** Sorted by id. */
  readonly partitions: readonly StoredPartition[];
}

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
