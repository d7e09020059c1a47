/** By which session a change travels (DESIGN 7): that of its table, or one of the table's buckets when ordered by key. */
import type { EncodedChange } from './encoded-change.ts';
import { bucketOf } from './key-bucket.ts';
import { partitionOf, type PartitionId } from './partition-id.ts';
import { shorten, type Hash } from './shorten.ts';
import { perTable, tableKey, type TableId } from './table-id.ts';

/** Service Bus takes session ids of at most 128 characters (Service Bus quotas). */
const maxSessionId = 128;

/** Sessions of one table that is ordered by key, at most. */
export const maxKeySessions = 1024;

/** What `/1023` takes of a session id. */
const bucketDigits = String(maxKeySessions - 1).length + 1;

/** What keeps its order: the changes of a table, or those of a row, in so many sessions. */
export type Ordering = { readonly by: 'table' } | { readonly by: 'key'; readonly sessions: number };

export const byTable: Ordering = { by: 'table' };

/**
 * The ordering as one word. A checkpoint remembers it: under another layout the same session holds other rows, so their
 * positions do not compare, and a new generation begins.
 */
export function layoutOf(ordering: Ordering): string {
  return ordering.by === 'table' ? 'table' : `key/${ordering.sessions}`;
}

/** The session of a table: its identity, shortened by a hash where it passes the broker's limit. */
export function sessionIdOf(table: TableId, hash: Hash): string {
  return sessionOfPartition(partitionOf(table), hash);
}

/** The session of the same name as a partition: that of the table, where the partition is one. */
export function sessionOfPartition(partition: PartitionId, hash: Hash): string {
  return shorten(partition, maxSessionId, hash);
}

/** What the buckets' sessions of a table begin with. */
function bucketPrefix(table: TableId, hash: Hash): string {
  return `${shorten(tableKey(table), maxSessionId - bucketDigits, hash)}/`;
}

/** Every session that changes of `table` travel by: one, or its buckets and then its own, for what has no key. */
export function sessionsOf(table: TableId, ordering: Ordering, hash: Hash): readonly string[] {
  const own = sessionIdOf(table, hash);
  return ordering.by === 'table' ? [own] : [...bucketSessions(table, ordering.sessions, hash), own];
}

function bucketSessions(table: TableId, sessions: number, hash: Hash): readonly string[] {
  const prefix = bucketPrefix(table, hash);
  return Array.from({ length: sessions }, (_, bucket) => `${prefix}${bucket}`);
}

/** What a session is decided by. */
type Routed = Pick<EncodedChange, 'table' | 'key'>;

/**
 * Tells the session of each change, of whichever table. By key it is decided by the key, of an update the one after it. What
 * has no key, as a change of a table without one or a gap, travels by its table's own session.
 */
export function sessionRouter(ordering: Ordering, hash: Hash): (change: Routed) => string {
  const ownOf = perTable((table) => sessionIdOf(table, hash));
  if (ordering.by === 'table') return ({ table }) => ownOf(table);
  const { sessions } = ordering;
  const bucketsOf = perTable((table) => bucketSessions(table, sessions, hash));
  return ({ table, key }) =>
    key === null ? ownOf(table) : (bucketsOf(table)[bucketOf(key, sessions)] ?? ownOf(table));
}

/**
 * True when changes of `table` travel by `sessionId`: its own session, or one of its buckets. Which of them is not asked:
 * messages of another layout may still be on their way.
 */
export function travelsBy(sessionId: string, table: TableId, hash: Hash): boolean {
  if (sessionId === sessionIdOf(table, hash)) return true;
  const slash = sessionId.lastIndexOf('/') + 1;
  const bucket = sessionId.slice(slash);
  if (!/^(0|[1-9]\d{0,3})$/.test(bucket) || Number(bucket) >= maxKeySessions) return false;
  return sessionId.slice(0, slash) === bucketPrefix(table, hash);
}
