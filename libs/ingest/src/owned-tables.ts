/** The tables this replica owns right now, each with its running owner. */
import type { Announced, Lease, StopSignals } from '@dstream/core';
import { onAbort } from '@dstream/async';
import type { ReplicaMetrics } from './replica-metrics.ts';
import type { TableOwner } from './table-owner.ts';
import type { TableReport } from './table-status.ts';

interface Owned {
  readonly owner: TableOwner;
  readonly epoch: number;
  readonly drain: AbortController;
  readonly ended: Promise<void>;
}

export class OwnedTables {
  readonly #make: (lease: Lease) => TableOwner;
  readonly #metrics: Pick<ReplicaMetrics, 'owned'>;
  readonly #owned = new Map<string, Owned>();

  constructor(make: (lease: Lease) => TableOwner, metrics: Pick<ReplicaMetrics, 'owned'>) {
    this.#make = make;
    this.#metrics = metrics;
  }

  has(key: string): boolean {
    return this.#owned.has(key);
  }

  entries(): readonly (readonly [string, { readonly epoch: number }])[] {
    return [...this.#owned];
  }

  /** Starts owning. The entry goes when the owner has ended, for whatever reason. */
  start(key: string, lease: Lease, stop: StopSignals): void {
    const owner = this.#make(lease);
    const drain = new AbortController();
    const stopListening = onAbort(stop.draining, () => drain.abort(stop.draining.reason));
    const ended = owner.run({ draining: drain.signal, aborted: stop.aborted }).finally(() => {
      stopListening();
      this.#owned.delete(key);
      this.#metrics.owned(this.#owned.size);
    });
    this.#owned.set(key, { owner, epoch: lease.epoch, drain, ended });
    this.#metrics.owned(this.#owned.size);
  }

  /** Asks for one table to be given back: drained, saved, released. Idempotent. */
  drain(key: string): void {
    this.#owned.get(key)?.drain.abort(new Error('the table is given back'));
  }

  /** Resolves when every owner has ended. */
  async settled(): Promise<void> {
    await Promise.all([...this.#owned.values()].map(({ ended }) => ended));
  }

  report(key: string, owner: Announced): TableReport | undefined {
    return this.#owned.get(key)?.owner.status.report(owner);
  }
}
