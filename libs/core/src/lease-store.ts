import type { CallOptions } from './call-options.ts';
import type { TableId } from './table-id.ts';

/** Name of a replica, unique among the live ones. */
export type InstanceId = string & { readonly __brand: 'InstanceId' };

/** A held lease. A value: renewing gives a new one. */
export interface Lease {
  readonly table: TableId;
  /** Grows with every acquisition of the table, by anyone: the fencing token. */
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
  readonly owner: InstanceId;
  readonly epoch: number;
}

/** Who holds what, at one moment. May be old by the time it is read: only `tryAcquire` decides. */
export interface LeaseSnapshot {
  /** By `tableKey`; only leases that are held now. */
  readonly held: ReadonlyMap<string, HeldLease>;
  readonly instances: readonly InstanceId[];
}

/** Ownership of tables among replicas. Errors: `lost` (LeaseLost), `retry`, `fatal` (Unauthorized). */
export interface LeaseStore {
  announce(instance: InstanceId, o: AnnounceOptions): Promise<Presence>;
  list(o: CallOptions): Promise<LeaseSnapshot>;
  /** The lease with a new epoch, or undefined when somebody else holds it: losing the race is normal. */
  tryAcquire(table: TableId, o: CallOptions): Promise<Lease | undefined>;
  /** The same lease, good for longer. Throws LeaseLost when it is somebody else's. */
  renew(lease: Lease, o: CallOptions): Promise<Lease>;
  /**
   * True when the lease was ours until now and is free; false when it was lost or released before, which does nothing.
   * An attempt whose reply was lost counts for the next one.
   */
  release(lease: Lease, o: CallOptions): Promise<boolean>;
}
