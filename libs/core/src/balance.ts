/**
 * Who should own which table: a pure function of one lease snapshot, so that every replica computes the same answer.
 * Replicas are told apart by their announcements, never by their names.
 */
import type { AnnouncementId, LeaseSnapshot } from './lease-store.ts';

export interface BalancePlan {
  /** Free tables that are this instance's to take now, by `tableKey`. */
  readonly acquire: readonly string[];
  /** Own tables beyond the fair share, to be given back drained and checkpointed. */
  readonly release: readonly string[];
}

/**
 * What `self` does about `tables` (keys) given the snapshot. The fair share is floor(tables / instances), and the
 * remainder goes, one each, to those that hold most. Nobody gives up more than the surplus; a table that is held by
 * an instance that is not announced any more waits until its lease has ended.
 */
export function balance(
  self: AnnouncementId,
  tables: readonly string[],
  snapshot: LeaseSnapshot,
): BalancePlan {
  const { owned, quota, dealt } = deal(self, tables, snapshot);
  return {
    acquire: dealt.get(self) ?? [],
    release: (owned.get(self) ?? []).slice(quota.get(self) ?? 0),
  };
}

/** The free tables that are to be acquired now, by whose they are: what `acquire` says, for every instance. */
export function dealtTo(
  self: AnnouncementId,
  tables: readonly string[],
  snapshot: LeaseSnapshot,
): ReadonlyMap<AnnouncementId, readonly string[]> {
  return deal(self, tables, snapshot).dealt;
}

function deal(self: AnnouncementId, tables: readonly string[], snapshot: LeaseSnapshot) {
  const sorted = [...new Set(tables)].sort();
  const instances = [
    ...new Set([...snapshot.instances.map(({ announcement }) => announcement), self]),
  ].sort();
  const owned = ownedBy(instances, sorted, snapshot);
  const quota = quotas(sorted.length, instances, owned);
  const free = sorted.filter((table) => !snapshot.held.has(table));
  return { owned, quota, dealt: share(free, instances, owned, quota) };
}

type Owned = ReadonlyMap<AnnouncementId, readonly string[]>;

function ownedBy(
  instances: readonly AnnouncementId[],
  tables: readonly string[],
  snapshot: LeaseSnapshot,
): Owned {
  return new Map(instances.map((i) => [i, tables.filter((t) => snapshot.held.get(t)?.announcement === i)]));
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

/** Deals the free tables, in order, to the instances with the most room, so that no two want the same one. */
function share(
  free: readonly string[],
  instances: readonly AnnouncementId[],
  owned: Owned,
  quota: ReadonlyMap<AnnouncementId, number>,
): ReadonlyMap<AnnouncementId, readonly string[]> {
  const dealt = new Map<AnnouncementId, string[]>(instances.map((i) => [i, []]));
  const room = (i: AnnouncementId) =>
    (quota.get(i) ?? 0) - (owned.get(i)?.length ?? 0) - (dealt.get(i)?.length ?? 0);
  for (const table of free) {
    const taker = instances.reduce((best, i) => (room(i) > room(best) ? i : best));
    if (room(taker) > 0) dealt.get(taker)?.push(table);
  }
  return dealt;
}
