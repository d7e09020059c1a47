/** Leases and checkpoints for an operator: one listing, and one read for every partition whose blob has changed since. */
import type { BlobItem } from '@azure/storage-blob';
import {
  asDStreamError,
  type Announced,
  type LeaseOverview,
  type SavedCheckpoint,
  type StoredPartition,
} from '@dstream/core';
import { databaseOf, isInstanceBlob, namePrefix } from './blob-names.ts';
import { readCheckpoint, type StoredCheckpoint } from './checkpoint-blob.ts';
import {
  announcementFor,
  isEndless,
  isLeased,
  listBlobs,
  liveInstances,
  partitionOfBlob,
} from './list-leases.ts';
import { fromMetadata } from './owner-metadata.ts';
import type { Storage } from './storage.ts';
import { errorCodeOf, isBlobMissing } from './translate-error.ts';

/** Reads under way at a time. */
const maxReads = 16;

type Read = Pick<StoredPartition, 'checkpoint' | 'problem'>;

/** Reads the overview for `dstream status`. One caller at a time. */
export class OverviewReader {
  readonly #storage: Storage;
  /** What was read before, by blob and ETag: reading again costs one listing and the blobs that have changed. */
  #known: ReadonlyMap<string, Read> = new Map();

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  /** A container that does not exist yet is an empty one. */
  async read(signal: AbortSignal): Promise<LeaseOverview> {
    const items = await this.#list(signal);
    const stored = items.filter((item) => !isInstanceBlob(item.name) && item.name.endsWith('.lock'));
    const reads = await this.#readAll(stored, signal);
    this.#known = new Map(stored.map((item, n) => [versionOf(item), reads[n] ?? nothing]));
    const instances = liveInstances(items.filter(({ name }) => isInstanceBlob(name)));
    return {
      instances,
      partitions: stored
        .map((item, n) => ({ ...lease(item, instances), ...(reads[n] ?? nothing) }))
        .sort((a, b) => compare(a.partition, b.partition)),
    };
  }

  /**
   * The blobs of the source, matching the database in any case: blobs carry the catalogue's spelling, which a caller that
   * does not ask the database cannot know.
   */
  async #list(signal: AbortSignal): Promise<readonly BlobItem[]> {
    const { scope } = this.#storage.options.source;
    const database = databaseOf(scope).toLowerCase();
    try {
      const { items } = await listBlobs(this.#storage, namePrefix(scope), signal);
      return items.filter(({ name }) => name.split('/')[1]?.toLowerCase() === database);
    } catch (error) {
      if (errorCodeOf(error) === 'ContainerNotFound') return [];
      throw error;
    }
  }

  /** Reads 16 blobs at a time. After a failure nothing more is started; it is thrown when all started reads have ended. */
  async #readAll(items: readonly BlobItem[], signal: AbortSignal): Promise<readonly Read[]> {
    const reads: Read[] = [];
    const waiting = items.entries();
    const failed = new AbortController();
    const worker = async () => {
      for (const [n, item] of waiting) {
        if (failed.signal.aborted) return;
        reads[n] = this.#known.get(versionOf(item)) ?? (await this.#read(item, signal));
      }
    };
    await Promise.all(
      Array.from({ length: maxReads }, () => worker().catch((error: unknown) => failed.abort(error))),
    );
    if (failed.signal.aborted) throw failed.signal.reason;
    return reads;
  }

  /** Unreadable content is a problem of its partition only; unreachable storage fails the overview. */
  async #read({ name }: BlobItem, signal: AbortSignal): Promise<Read> {
    const blob = this.#storage.container.getBlockBlobClient(name);
    try {
      return { checkpoint: saved(await readCheckpoint(this.#storage, blob, signal)), problem: undefined };
    } catch (error) {
      signal.throwIfAborted();
      if (isBlobMissing(error)) return nothing;
      const { code, message } = asDStreamError(error);
      if (code !== 'CheckpointUnreadable') throw error;
      return { checkpoint: undefined, problem: message };
    }
  }
}

const nothing: Read = { checkpoint: undefined, problem: undefined };

const versionOf = ({ name, properties }: BlobItem) => `${properties.etag} ${name}`;

const compare = (a: string, b: string) => (a < b ? -1 : 1);

function lease(item: BlobItem, instances: readonly Announced[]): Omit<StoredPartition, keyof Read> {
  const known = fromMetadata(item.metadata);
  const { owner, epoch } = known;
  const partition = partitionOfBlob(item, known);
  if (!isLeased(item)) return { partition, owner: undefined, announcement: undefined, endless: false, epoch };
  const announcement = announcementFor(known, instances);
  return { partition, owner, announcement, endless: isEndless(item), epoch };
}

function saved({ checkpoint, savedAt }: StoredCheckpoint): SavedCheckpoint | undefined {
  if (checkpoint === undefined) return undefined;
  return { position: checkpoint.at.position, generation: checkpoint.generation, savedAt };
}
