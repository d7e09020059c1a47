/** By which session a change travels (docs/messages.md): that of its table, or one of the table's buckets when ordered by key. */
import type { Value } from './change-event.ts';
import type { EncodedChange } from './change-source.ts';
import {
  partitionOf,
  perTable,
  shorten,
  tableKey,
  type Hash,
  type PartitionId,
  type TableId,
} from './table-id.ts';

/** Service Bus accepts session ids of at most 128 characters (Service Bus quotas). */
const maxSessionId = 128;

/** Sessions of one table that is ordered by key, at most. */
const maxKeySessions = 1024;

/** Characters of a session id that `/1023` needs. */
const bucketDigits = String(maxKeySessions - 1).length + 1;

/** What keeps its order: the changes of a table, or those of a row, in `sessions` sessions. */
export type Ordering = { readonly by: 'table' } | { readonly by: 'key'; readonly sessions: number };

/** The default. */
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

/** Every session that changes of `table` travel by: one, or its buckets and then its own, which is for changes without a key. */
export function sessionsOf(table: TableId, ordering: Ordering, hash: Hash): readonly string[] {
  const own = sessionIdOf(table, hash);
  return ordering.by === 'table' ? [own] : [...bucketSessions(table, ordering.sessions, hash), own];
}

function bucketSessions(table: TableId, sessions: number, hash: Hash): readonly string[] {
  const prefix = bucketPrefix(table, hash);
  return Array.from({ length: sessions }, (_, bucket) => `${prefix}${bucket}`);
}

/** What decides the session. */
type Routed = Pick<EncodedChange, 'table' | 'key'>;

/**
 * A function that gives the session of each change, of any table. Ordered by key, the key decides, of an update the new
 * key. A change without a key (of a table without one, or a gap) travels by its table's own session.
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
 * True when changes of `table` travel by `sessionId`: its own session, or any of its buckets, because messages of another
 * layout may still be on their way.
 */
export function travelsBy(sessionId: string, table: TableId, hash: Hash): boolean {
  if (sessionId === sessionIdOf(table, hash)) return true;
  const slash = sessionId.lastIndexOf('/') + 1;
  const bucket = sessionId.slice(slash);
  if (!/^(0|[1-9]\d{0,3})$/.test(bucket) || Number(bucket) >= maxKeySessions) return false;
  return sessionId.slice(0, slash) === bucketPrefix(table, hash);
}

/**
 * The bucket of a key, from 0 to `buckets` - 1: the same on any replica and in any later version, because changes of one
 * row must not travel by two sessions.
 *
 * Keys that a database may take for equal fall into one bucket, because they are one row to it: case, accents, width and
 * blanks at the end do not count, whatever the collation. Nor does whether a number arrives as number or as string, so
 * that a key column that grows from int to bigint keeps its bucket.
 */
export function bucketOf(key: readonly Value[], buckets: number): number {
  let hash = offsetBasis;
  for (const value of key) hash = mix(fold(value), hash);
  return spread(hash) % buckets;
}

/** FNV-1a of 32 bits ("The FNV Non-Cryptographic Hash Algorithm"), over UTF-16 units and an end mark. */
const offsetBasis = 0x811c9dc5;
const prime = 0x01000193;
const endOfValue = 0x1f;

function mix(text: string, from: number): number {
  let hash = from;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), prime);
  return Math.imul(hash ^ endOfValue, prime);
}

/** The finishing steps of MurmurHash3: the low bits of FNV alone are poor for keys that differ in their last digit. */
function spread(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Upper case, because ß and SS, and the four letters i of Turkish, meet only there. */
function fold(value: Value): string {
  if (typeof value !== 'string') return String(value);
  const plain = isAscii.test(value) ? value : value.normalize('NFKD').replace(/\p{M}+/gu, '');
  return plain.toUpperCase().trimEnd();
}

const isAscii = /^[\x20-\x7e]*$/;
