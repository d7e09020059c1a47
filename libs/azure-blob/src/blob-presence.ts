/**
 * A replica's announcement: a leased blob. Announced → renewed → … → ended: by disposal, which deletes the blob, or
 * by not being renewed. A renewal that finds the lease or the blob gone announces anew, in a new blob; the old one
 * is removed by whoever lists.
 */
import type { BlockBlobClient } from '@azure/storage-blob';
import type { AnnounceOptions, CallOptions, InstanceId, LiveInstance, Presence } from '@dstream/core';
import { instanceBlob } from './blob-names.ts';
import { translated } from './bounded.ts';
import { toMetadata } from './owner-metadata.ts';
import type { Storage } from './storage.ts';
import { isLeaseGone } from './translate-error.ts';

interface Announcement {
  readonly blob: BlockBlobClient;
  readonly leaseId: string;
}

export class BlobPresence implements Presence {
  readonly #live: LiveInstance;
  readonly #storage: Storage;
  #current: Announcement;
  #ended = false;

  private constructor(live: LiveInstance, storage: Storage, current: Announcement) {
    this.#live = live;
    this.#storage = storage;
    this.#current = current;
  }

  static async announce(
    instance: InstanceId,
    storage: Storage,
    { address, signal }: AnnounceOptions,
  ): Promise<BlobPresence> {
    const live = { instance, address };
    return new BlobPresence(live, storage, await announce(live, storage, signal));
  }

  get instance(): InstanceId {
    return this.#live.instance;
  }

  renew({ signal }: CallOptions): Promise<void> {
    return translated(`announcing ${this.instance}`, signal, () => this.#renew(signal));
  }

  async #renew(signal: AbortSignal): Promise<void> {
    if (this.#ended) throw new Error('the announcement was withdrawn');
    const { blob, leaseId } = this.#current;
    try {
      await this.#storage.call(signal, (abortSignal) =>
        blob.getBlobLeaseClient(leaseId).renewLease({ abortSignal }),
      );
    } catch (error) {
      if (!isLeaseGone(error)) throw error;
      await this.#announceAgain(signal);
    }
  }

  async #announceAgain(signal: AbortSignal): Promise<void> {
    this.#current = await announce(this.#live, this.#storage, signal);
    if (this.#ended) await withdraw(this.#storage, this.#current); // disposed meanwhile
  }

  /** Rejects when the storage cannot be reached; the announcement then ends by itself. Twice is harmless. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    const unstoppable = new AbortController().signal;
    await translated(`withdrawing ${this.instance}`, unstoppable, () =>
      withdraw(this.#storage, this.#current),
    );
  }
}

/** Creates a blob and leases it. What fails between the two leaves a blob that counts for nothing. */
async function announce(live: LiveInstance, storage: Storage, signal: AbortSignal): Promise<Announcement> {
  const { container, options } = storage;
  const { instance, address } = live;
  const leaseId = options.newId();
  const blob = container.getBlockBlobClient(instanceBlob(options, instance, options.newId()));
  const metadata = toMetadata({ owner: instance, epoch: 0, table: '', address });
  const seconds = options.leaseDurationMs / 1_000;
  await storage.call(signal, (abortSignal) => blob.upload('', 0, { metadata, abortSignal }));
  await storage.call(signal, (abortSignal) =>
    blob.getBlobLeaseClient(leaseId).acquireLease(seconds, { abortSignal }),
  );
  return { blob, leaseId };
}

/** Deleting under the lease ends both. */
async function withdraw(storage: Storage, { blob, leaseId }: Announcement): Promise<void> {
  const unstoppable = new AbortController().signal;
  try {
    await storage.call(unstoppable, (abortSignal) => blob.delete({ conditions: { leaseId }, abortSignal }));
  } catch (error) {
    if (!isLeaseGone(error)) throw error;
  }
}
