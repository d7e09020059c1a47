/** Which bucket of a table's rows a key falls into, when changes are ordered by key. */
import type { Value } from './change-event.ts';

/**
 * From 0 to `buckets` - 1, and the same on any replica and in any later version: changes of one row must not part.
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
