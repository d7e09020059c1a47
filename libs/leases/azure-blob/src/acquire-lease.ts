/**
 * Acquires the lease of a partition in three steps: lease the blob → read its epoch → write the next epoch under the lease.
 * Only then it counts. A crash between two steps leaves a lease that expires and an epoch that nobody used.
 */
import { goodUntil, type Lease, type PartitionId } from '@dstream/core';
import { partitionBlob } from './blob-names.ts';
import type { Holding } from './holding.ts';
import { fromMetadata, toMetadata } from './owner-metadata.ts';
import { required, type Storage } from './storage.ts';
import { errorCodeOf, isBlobMissing } from './translate-error.ts';

/** A lease, and what the store keeps about it. */
interface Acquired {
  readonly lease: Lease;
  readonly holding: Holding;
}

/** Acquires leases, one attempt per call. */
export class LeaseAcquirer {
  readonly #storage: Storage;
  /**
   * Lease ids whose acquisition got no answer. It may have been granted: asking again with the same id gets the same
   * lease, whereas another id would be refused until it expires ("Lease Blob": acquire with the current id).
   */
  readonly #unanswered = new Map<PartitionId, string>();

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  /** Undefined if another owner has it. */
  async acquire(partition: PartitionId, signal: AbortSignal): Promise<Acquired | undefined> {
    const { clock, leaseDurationMs } = this.#storage.options;
    const leaseId = this.#nextLeaseId(partition);
    const beforeMs = clock.monotonicMs();
    const acquiredAt = await this.#lease(partition, leaseId, signal);
    if (acquiredAt === undefined) return undefined;
    const goodUntilMs = goodUntil(beforeMs, leaseDurationMs);
    const holding = await this.#claim(partition, leaseId, goodUntilMs, signal);
    const { epoch } = holding.owner;
    return { holding, lease: { partition, epoch, goodUntilMs, acquiredAtMs: acquiredAt.getTime() } };
  }

  /** An id is used by one attempt at a time: two with the same id would both get the lease. */
  #nextLeaseId(partition: PartitionId): string {
    const leaseId = this.#unanswered.get(partition) ?? this.#storage.options.newId();
    this.#unanswered.delete(partition);
    return leaseId;
  }

  /**
   * The store's time of the acquisition, or undefined if another owner has the lease. A caller that aborts while the request
   * is under way may have got the lease: it is released.
   */
  async #lease(partition: PartitionId, leaseId: string, signal: AbortSignal): Promise<Date | undefined> {
    try {
      return await this.#leaseOrCreate(partition, leaseId, signal);
    } catch (error) {
      if (heldByAnother.has(errorCodeOf(error))) return undefined;
      if (signal.aborted) await this.#releaseQuietly(partition, leaseId);
      else this.#unanswered.set(partition, leaseId);
      throw error;
    }
  }

  async #leaseOrCreate(partition: PartitionId, leaseId: string, signal: AbortSignal): Promise<Date> {
    try {
      return await this.#leaseOnce(partition, leaseId, signal);
    } catch (error) {
      if (!isBlobMissing(error)) throw error;
      await this.#create(partition, signal);
      return this.#leaseOnce(partition, leaseId, signal);
    }
  }

  async #leaseOnce(partition: PartitionId, leaseId: string, signal: AbortSignal): Promise<Date> {
    const seconds = this.#storage.options.leaseDurationMs / 1_000;
    const client = this.#blob(partition).getBlobLeaseClient(leaseId);
    const reply = await this.#storage.call(signal, (abortSignal) =>
      client.acquireLease(seconds, { abortSignal }),
    );
    return required(reply.date, 'Date');
  }

  /** Creates an empty blob. Another replica may be faster, and may even have leased it already. */
  async #create(partition: PartitionId, signal: AbortSignal): Promise<void> {
    const metadata = toMetadata({ owner: this.#storage.options.instance, epoch: 0, table: partition });
    try {
      await this.#storage.call(signal, (abortSignal) =>
        this.#blob(partition).upload('', 0, { conditions: { ifNoneMatch: '*' }, metadata, abortSignal }),
      );
    } catch (error) {
      if (!createdByAnother.has(errorCodeOf(error))) throw error;
    }
  }

  /** Writes owner and next epoch under the lease. If that fails the lease is released, so that nobody waits for it. */
  async #claim(
    partition: PartitionId,
    leaseId: string,
    goodUntilMs: number,
    signal: AbortSignal,
  ): Promise<Holding> {
    try {
      return await this.#writeNextEpoch(partition, leaseId, goodUntilMs, signal);
    } catch (error) {
      await this.#releaseQuietly(partition, leaseId);
      throw error;
    }
  }

  async #writeNextEpoch(
    partition: PartitionId,
    leaseId: string,
    goodUntilMs: number,
    signal: AbortSignal,
  ): Promise<Holding> {
    const blob = this.#blob(partition);
    const before = await this.#storage.call(signal, (abortSignal) =>
      blob.getProperties({ conditions: { leaseId }, abortSignal }),
    );
    const epoch = fromMetadata(before.metadata).epoch + 1;
    const { announcement, options } = this.#storage;
    const owner = { owner: options.instance, announcement, epoch, table: partition };
    const conditions = { leaseId, ifMatch: required(before.etag, 'ETag') };
    const written = await this.#storage.call(signal, (abortSignal) =>
      blob.setMetadata(toMetadata(owner), { conditions, abortSignal }),
    );
    return { partition, owner, blob, leaseId, goodUntilMs, etag: required(written.etag, 'ETag') };
  }

  /** Even after the caller has aborted: otherwise a partition that nobody reads would stay leased until it expires. */
  async #releaseQuietly(partition: PartitionId, leaseId: string): Promise<void> {
    const client = this.#blob(partition).getBlobLeaseClient(leaseId);
    const unstoppable = new AbortController().signal;
    try {
      await this.#storage.call(unstoppable, (abortSignal) => client.releaseLease({ abortSignal }));
    } catch (error) {
      this.#unanswered.set(partition, leaseId);
      this.#storage.options.log.debug('could not release half-acquired lease; it will expire', {
        error,
      });
    }
  }

  #blob(partition: PartitionId) {
    return this.#storage.container.getBlockBlobClient(partitionBlob(partition));
  }
}

/** "Lease Blob", outcomes of acquire. */
const heldByAnother: ReadonlySet<string | undefined> = new Set([
  'LeaseAlreadyPresent',
  'LeaseIsBreakingAndCannotBeAcquired',
]);

/** "Put Blob" with `If-None-Match: *`: 409 if the blob exists, 412 if it exists and is leased. */
export const createdByAnother: ReadonlySet<string | undefined> = new Set([
  'BlobAlreadyExists',
  'ConditionNotMet',
  'LeaseIdMissing',
]);
