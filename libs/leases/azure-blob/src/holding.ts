import type { BlockBlobClient } from '@azure/storage-blob';
import { leaseLost, type Lease, type PartitionId, type Progress } from '@dstream/core';
import { toMetadata, type OwnerMetadata } from './owner-metadata.ts';

/** What the store keeps about a lease that it holds, beside the plain value `Lease`. */
export interface Holding {
  readonly partition: PartitionId;
  readonly owner: OwnerMetadata;
  readonly blob: BlockBlobClient;
  readonly leaseId: string;
  /** ETag of our last write. Every write names it, so that a write we do not know of is noticed. */
  etag: string;
  goodUntilMs: number;
  /** A release got no answer, or an error: it may have happened. */
  releaseUnanswered?: boolean;
  /** The checkpoint in the blob, once it is known. Nothing older is written. */
  stored?: { readonly progress: Progress | undefined };
}

/** The newest lease of every partition that this store has acquired. */
export class Holdings {
  readonly #byPartition = new Map<PartitionId, Holding>();

  add(holding: Holding): void {
    this.#byPartition.set(holding.partition, holding);
  }

  of(partition: PartitionId): Holding | undefined {
    return this.#byPartition.get(partition);
  }

  /** Undefined for a lease that was released or lost, or that another store acquired. */
  find({ partition, epoch }: Lease): Holding | undefined {
    const holding = this.of(partition);
    return holding?.owner.epoch === epoch ? holding : undefined;
  }

  /** As `find`, but throws LeaseLost instead of returning undefined. */
  get(lease: Lease): Holding {
    const holding = this.find(lease);
    if (holding === undefined) throw leaseLost(lease, 'it was released or lost before');
    return holding;
  }

  forget(holding: Holding): void {
    if (this.of(holding.partition) === holding) this.#byPartition.delete(holding.partition);
  }
}

/** The metadata of every write: a write replaces all of it. */
export const metadataOf = (holding: Holding) => toMetadata(holding.owner);

/** The conditions of every write: our lease id, and no write since the last one we know of. */
export const fence = ({ leaseId, etag }: Holding) => ({ leaseId, ifMatch: etag });
