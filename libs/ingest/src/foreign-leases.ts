import {
  leaseHeldElsewhere,
  partitionName,
  type AnnouncementId,
  type Clock,
  type DStreamError,
  type HeldLease,
  type LeaseSnapshot,
  type Log,
  type PartitionId,
} from '@dstream/core';
import { FailureLog } from '@dstream/async';

interface ForeignLeasesOptions {
  readonly self: AnnouncementId;
  readonly leaseDurationMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

interface Seen {
  readonly held: HeldLease;
  readonly sinceMs: number;
  readonly failureLog: FailureLog;
  fault: DStreamError | undefined;
}

/**
 * Leases that no replica accounts for: of another program, of a person, or of an owner that is not announced and whose
 * lease does not end. A killed replica's lease ends within its duration, so one that lasts for two is a fault of its
 * partition; an endless one is none of ours, and a fault at the second pass.
 */
export class ForeignLeases {
  readonly #options: ForeignLeasesOptions;
  readonly #seen = new Map<PartitionId, Seen>();

  constructor(options: ForeignLeasesOptions) {
    this.#options = options;
  }

  /** Why nobody can own the partition; undefined while somebody does or may. */
  fault(partition: PartitionId): DStreamError | undefined {
    return this.#seen.get(partition)?.fault;
  }

  /** Called at every balancing pass, with the partitions that are not owned here. */
  update({ held, instances }: LeaseSnapshot, partitions: readonly PartitionId[]): void {
    const others = new Set(instances.map(({ announcement }) => announcement));
    others.delete(this.#options.self);
    const accounted = (lease: HeldLease) =>
      !lease.endless && lease.announcement !== undefined && others.has(lease.announcement);
    const foreign = new Map(
      partitions.flatMap((partition) => {
        const lease = held.get(partition);
        return lease === undefined || accounted(lease) ? [] : [[partition, lease] as const];
      }),
    );
    for (const partition of this.#seen.keys()) if (!foreign.has(partition)) this.#ended(partition);
    for (const [partition, lease] of foreign) this.#saw(partition, lease);
  }

  #saw(partition: PartitionId, held: HeldLease): void {
    const { clock, log, leaseDurationMs } = this.#options;
    const before = this.#seen.get(partition);
    if (before === undefined || !same(before.held, held)) {
      this.#ended(partition);
      const table = partitionName(partition);
      const failureLog = new FailureLog('acquiring the table', log.child({ table }), clock);
      this.#seen.set(partition, { held, sinceMs: clock.monotonicMs(), failureLog, fault: undefined });
      return;
    }
    const forMs = clock.monotonicMs() - before.sinceMs;
    if (!held.endless && forMs < 2 * leaseDurationMs) return;
    before.fault ??= leaseHeldElsewhere(partition, held, forMs);
    before.failureLog.failed(before.fault);
  }

  #ended(partition: PartitionId): void {
    const seen = this.#seen.get(partition);
    if (seen === undefined) return;
    this.#seen.delete(partition);
    seen.failureLog.succeeded();
  }
}

const same = (a: HeldLease, b: HeldLease) =>
  a.owner === b.owner && a.announcement === b.announcement && a.epoch === b.epoch && a.endless === b.endless;
