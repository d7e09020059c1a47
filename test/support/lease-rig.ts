/** Leases and checkpoints as their contract suites see them: replicas over one storage whose time can pass. */
import type {
  Checkpoint,
  CheckpointStore,
  Lease,
  LeaseStore,
  LeaseViewer,
  PartitionId,
  Position,
} from '@dstream/core';
import type { ManualClock } from '@dstream/memory/manual-clock';

export interface Replica {
  readonly store: LeaseStore & CheckpointStore & LeaseViewer;
  /** This replica's own clock. Moving it leaves the storage and the other replicas where they are. */
  readonly clock: ManualClock;
}

/** What can be made to go wrong at the storage, where it can. */
export interface StorageFaults {
  /** The next write of a checkpoint is carried out and its reply is lost. */
  readonly loseReplyToSave?: () => void;
  /** The next request to take a lease is carried out and its reply is lost. */
  readonly loseReplyToAcquire?: () => void;
  /** What is stored of the partition's checkpoint is no checkpoint any more. */
  readonly spoilCheckpoint?: (partition: PartitionId) => Promise<void>;
}

/** One per test: nobody else uses its source. */
export interface LeaseRig extends AsyncDisposable {
  readonly durationMs: number;
  /** A replica of its own, as in another process. */
  replica(instance: string): Promise<Replica>;
  /** Who only looks, and was never connected. `database` is the rig's, `shop`, as somebody wrote it. */
  viewer(database: string): Promise<LeaseViewer>;
  /** Time passes at the storage until every lease that runs now has ended. No replica's clock moves. */
  expireLeases(): Promise<void>;
  /** A partition of the rig's source that is a table. */
  table(name?: string, schema?: string): PartitionId;
  /** Undefined where nothing can be injected, as in a real service. */
  readonly faults: StorageFaults | undefined;
}

export function checkpoint(position: string, generation = 1): Checkpoint {
  return { at: { position: position as Position, token: `token of ${position}` }, generation };
}

/** Acquires the lease of a partition that must be free. */
export async function takeLease(store: LeaseStore, partition: PartitionId): Promise<Lease> {
  const lease = await store.tryAcquire(partition, { signal: new AbortController().signal });
  if (lease === undefined) throw new Error(`${partition} is held by somebody`);
  return lease;
}
