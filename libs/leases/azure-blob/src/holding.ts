import type { BlockBlobClient } from '@azure/storage-blob';
import { leaseLost, type Lease, type PartitionId, type Progress } from '@dstream/core';
import { toMetadata, type OwnerMetadata } from './owner-metadata.ts';

/** What this process knows about a lease that it holds and a `Lease`, a plain value, does not say. */
export interface Holding {
  readonly partition: PartitionId;
  readonly owner: OwnerMetadata;
  readonly blob: BlockBlobClient;
  readonly leaseId: string;
  /** Of the last write that is known: every write names it, so that one we do not know of is noticed. */
  etag: string;
  goodUntilMs: number;
  /** A release got no answer, or an error: it may have worked. */
  releaseUnanswered?: boolean;
  /** What the blob holds, once it is known. Nothing older is written. */
  stored?: { readonly progress: Progress | undefined };
}

/** The newest lease of every partition that this process has taken. */
export class Holdings {
  readonly #byPartition = new Map<PartitionId, Holding>();

  add(holding: Holding): void {
    this.#byPartition.set(holding.partition, holding);
  }

  of(partition: PartitionId): Holding | undefined {
    return this.#byPartition.get(partition);
  }

  /** Undefined for a lease that was released, lost, or taken by another process or another store. */
  find({ partition, epoch }: Lease): Holding | undefined {
    const holding = this.of(partition);
    return holding?.owner.epoch === epoch ? holding : undefined;
  }

  /** Throws LeaseLost where `find` finds nothing. */
  get(lease: Lease): Holding {
    const holding = this.find(lease);
    if (holding === undefined) throw leaseLost(lease, 'it was given up or lost before');
    return holding;
  }

  forget(holding: Holding): void {
    if (this.of(holding.partition) === holding) this.#byPartition.delete(holding.partition);
  }
}

export const metadataOf = (holding: Holding) => toMetadata(holding.owner);

/** The conditions of every write: our lease id, and nothing written since that we do not know of. */
export const fence = ({ leaseId, etag }: Holding) => ({ leaseId, ifMatch: etag });
