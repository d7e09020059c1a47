import {
  partitionName,
  RateMeter,
  type Announced,
  type Clock,
  type DStreamError,
  type Lease,
  type PartitionId,
} from '@dstream/core';

/** What `/status` says of one partition. Of another replica's only key, name, owner and epoch are known. */
export interface PartitionReport {
  readonly key: PartitionId;
  /** `partitionName`: of a table `schema.table`. */
  readonly table: string;
  readonly owner: string | null;
  /** The owner's announcement: two owners may have one name. */
  readonly announcement: string | null;
  readonly epoch: number | null;
  readonly position: string | null;
  readonly generation: number | null;
  /**
   * Milliseconds from the commit to the acceptance: until now of the oldest change that is read and waits, else of the last
   * one; 0 once all was sent; null before the first look.
   */
  readonly lagMs: number | null;
  /** Changes the topic accepted since this replica owns the partition. */
  readonly changes: number;
  /** The same a second, over the last ten seconds; null for another replica's. */
  readonly changesPerSecond: number | null;
  readonly fault: { readonly code: string; readonly message: string } | null;
}

/** What one replica knows of a partition it owns. Written by the partition's owner, read by `/status`. */
export class PartitionStatus {
  readonly #partition: PartitionId;
  readonly #epoch: number;
  position: string | undefined;
  generation: number | undefined;
  fault: DStreamError | undefined;
  readonly #rate: RateMeter;
  readonly #lagMs: () => number | undefined;
  #changes = 0;

  /** @param lagMs asked for at every report: it grows while changes wait */
  constructor(lease: Lease, clock: Clock, lagMs: () => number | undefined) {
    this.#partition = lease.partition;
    this.#epoch = lease.epoch;
    this.#rate = new RateMeter(clock);
    this.#lagMs = lagMs;
  }

  /** The topic has accepted `changes` more. */
  sent(changes: number): void {
    this.#changes += changes;
    this.#rate.add(changes);
  }

  report({ instance: owner, announcement }: Announced): PartitionReport {
    const { fault } = this;
    return {
      key: this.#partition,
      table: partitionName(this.#partition),
      owner,
      announcement,
      epoch: this.#epoch,
      position: this.position ?? null,
      generation: this.generation ?? null,
      lagMs: this.#lagMs() ?? null,
      changes: this.#changes,
      changesPerSecond: Math.round(this.#rate.perSecond() * 100) / 100,
      fault: fault === undefined ? null : { code: fault.code, message: fault.message },
    };
  }
}
