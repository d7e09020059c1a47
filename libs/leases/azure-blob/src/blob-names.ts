/**
 * Where things stand in the container: `<name>/<database>/<schema>.<table>.lock` for a table, and
 * `<name>/<database>/_instances/<instance>-<random>` for a replica that is alive. A table's name holds no slash, so
 * the two never meet.
 */
import { createHash } from 'node:crypto';
import { tableKey, type AnnouncementId, type InstanceId, type TableId } from '@dstream/core';
import { toAscii } from './ascii.ts';

/**
 * The service takes names of at most 1,024 characters and counts on an address of a sane length (Naming and
 * Referencing Containers, Blobs, and Metadata). Three parts of this length, as they stand in the address, fit.
 */
const maxPartLength = 300;
const hashDigits = 16;

/** The start of every blob of one source and database. */
export function sourcePrefix(t: Pick<TableId, 'source' | 'database'>): string {
  const [source, database] = tableKey({ ...t, schema: '', table: '' }).split('/');
  return `${part(source ?? '')}/${part(database ?? '')}/`;
}

/** The start of every blob of one source, whatever the database. */
export function sourceOnlyPrefix(t: Pick<TableId, 'source'>): string {
  const prefix = sourcePrefix({ ...t, database: '' });
  return prefix.slice(0, prefix.indexOf('/') + 1);
}

/** The database as it stands in the names of its blobs. */
export function databaseOf(t: Pick<TableId, 'source' | 'database'>): string {
  return sourcePrefix(t).split('/')[1] ?? '';
}

/** The blob that holds a table's lease and checkpoint. Two tables never share one. */
export function tableBlob(table: TableId): string {
  const [, , name] = tableKey(table).split('/');
  return `${sourcePrefix(table)}${part(name ?? '')}.lock`;
}

export function instancesPrefix(t: Pick<TableId, 'source' | 'database'>): string {
  return `${sourcePrefix(t)}_instances/`;
}

/** True for a replica's announcement, of whichever source and database. */
export function isInstanceBlob(name: string): boolean {
  return name.split('/')[2] === '_instances';
}

/** `random` keeps two replicas of one name apart. */
export function announcementOf(instance: InstanceId, random: string): AnnouncementId {
  return `${part(toAscii(instance))}-${random}` as AnnouncementId;
}

export function instanceBlob(t: Pick<TableId, 'source' | 'database'>, announcement: AnnouncementId): string {
  return `${instancesPrefix(t)}${announcement}`;
}

/** Whose announcement a blob is that `isInstanceBlob`. */
export function announcementIn(name: string): AnnouncementId {
  return name.slice(name.lastIndexOf('/') + 1) as AnnouncementId;
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
