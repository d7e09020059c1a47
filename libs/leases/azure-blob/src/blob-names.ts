/**
 * Where things stand in the container: `<scope>/<rest of the id>.lock` for a partition, of SQL Server
 * `<name>/<database>/<schema>.<table>.lock`, and `<scope>/_instances/<instance>-<random>` for a replica that is alive. A
 * scope is `<name>/<database>`, and the rest of an id holds no slash, so the two never meet.
 */
import { createHash } from 'node:crypto';
import type { AnnouncementId, InstanceId, PartitionId } from '@dstream/core';
import { toAscii } from './ascii.ts';

/**
 * The service takes names of at most 1,024 characters and counts on an address of a sane length (Naming and
 * Referencing Containers, Blobs, and Metadata). Three parts of this length, as they stand in the address, fit.
 */
const maxPartLength = 300;
const hashDigits = 16;

/** The start of every blob of one source. @param scope see `ChangeSource.scope` */
export function scopePrefix(scope: string): string {
  return `${partsOf(scope)}/`;
}

/** The start of every blob of what has the source's name, whatever the database. */
export function namePrefix(scope: string): string {
  const prefix = scopePrefix(scope);
  return prefix.slice(0, prefix.indexOf('/') + 1);
}

/** The database as it stands in the names of its blobs. */
export function databaseOf(scope: string): string {
  return scopePrefix(scope).split('/')[1] ?? '';
}

/** The blob that holds a partition's lease and checkpoint. Two partitions never share one. */
export function partitionBlob(partition: PartitionId): string {
  return `${partsOf(partition)}.lock`;
}

export function instancesPrefix(scope: string): string {
  return `${scopePrefix(scope)}_instances/`;
}

/** True for a replica's announcement, of whichever source. */
export function isInstanceBlob(name: string): boolean {
  return name.split('/')[2] === '_instances';
}

/** `random` keeps two replicas of one name apart. */
export function announcementOf(instance: InstanceId, random: string): AnnouncementId {
  return `${part(toAscii(instance))}-${random}` as AnnouncementId;
}

export function instanceBlob(scope: string, announcement: AnnouncementId): string {
  return `${instancesPrefix(scope)}${announcement}`;
}

/** Whose announcement a blob is that `isInstanceBlob`. */
export function announcementIn(name: string): AnnouncementId {
  return name.slice(name.lastIndexOf('/') + 1) as AnnouncementId;
}

/** Scope or id, each part as it stands in the names of blobs. */
function partsOf(key: string): string {
  return key.split('/').map(part).join('/');
}

/** The text itself if it is short enough in an address, else its start and a hash of all of it. */
function part(text: string): string {
  if (text.isWellFormed() && addressLength(text) <= maxPartLength) return text;
  const hash = createHash('sha256').update(text, 'utf16le').digest('hex').slice(0, hashDigits);
  return `${start(text.toWellFormed(), maxPartLength - hashDigits - 1)}~${hash}`;
}

const addressLength = (text: string) => encodeURIComponent(text).length;

/** As many whole characters as fit. */
function start(text: string, max: number): string {
  let [kept, length] = ['', 0];
  for (const character of text) {
    length += addressLength(character);
    if (length > max) break;
    kept += character;
  }
  return kept;
}
