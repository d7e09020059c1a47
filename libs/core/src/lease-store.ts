import type { CallOptions } from './call-options.ts';
import { DStreamError } from './errors.ts';
import { partitionName, type PartitionId } from './partition-id.ts';

/** Name of a replica, for people. A person may give two the same: replicas are told apart by their announcements. */
export type InstanceId = string & { readonly __brand: 'InstanceId' };

/** One announcement: the replica's name and a random part. Partitions are balanced by it. */
export type AnnouncementId = string & { readonly __brand: 'AnnouncementId' };

/** A replica that is alive. */
export interface Announced {
  readonly instance: InstanceId;
  readonly announcement: AnnouncementId;
}

/** A held lease. A value: renewing gives a new one. */
export interface Lease {
  readonly partition: PartitionId;
  /** Grows with every acquisition of the partition, by anyone: the fencing token. */
  readonly epoch: number;
  /**
   * Monotonic milliseconds of this process's clock. Taken before the call that won or renewed the lease, plus the
   * lease's duration minus a fifth (DESIGN 5, rule 6): past it no send and no save starts.
   */
  readonly goodUntilMs: number;
  /** The store's own clock (its `Date`) when the lease was acquired, ms since 1970: generations grow from it. */
  readonly acquiredAtMs: number;
}

/** A replica's announcement. Dispose it to leave at once; otherwise it ends when it is no longer renewed. */
export interface Presence extends AsyncDisposable {
  readonly instance: InstanceId;
  /** Called every few seconds. Announces again when the announcement had ended. Rejects with `retry`. */
  renew(o: CallOptions): Promise<void>;
}

export interface AnnounceOptions extends CallOptions {
  /** Where the replica serves `/status`, for `LeaseViewer`; not given when it does not. Whoever sees the leases sees it. */
  readonly address?: string | undefined;
}

export interface HeldLease {
  /** Who acquired it last, by name; empty when the store does not say. */
  readonly owner: InstanceId;
  /** The owner's; undefined when the store does not say. */
  readonly announcement: AnnouncementId | undefined;
  readonly epoch: number;
  /** It does not end by itself: no replica acquired it so. */
  readonly endless: boolean;
}

/** Who holds what, at one moment. May be old by the time it is read: only `tryAcquire` decides. */
export interface LeaseSnapshot {
  /** Only leases that are held now. */
  readonly held: ReadonlyMap<PartitionId, HeldLease>;
  /** Sorted by announcement. */
  readonly instances: readonly Announced[];
}

/**
 * Ownership of a source's partitions among replicas. Errors: `lost` (LeaseLost), `retry`, `fatal` (Unauthorized).
 *
 * Every call is one attempt, which the store bounds in time: no request of it takes longer than a fifth of a lease, as
 * much as `goodUntil` keeps back; then it rejects with TimedOut. The caller retries.
 */
export interface LeaseStore {
  /** Of the replica that this store works for: always the same, also when it announces itself again. */
  readonly announcement: AnnouncementId;
  /**
   * Resolves when the store is there and lets us in; may create what is missing there. Called before anything but
   * `announcement`, and again until it has succeeded. Only `LeaseViewer.overview` works without it.
   */
  connect(o: CallOptions): Promise<void>;
  announce(instance: InstanceId, o: AnnounceOptions): Promise<Presence>;
  list(o: CallOptions): Promise<LeaseSnapshot>;
  /**
   * The lease with a larger epoch than any before, or undefined when somebody else holds it: losing the race is normal.
   * Does not read the checkpoint: one that is unreadable is the business of `load`, which reports it as the fault of one
   * partition. Here nothing is thrown for it.
   *
   * An attempt that rejected, also because its caller gave up (`signal`), is in doubt: the store may have granted the
   * lease. Then either the store gives it back, or the next attempt of this replica gets it: never is it held, without
   * anybody knowing, until it expires.
   */
  tryAcquire(partition: PartitionId, o: CallOptions): Promise<Lease | undefined>;
  /** The same lease, good for longer. Throws LeaseLost when it is somebody else's. */
  renew(lease: Lease, o: CallOptions): Promise<Lease>;
  /**
   * True when the lease was ours until now and is free; false when it was lost or released before, which does nothing.
   * An attempt whose reply was lost counts for the next one.
   */
  release(lease: Lease, o: CallOptions): Promise<boolean>;
}

/** @param why `epoch 7 owns it` */
export function leaseLost(
  { partition, epoch }: Pick<Lease, 'partition' | 'epoch'>,
  why: string,
  cause?: unknown,
): DStreamError {
  return new DStreamError(
    'LeaseLost',
    `the lease of ${partitionName(partition)} (epoch ${epoch}) is lost: ${why}`,
    { cause },
  );
}
