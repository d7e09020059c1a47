/** The partitions this replica owns right now, each with its running owner. */
import type { Announced, Lease, PartitionId, StopSignals } from '@dstream/core';
import { onAbort } from '@dstream/async';
import type { ReplicaMetrics } from './replica-metrics.ts';
import type { PartitionOwner } from './partition-owner.ts';
import type { PartitionReport } from './partition-status.ts';

interface Owned {
  readonly owner: PartitionOwner;
  readonly epoch: number;
  readonly drain: AbortController;
  readonly ended: Promise<void>;
}

export class OwnedPartitions {
  readonly #make: (lease: Lease) => PartitionOwner;
  readonly #metrics: Pick<ReplicaMetrics, 'owned'>;
  readonly #owned = new Map<PartitionId, Owned>();

  constructor(make: (lease: Lease) => PartitionOwner, metrics: Pick<ReplicaMetrics, 'owned'>) {
    this.#make = make;
    this.#metrics = metrics;
  }

  has(partition: PartitionId): boolean {
    return this.#owned.has(partition);
  }

  entries(): readonly (readonly [PartitionId, { readonly epoch: number }])[] {
    return [...this.#owned];
  }

  /** Starts owning. The entry goes when the owner has ended, for whatever reason. */
  start(lease: Lease, stop: StopSignals): void {
    const { partition } = lease;
    const owner = this.#make(lease);
    const drain = new AbortController();
    const stopListening = onAbort(stop.draining, () => drain.abort(stop.draining.reason));
    const ended = owner.run({ draining: drain.signal, aborted: stop.aborted }).finally(() => {
      stopListening();
      this.#owned.delete(partition);
      this.#metrics.owned(this.#owned.size);
    });
    this.#owned.set(partition, { owner, epoch: lease.epoch, drain, ended });
    this.#metrics.owned(this.#owned.size);
  }

  /** Asks for one partition to be given back: drained, saved, released. Idempotent. */
  drain(partition: PartitionId): void {
    this.#owned.get(partition)?.drain.abort(new Error('the table is given back'));
  }

  /** Resolves when every owner has ended. */
  async settled(): Promise<void> {
    await Promise.all([...this.#owned.values()].map(({ ended }) => ended));
  }

  report(partition: PartitionId, owner: Announced): PartitionReport | undefined {
    return this.#owned.get(partition)?.owner.status.report(owner);
  }
}
