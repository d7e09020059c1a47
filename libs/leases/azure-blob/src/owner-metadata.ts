/** The metadata of a leased blob: who owns it, as text that survives HTTP headers. */
import type { AnnouncementId, InstanceId } from '@dstream/core';

/** The metadata of a leased blob: who acquired it. */
export interface OwnerMetadata {
  readonly owner: InstanceId;
  /** Counted up by every acquisition; 0 before the first one is complete, and on the blob of an instance. */
  readonly epoch: number;
  /** The id of the partition, empty on the blob of an instance. The blob's name may be shortened: this is the identity. */
  readonly table: string;
  /** The owner's announcement; only on the blob of a partition, and not if an older version wrote it. */
  readonly announcement?: AnnouncementId | undefined;
  /** Where the instance serves its status; only on its own blob, and only if it does. */
  readonly address?: string | undefined;
}

type Metadata = Readonly<Record<string, string>>;

/** As the client expects it. */
export function toMetadata({
  owner,
  epoch,
  table,
  announcement,
  address,
}: OwnerMetadata): Record<string, string> {
  return {
    owner: toAscii(owner),
    epoch: String(epoch),
    ...(table === '' ? {} : { table: toAscii(table) }),
    ...(announcement === undefined ? {} : { announcement: toAscii(announcement) }),
    ...(address === undefined ? {} : { address: toAscii(address) }),
  };
}

/** Metadata that is missing or not ours counts as nobody's, epoch 0. */
export function fromMetadata(metadata: Metadata | undefined): OwnerMetadata {
  return {
    owner: (fromAscii(metadata?.['owner'] ?? '') ?? '') as InstanceId,
    epoch: parseEpoch(metadata?.['epoch']),
    table: fromAscii(metadata?.['table'] ?? '') ?? '',
    announcement: (fromAscii(metadata?.['announcement'] ?? '') || undefined) as AnnouncementId | undefined,
    address: fromAscii(metadata?.['address'] ?? '') || undefined,
  };
}

function parseEpoch(text: string | undefined): number {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : 0;
}

/**
 * Any text as ASCII, reversibly: metadata travels in HTTP headers, where other characters fail or are mangled.
 * Percent-encoded UTF-8; a lone surrogate, which SQL Server allows in a name and UTF-8 cannot encode, is `%uD800`.
 */
export function toAscii(text: string): string {
  return Array.from(text, characterToAscii).join('');
}

function characterToAscii(character: string): string {
  if (character.isWellFormed()) return encodeURIComponent(character);
  return `%u${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

/** The reverse. Undefined for text that `toAscii` did not make. */
export function fromAscii(ascii: string): string | undefined {
  try {
    return ascii
      .split(/(%uD[89A-F][0-9A-F]{2})/)
      .map(partFromAscii)
      .join('');
  } catch {
    return undefined;
  }
}

function partFromAscii(part: string): string {
  if (part.startsWith('%u')) return String.fromCharCode(Number.parseInt(part.slice(2), 16));
  return decodeURIComponent(part);
}
