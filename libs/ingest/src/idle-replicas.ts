import {
  dealtTo,
  type AnnouncementId,
  type Clock,
  type LeaseSnapshot,
  type Log,
  type PartitionId,
} from '@dstream/core';
import { freshMs } from './partition-list.ts';

interface IdleReplicasOptions {
  readonly self: AnnouncementId;
  readonly leaseDurationMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** What is balanced: partitions, leases and replicas. */
interface Balanced {
  readonly partitions: readonly PartitionId[];
  readonly snapshot: LeaseSnapshot;
}

interface Watched {
  readonly sinceMs: number;
  readonly owned: number;
}

/**
 * Finds replicas that are announced and do not acquire the partitions that are left to them: they have other tables, or
 * cannot acquire for a reason of their own. All replicas balance by the same rule, so no other one would acquire those
 * partitions. An idle replica is left out of the balancing, with the partitions that it holds, until it acquires one.
 */
export class IdleReplicas {
  readonly #options: IdleReplicasOptions;
  /** Replicas that free partitions are left to, and since when they have owned as many as now. */
  readonly #watched = new Map<AnnouncementId, Watched>();
  /** Idle replicas, with how many partitions each owned when it was found to be idle. */
  readonly #idle = new Map<AnnouncementId, number>();
  #lookedAtMs = 0;

  constructor(options: IdleReplicasOptions) {
    this.#options = options;
  }

  /** Called at every balancing pass. @param partitions those that this replica has */
  exclude(partitions: readonly PartitionId[], snapshot: LeaseSnapshot): Balanced {
    const live = new Set(snapshot.instances.map(({ announcement }) => announcement));
    for (const known of [this.#watched, this.#idle])
      for (const one of known.keys()) if (!live.has(one)) known.delete(one);
    for (const [one, owned] of this.#idle)
      if (ownedBy(one, partitions, snapshot) > owned) this.#idle.delete(one);
    this.#watch(this.#without(partitions, snapshot));
    return this.#without(partitions, snapshot);
  }

  #without(partitions: readonly PartitionId[], { held, instances }: LeaseSnapshot): Balanced {
    const isIdle = (one: AnnouncementId | undefined) => one !== undefined && this.#idle.has(one);
    return {
      partitions: partitions.filter((partition) => !isIdle(held.get(partition)?.announcement)),
      snapshot: { held, instances: instances.filter(({ announcement }) => !isIdle(announcement)) },
    };
  }

  #watch({ partitions, snapshot }: Balanced): void {
    const { self, clock, leaseDurationMs } = this.#options;
    const now = clock.monotonicMs();
    // After a time without passes it is not known what the replica did, nor whether it could do anything.
    if (now - this.#lookedAtMs > leaseDurationMs) this.#watched.clear();
    this.#lookedAtMs = now;
    for (const [one, dealt] of dealtTo(self, partitions, snapshot)) {
      const before = this.#watched.get(one);
      const owned = ownedBy(one, partitions, snapshot);
      if (one === self || dealt.length === 0) this.#watched.delete(one);
      else if (before?.owned !== owned) this.#watched.set(one, { sinceMs: now, owned });
      // Its list of partitions may be older than ours, and what it acquires may take a while.
      else if (now - before.sinceMs >= 2 * leaseDurationMs + freshMs)
        this.#found(one, owned, dealt, snapshot);
    }
  }

  #found(
    announcement: AnnouncementId,
    owned: number,
    dealt: readonly PartitionId[],
    { instances }: LeaseSnapshot,
  ): void {
    this.#watched.delete(announcement);
    this.#idle.set(announcement, owned);
    const instance = instances.find((one) => one.announcement === announcement)?.instance;
    this.#options.log.warn(
      'replica does not acquire its share of the tables; the others take them: ' +
        'give all replicas of a source the same tables, or each group its own container',
      { replica: instance, announcement, tables: dealt.length, example: dealt[0] },
    );
  }
}

function ownedBy(one: AnnouncementId, partitions: readonly PartitionId[], { held }: LeaseSnapshot): number {
  return partitions.filter((partition) => held.get(partition)?.announcement === one).length;
}
