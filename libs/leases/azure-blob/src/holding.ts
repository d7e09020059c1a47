import type { BlockBlobClient } from '@azure/storage-blob';
import {
  DStreamError,
  tableKey,
  tableName,
  type Checkpoint,
  type Lease,
  type Progress,
  type TableId,
} from '@dstream/core';
import { toMetadata, type OwnerMetadata } from './owner-metadata.ts';

/** What this process knows about a lease that it holds and a `Lease`, a plain value, does not say. */
export interface Holding {
  readonly table: TableId;
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

/** The newest lease of every table that this process has taken. */
export class Holdings {
  readonly #byTable = new Map<string, Holding>();

  add(holding: Holding): void {
    this.#byTable.set(holding.owner.table, holding);
  }

  of(table: TableId): Holding | undefined {
    return this.#byTable.get(tableKey(table));
  }

  /** Undefined for a lease that was released, lost, or taken by another process or another store. */
  find({ table, epoch }: Lease): Holding | undefined {
    const holding = this.of(table);
    return holding?.owner.epoch === epoch ? holding : undefined;
  }

  /** Throws LeaseLost where `find` finds nothing. */
  get(lease: Lease): Holding {
    const holding = this.find(lease);
    if (holding === undefined) throw leaseLost(lease.table, lease.epoch, 'it was given up or lost before');
    return holding;
  }

  forget(holding: Holding): void {
    if (this.of(holding.table) === holding) this.#byTable.delete(holding.owner.table);
  }
}

export function leaseLost(table: TableId, epoch: number, why: string, cause?: unknown): DStreamError {
  return new DStreamError('LeaseLost', `the lease of ${tableName(table)} (epoch ${epoch}) is lost: ${why}`, {
    cause,
  });
}

export const metadataOf = (holding: Holding) => toMetadata(holding.owner);

/** The conditions of every write: our lease id, and nothing written since that we do not know of. */
export const fence = ({ leaseId, etag }: Holding) => ({ leaseId, ifMatch: etag });

export const progressOf = ({ at, generation }: Checkpoint): Progress => ({
  generation,
  position: at.position,
});
