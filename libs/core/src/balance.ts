/**
 * Who should own which partition: a pure function of one lease snapshot, so that every replica computes the same answer.
 * Replicas are identified by their announcements, never by their names.
 */
import type { AnnouncementId, LeaseSnapshot } from './lease-store.ts';
import type { PartitionId } from './table-id.ts';

interface BalancePlan {
  /** Free partitions that are this instance's to take now. */
  readonly acquire: readonly PartitionId[];
  /** Own partitions beyond the fair share, to be released drained and checkpointed. */
  readonly release: readonly PartitionId[];
}

/**
 * What `self` is to do about `partitions`. The fair share is floor(partitions / instances), and the remainder goes, one
 * each, to those that hold most. Nobody releases more than the surplus; a partition that is held by an instance that is
 * not announced any more waits until its lease has ended.
 */
export function balance(
  self: AnnouncementId,
  partitions: readonly PartitionId[],
  snapshot: LeaseSnapshot,
): BalancePlan {
  const { owned, quota, dealt } = deal(self, partitions, snapshot);
  return {
    acquire: dealt.get(self) ?? [],
    release: (owned.get(self) ?? []).slice(quota.get(self) ?? 0),
  };
}

/** The free partitions to be acquired now, by instance: what `acquire` is for each of them. */
export function dealtTo(
  self: AnnouncementId,
  partitions: readonly PartitionId[],
  snapshot: LeaseSnapshot,
): ReadonlyMap<AnnouncementId, readonly PartitionId[]> {
  return deal(self, partitions, snapshot).dealt;
}

function deal(self: AnnouncementId, partitions: readonly PartitionId[], snapshot: LeaseSnapshot) {
  const sorted = [...new Set(partitions)].sort();
  const instances = [
    ...new Set([...snapshot.instances.map(({ announcement }) => announcement), self]),
  ].sort();
  const owned = ownedBy(instances, sorted, snapshot);
  const quota = quotas(sorted.length, instances, owned);
  const free = sorted.filter((partition) => !snapshot.held.has(partition));
  return { owned, quota, dealt: share(free, instances, owned, quota) };
}

type Owned = ReadonlyMap<AnnouncementId, readonly PartitionId[]>;

function ownedBy(
  instances: readonly AnnouncementId[],
  partitions: readonly PartitionId[],
  snapshot: LeaseSnapshot,
): Owned {
  return new Map(
    instances.map((i) => [i, partitions.filter((p) => snapshot.held.get(p)?.announcement === i)]),
  );
}

function quotas(
  total: number,
  instances: readonly AnnouncementId[],
  owned: Owned,
): ReadonlyMap<AnnouncementId, number> {
  const base = Math.floor(total / instances.length);
  const extra = total % instances.length;
  const count = (i: AnnouncementId) => owned.get(i)?.length ?? 0;
  const byHolding = [...instances].sort((a, b) => count(b) - count(a) || (a < b ? -1 : 1));
  return new Map(byHolding.map((i, rank) => [i, base + (rank < extra ? 1 : 0)]));
}

/** Deals the free partitions, in order, to the instances with the most room, so that no two want the same one. */
function share(
  free: readonly PartitionId[],
  instances: readonly AnnouncementId[],
  owned: Owned,
  quota: ReadonlyMap<AnnouncementId, number>,
): ReadonlyMap<AnnouncementId, readonly PartitionId[]> {
  const dealt = new Map<AnnouncementId, PartitionId[]>(instances.map((i) => [i, []]));
  const room = (i: AnnouncementId) =>
    (quota.get(i) ?? 0) - (owned.get(i)?.length ?? 0) - (dealt.get(i)?.length ?? 0);
  for (const partition of free) {
    const taker = instances.reduce((best, i) => (room(i) > room(best) ? i : best));
    if (room(taker) > 0) dealt.get(taker)?.push(partition);
  }
  return dealt;
}
