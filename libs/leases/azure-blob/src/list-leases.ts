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
import { fromMetadata, type OwnerMetadata } from './owner-metadata.ts';
import { required, type Storage } from './storage.ts';

const removedPerListing = 3;
/** An announcement is created and leased by two calls: one without a lease for this many durations has ended. */
const oldInDurations = 3;

/** Every leased partition of the scope and every live replica. Removes at most three ended announcements. */
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

/** The live replicas among these blobs, sorted. */
export function liveInstances(announcements: readonly BlobItem[]): readonly LiveInstance[] {
  return announcements
    .filter(isLeased)
    .map(({ name, metadata }) => {
      const { owner: instance, address } = fromMetadata(metadata);
      return { instance, announcement: announcementIn(name), address };
    })
    .sort((a, b) => (a.announcement < b.announcement ? -1 : 1));
}

/** The owner's announcement. An older version wrote its name only: then it is that of the replica with this name. */
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

/** A leased blob without our metadata is the lock of another program: held, by nobody we know. */
function heldLease(item: BlobItem, instances: readonly Announced[]): [PartitionId, HeldLease] {
  const known = fromMetadata(item.metadata);
  const { owner, epoch } = known;
  const announcement = announcementFor(known, instances);
  return [partitionOfBlob(item, known), { owner, announcement, epoch, endless: isEndless(item) }];
}

/** The partition of a blob. One without our metadata is that of the partition it is named after. */
export function partitionOfBlob({ name }: BlobItem, { table }: OwnerMetadata): PartitionId {
  return (table === '' ? name.replace(/\.lock$/, '') : table) as PartitionId;
}

/** Lease operations do not change Last-Modified, so this shows only when the announcement began. */
function isOld({ properties }: BlobItem, nowMs: number, { options }: Storage): boolean {
  return nowMs - properties.lastModified.getTime() > oldInDurations * options.leaseDurationMs;
}

/** Another replica may have removed or leased it meanwhile: then the service refuses, which is fine. */
async function remove(storage: Storage, item: BlobItem, signal: AbortSignal): Promise<void> {
  const conditions = { ifMatch: item.properties.etag };
  try {
    await storage.call(signal, (abortSignal) =>
      storage.container.getBlobClient(item.name).delete({ conditions, abortSignal }),
    );
  } catch (error) {
    signal.throwIfAborted();
    storage.options.log.debug('could not remove old announcement', { blob: item.name, error });
  }
}

/** The most that one page of a listing may hold ("List Blobs": maxresults). */
const pageSize = 5_000;

interface Listing {
  readonly items: readonly BlobItem[];
  /** Milliseconds since 1970 by the clock of the store. */
  readonly nowMs: number;
}

/** All blobs whose names start with `prefix`, with their metadata: a request for every 5,000. */
export async function listBlobs(storage: Storage, prefix: string, signal: AbortSignal): Promise<Listing> {
  const items: BlobItem[] = [];
  let page = await readPage(storage, prefix, undefined, signal);
  items.push(...page.segment.blobItems);
  while (page.continuationToken) {
    page = await readPage(storage, prefix, page.continuationToken, signal);
    items.push(...page.segment.blobItems);
  }
  return { items, nowMs: required(page.date, 'Date').getTime() };
}

function readPage(
  storage: Storage,
  prefix: string,
  continuationToken: string | undefined,
  signal: AbortSignal,
) {
  const settings = {
    maxPageSize: pageSize,
    ...(continuationToken === undefined ? {} : { continuationToken }),
  };
  return storage.call(signal, async (abortSignal) => {
    const filter = { prefix, includeMetadata: true, abortSignal };
    const { value } = await storage.container.listBlobsFlat(filter).byPage(settings).next();
    return required(value, 'page');
  });
}

/** A lease that is being broken still keeps others out ("Lease Blob": states). */
export function isLeased({ properties }: BlobItem): boolean {
  return properties.leaseState === 'leased' || properties.leaseState === 'breaking';
}

/** A lease without an end, of another program ("Lease Blob": duration -1): ours all have one. */
export function isEndless(item: BlobItem): boolean {
  return isLeased(item) && item.properties.leaseDuration === 'infinite';
}
