/** Who holds what: one listing of the container, and the removal of announcements that ended long ago. */
import type { BlobItem } from '@azure/storage-blob';
import type {
  Announced,
  AnnouncementId,
  HeldLease,
  LeaseSnapshot,
  LiveInstance,
  PartitionId,
} from '@dstream/core';
import { announcementIn, instancesPrefix, scopePrefix } from './blob-names.ts';
import { isEndless, isLeased, listBlobs } from './list-blobs.ts';
import { fromMetadata, type OwnerMetadata } from './owner-metadata.ts';
import type { Storage } from './storage.ts';

const removedPerListing = 3;
/** An announcement is created and leased within two calls: one without a lease for this many durations is over. */
const oldInDurations = 3;

export async function listLeases(storage: Storage, signal: AbortSignal): Promise<LeaseSnapshot> {
  const { scope } = storage.options.source;
  const { items, nowMs } = await listBlobs(storage, scopePrefix(scope), signal);
  const isInstance = startsWith(instancesPrefix(scope));
  const announcements = items.filter(isInstance);
  const partitions = items.filter((item) => !isInstance(item));
  const ended = announcements.filter((item) => !isLeased(item) && isOld(item, nowMs, storage));
  await Promise.all(ended.slice(0, removedPerListing).map((item) => remove(storage, item, signal)));
  const instances = liveInstances(announcements);
  return { held: new Map(partitions.filter(isLeased).map((item) => heldLease(item, instances))), instances };
}

/** Who is announced among these blobs, sorted. */
export function liveInstances(announcements: readonly BlobItem[]): readonly LiveInstance[] {
  return announcements
    .filter(isLeased)
    .map(({ name, metadata }) => {
      const { owner: instance, address } = fromMetadata(metadata);
      return { instance, announcement: announcementIn(name), address };
    })
    .sort((a, b) => (a.announcement < b.announcement ? -1 : 1));
}

/** An older version wrote its name only: then it is the one that has it. */
export function announcementFor(
  { owner, announcement }: OwnerMetadata,
  instances: readonly Announced[],
): AnnouncementId | undefined {
  return announcement ?? instances.find(({ instance }) => instance === owner)?.announcement;
}

const startsWith =
  (prefix: string) =>
  ({ name }: BlobItem) =>
    name.startsWith(prefix);

/** A blob without our metadata is somebody else's lock: held, by nobody we know. */
function heldLease(item: BlobItem, instances: readonly Announced[]): [PartitionId, HeldLease] {
  const known = fromMetadata(item.metadata);
  const { owner, epoch } = known;
  const announcement = announcementFor(known, instances);
  return [partitionOfBlob(item, known), { owner, announcement, epoch, endless: isEndless(item) }];
}

/** Whose lease a blob is. One without our metadata is of the partition that it is called by. */
export function partitionOfBlob({ name }: BlobItem, { table }: OwnerMetadata): PartitionId {
  return (table === '' ? name.replace(/\.lock$/, '') : table) as PartitionId;
}

/** Lease operations do not move Last-Modified, so this says only when the announcement began. */
function isOld({ properties }: BlobItem, nowMs: number, { options }: Storage): boolean {
  return nowMs - properties.lastModified.getTime() > oldInDurations * options.leaseDurationMs;
}

/** Anybody may have removed, or leased, it meanwhile: then the service refuses, and that is well. */
async function remove(storage: Storage, item: BlobItem, signal: AbortSignal): Promise<void> {
  const conditions = { ifMatch: item.properties.etag };
  try {
    await storage.call(signal, (abortSignal) =>
      storage.container.getBlobClient(item.name).delete({ conditions, abortSignal }),
    );
  } catch (error) {
    signal.throwIfAborted();
    storage.options.log.debug('an old announcement was not removed', { blob: item.name, error });
  }
}
