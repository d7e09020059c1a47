import type { BlobItem } from '@azure/storage-blob';
import { required } from './required.ts';
import type { Storage } from './storage.ts';

/** The most that one page of a listing may hold (List Blobs: maxresults). */
const pageSize = 5_000;

export interface Listing {
  readonly items: readonly BlobItem[];
  /** The store's own clock. */
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

/** A lease that is being broken still keeps others out (Lease Blob: states). */
export function isLeased({ properties }: BlobItem): boolean {
  return properties.leaseState === 'leased' || properties.leaseState === 'breaking';
}

/** A lease of a program that asked for no duration (Lease Blob: -1): ours all have one. */
export function isEndless(item: BlobItem): boolean {
  return isLeased(item) && item.properties.leaseDuration === 'infinite';
}
