import type { AnnouncementId, InstanceId } from '@dstream/core';
import { fromAscii, toAscii } from './ascii.ts';

/** What stands in the metadata of a leased blob, beside its content. */
export interface OwnerMetadata {
  readonly owner: InstanceId;
  /** Counted up by every acquisition; 0 before the first one is complete, and on the blob of an instance. */
  readonly epoch: number;
  /** The id of the partition, or empty on the blob of an instance. The name may be shortened: this is the identity. */
  readonly table: string;
  /** The owner's; only on the blob of a partition, and not where an older version wrote it. */
  readonly announcement?: AnnouncementId | undefined;
  /** Where the instance serves its status; only on its own blob, and only when it does. */
  readonly address?: string | undefined;
}

export type Metadata = Readonly<Record<string, string>>;

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
