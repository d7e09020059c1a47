import {
  goodUntil,
  leaseLost,
  partitionName,
  progressOf,
  type AnnouncementId,
  type AnnounceOptions,
  type CallOptions,
  type Checkpoint,
  type InstanceId,
  type Lease,
  type LeaseOverview,
  type LeaseSnapshot,
  type Leases,
  type PartitionId,
  type Presence,
} from '@dstream/core';
import { LeaseAcquirer } from './acquire-lease.ts';
import { partitionBlob } from './blob-names.ts';
import { BlobPresence } from './blob-presence.ts';
import { readCheckpoint, saveCheckpoint, type StoredCheckpoint } from './checkpoint-blob.ts';
import { Holdings, type Holding } from './holding.ts';
import { listLeases } from './list-leases.ts';
import { fromMetadata } from './owner-metadata.ts';
import { OverviewReader } from './read-overview.ts';
import { Storage, type BlobLeasesOptions } from './storage.ts';
import { isBlobMissing, isLeaseGone, translated } from './translate-error.ts';

/**
 * Leases and checkpoints of one source in one container: one leased blob per partition holds both, so that an owner
 * that lost the lease cannot write the checkpoint. Every call is one attempt, bounded by a fifth of the lease's
 * duration; the caller retries. Safe for concurrent use. Holds no timer.
 *
 * ```ts
 * const leases = new AzureBlobLeases({ connectionString, containerName: 'locks', source, … });
 * await leases.connect({ signal });
 * const lease = await leases.tryAcquire(partition, { signal });
 * ```
 */
export class AzureBlobLeases implements Leases {
  readonly #storage: Storage;
  readonly #acquirer: LeaseAcquirer;
  readonly #holdings = new Holdings();
  readonly #overview: OverviewReader;

  /** Throws ConfigInvalid for a connection string or duration that cannot be right. Connects nothing. */
  constructor(options: BlobLeasesOptions) {
    this.#storage = new Storage(options);
    this.#acquirer = new LeaseAcquirer(this.#storage);
    this.#overview = new OverviewReader(this.#storage);
  }

  /**
   * Checks that the account can be used and creates the container if it is missing. Called before the work begins.
   * Rejects with `fatal` (Unauthorized, ConfigInvalid) or `retry` (Unreachable, Throttled, TimedOut, Transient).
   */
  connect({ signal }: CallOptions): Promise<void> {
    const { containerName } = this.#storage.options;
    return translated(`opening container ${containerName}`, signal, () => this.#storage.connect(signal));
  }

  announce(instance: InstanceId, o: AnnounceOptions): Promise<Presence> {
    return translated(`announcing ${instance}`, o.signal, () =>
      BlobPresence.announce(instance, this.#storage, o),
    );
  }

  /** Needs no `connect`: a container that does not exist is an empty one. One caller at a time. */
  overview({ signal }: CallOptions): Promise<LeaseOverview> {
    return translated('reading the leases', signal, () => this.#overview.read(signal));
  }

  list({ signal }: CallOptions): Promise<LeaseSnapshot> {
    return translated('listing the leases', signal, () => listLeases(this.#storage, signal));
  }

  get announcement(): AnnouncementId {
    return this.#storage.announcement;
  }

  tryAcquire(partition: PartitionId, { signal }: CallOptions): Promise<Lease | undefined> {
    return translated(`taking the lease of ${partitionName(partition)}`, signal, async () => {
      const acquired = await this.#acquirer.acquire(partition, signal);
      if (acquired !== undefined) this.#holdings.add(acquired.holding);
      return acquired?.lease;
    });
  }

  renew(lease: Lease, { signal }: CallOptions): Promise<Lease> {
    return translated(`renewing the lease of ${partitionName(lease.partition)}`, signal, async () => {
      const holding = this.#holdings.get(lease);
      const goodUntilMs = await this.#unlessLost(holding, () => this.#renew(holding, signal));
      holding.goodUntilMs = goodUntilMs;
      return { ...lease, goodUntilMs };
    });
  }

  /** Until when the lease is good now. */
  async #renew(holding: Holding, signal: AbortSignal): Promise<number> {
    const { clock, leaseDurationMs } = this.#storage.options;
    const client = holding.blob.getBlobLeaseClient(holding.leaseId);
    const beforeMs = clock.monotonicMs();
    await this.#storage.call(signal, (abortSignal) => client.renewLease({ abortSignal }));
    if (beforeMs >= holding.goodUntilMs) await this.#assertUnbroken(holding, signal);
    return goodUntil(beforeMs, leaseDurationMs);
  }

  /**
   * An expired lease can be renewed if nobody acquired it since ("Lease Blob"); Azurite renews it even then (its issue
   * 2352). So a successful renewal does not prove that nobody owned the partition in between.
   */
  async #assertUnbroken({ blob, leaseId, partition, owner }: Holding, signal: AbortSignal): Promise<void> {
    const { metadata } = await this.#storage.call(signal, (abortSignal) =>
      blob.getProperties({ conditions: { leaseId }, abortSignal }),
    );
    const { epoch } = fromMetadata(metadata);
    if (epoch !== owner.epoch)
      throw leaseLost({ partition, epoch: owner.epoch }, `epoch ${epoch} has owned it since`);
  }

  release(lease: Lease, { signal }: CallOptions): Promise<boolean> {
    return translated(`releasing the lease of ${partitionName(lease.partition)}`, signal, async () => {
      const holding = this.#holdings.find(lease);
      if (holding === undefined) return false;
      const released = await this.#release(holding, signal);
      this.#holdings.forget(holding);
      return released;
    });
  }

  /** False if the service reports that the lease was not ours, unless an earlier attempt may have released it. */
  async #release(holding: Holding, signal: AbortSignal): Promise<boolean> {
    const client = holding.blob.getBlobLeaseClient(holding.leaseId);
    try {
      await this.#storage.call(signal, (abortSignal) => client.releaseLease({ abortSignal }));
      return true;
    } catch (error) {
      if (isLeaseGone(error)) return holding.releaseUnanswered === true;
      holding.releaseUnanswered = true;
      throw error;
    }
  }

  load(partition: PartitionId, { signal }: CallOptions): Promise<Checkpoint | undefined> {
    return translated(`loading the checkpoint of ${partitionName(partition)}`, signal, async () => {
      const stored = await this.#read(partition, signal);
      if (stored !== undefined) this.#remember(partition, stored);
      return stored?.checkpoint;
    });
  }

  async #read(partition: PartitionId, signal: AbortSignal): Promise<StoredCheckpoint | undefined> {
    try {
      const blob = this.#storage.container.getBlockBlobClient(partitionBlob(partition));
      return await readCheckpoint(this.#storage, blob, signal);
    } catch (error) {
      if (isBlobMissing(error)) return undefined;
      throw error;
    }
  }

  /** If nothing was written since we acquired the lease, a first save need not read the blob again. */
  #remember(partition: PartitionId, { checkpoint, etag }: StoredCheckpoint): void {
    const holding = this.#holdings.of(partition);
    if (holding?.etag === etag) holding.stored = { progress: checkpoint && progressOf(checkpoint) };
  }

  save(checkpoint: Checkpoint, under: Lease, { signal }: CallOptions): Promise<void> {
    return translated(`saving the checkpoint of ${partitionName(under.partition)}`, signal, async () => {
      const holding = this.#holdings.get(under);
      await this.#unlessLost(holding, () => saveCheckpoint(this.#storage, holding, checkpoint, signal));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Every request ends with its call: there is nothing to close.
  }

  /** Turns the service's lease codes into LeaseLost and forgets the lease. */
  async #unlessLost<T>(holding: Holding, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      if (!isLeaseGone(error)) throw error;
      this.#holdings.forget(holding);
      const { partition, owner } = holding;
      throw leaseLost({ partition, epoch: owner.epoch }, 'another replica took it, or it expired', error);
    }
  }
}
