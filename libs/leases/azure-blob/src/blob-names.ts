/**
 * Names of blobs: `<scope>/<rest of the id>.lock` for a partition, with SQL Server
 * `<name>/<database>/<schema>.<table>.lock`, and `<scope>/_instances/<instance>-<random>` for a live replica. A scope is
 * `<name>/<database>`, and the rest of an id has no slash, so the two never collide.
 */
import { createHash } from 'node:crypto';
import type { AnnouncementId, InstanceId, PartitionId } from '@dstream/core';
import { toAscii } from './owner-metadata.ts';

/**
 * The service accepts names of at most 1,024 characters and limits the length of the address ("Naming and Referencing
 * Containers, Blobs, and Metadata"). Three parts of this length, percent-encoded in the address, fit.
 */
const maxPartLength = 300;
const hashDigits = 16;

/** The start of every blob of one source. @param scope see `ChangeSource.scope` */
export function scopePrefix(scope: string): string {
  return `${partsOf(scope)}/`;
}

/** The start of every blob of a source of that name, whatever the database. */
export function namePrefix(scope: string): string {
  const prefix = scopePrefix(scope);
  return prefix.slice(0, prefix.indexOf('/') + 1);
}

/** The database as it is spelled in the names of its blobs. */
export function databaseOf(scope: string): string {
  return scopePrefix(scope).split('/')[1] ?? '';
}

/** The blob that holds a partition's lease and checkpoint. Two partitions never share one. */
export function partitionBlob(partition: PartitionId): string {
  return `${partsOf(partition)}.lock`;
}

/** The start of every announcement of one source. */
export function instancesPrefix(scope: string): string {
  return `${scopePrefix(scope)}_instances/`;
}

/** True for the announcement of a replica, whatever the source. */
export function isInstanceBlob(name: string): boolean {
  return name.split('/')[2] === '_instances';
}

/** The name of a replica's announcement. `random` distinguishes two replicas of one name. */
export function announcementOf(instance: InstanceId, random: string): AnnouncementId {
  return `${part(toAscii(instance))}-${random}` as AnnouncementId;
}

/** The blob of an announcement. */
export function instanceBlob(scope: string, announcement: AnnouncementId): string {
  return `${instancesPrefix(scope)}${announcement}`;
}

/** The announcement of a blob for which `isInstanceBlob` is true. */
export function announcementIn(name: string): AnnouncementId {
  return name.slice(name.lastIndexOf('/') + 1) as AnnouncementId;
}

/** A scope or id, each part as it is in the names of blobs. */
function partsOf(key: string): string {
  return key.split('/').map(part).join('/');
}

/** The text itself if it is short enough in an address, otherwise its start and a hash of all of it. */
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
