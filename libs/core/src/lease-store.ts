import type { CallOptions } from './context.ts';
import { DStreamError } from './errors.ts';
import { partitionName, type PartitionId } from './table-id.ts';

/** Name of a replica, for people. A person may give two the same: their announcements distinguish replicas. */
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
   * lease's duration minus a fifth (docs/guarantees.md, rule 6): past it no send and no save starts.
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

/** How a replica announces itself. */
export interface AnnounceOptions extends CallOptions {
  /** Where the replica serves `/status`, for `LeaseViewer`; absent when it does not. Public to all who can list leases. */
  readonly address?: string | undefined;
}

/** A lease in a snapshot: who holds it. */
export interface HeldLease {
  /** Who acquired it last, by name; empty when the store does not have it. */
  readonly owner: InstanceId;
  /** The owner's; undefined when the store does not have it. */
  readonly announcement: AnnouncementId | undefined;
  readonly epoch: number;
  /** It does not end by itself: no replica acquires a lease like that. */
  readonly endless: boolean;
}

/** Who holds what at one moment. It may be outdated by the time it is read: only `tryAcquire` decides. */
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
  /** The announcement of the replica that this store works for: always the same, also when it announces itself again. */
  readonly announcement: AnnouncementId;
  /**
   * Resolves when the store exists and grants access; may create what is missing there. Called before anything but
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
   * lease. Then either the store releases it, or the next attempt of this replica gets it: it is never held until it
   * expires without anybody knowing.
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

/** The error of a renewal, release or save under a lease that is not ours any more. @param why `epoch 7 owns it` */
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

/**
 * The fault of a partition whose lease is held by something other than an ingester: nobody can own it until that lease ends.
 * @param heldForMs how long it has been seen so; undefined when it is seen for the first time
 */
export function leaseHeldElsewhere(
  partition: PartitionId,
  { owner, epoch, endless }: Pick<HeldLease, 'owner' | 'epoch' | 'endless'>,
  heldForMs?: number,
): DStreamError {
  const name = owner === '' ? 'its holder left no name' : `its last owner was ${owner} (epoch ${epoch})`;
  const who = endless
    ? `it is an infinite lease, so it was not taken by an ingester; ${name}`
    : `its holder is not an announced ingester; ${name}`;
  const since = heldForMs === undefined ? '' : ` for ${Math.round(heldForMs / 1_000)} s`;
  return new DStreamError(
    'LeaseHeldElsewhere',
    `the lease of ${partitionName(partition)} is held by something else${since}: ${who}; stop the holder or break the lease`,
  );
}

/** The share of a lease or lock that is its safety margin: a fifth (docs/guarantees.md, rule 6). */
const margin = 0.2;

/**
 * Until when a lease or a session lock is good, on the monotonic clock.
 * @param beforeCallMs monotonic time taken BEFORE the call that acquired or renewed it
 * @param durationMs what the service granted
 */
export function goodUntil(beforeCallMs: number, durationMs: number): number {
  return beforeCallMs + durationMs * (1 - margin);
}

/** When to renew a lease that is good until then: a third of its duration after the call that granted it began. */
export function renewalDue(goodUntilMs: number, durationMs: number): number {
  return goodUntilMs - durationMs * (1 - margin) + durationMs / 3;
}
