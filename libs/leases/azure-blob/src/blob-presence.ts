/**
 * A replica's announcement: a leased blob. Announced → renewed → … → ended, by disposal, which deletes the blob, or
 * by expiry. Blob and lease id stay the same for the life of the replica: announcing again, after a lost reply or an
 * expired announcement, creates no second one.
 */
import type { BlockBlobClient } from '@azure/storage-blob';
import type { AnnounceOptions, CallOptions, InstanceId, LiveInstance, Presence } from '@dstream/core';
import { createdByAnother } from './acquire-lease.ts';
import { instanceBlob } from './blob-names.ts';
import { toMetadata } from './owner-metadata.ts';
import type { Storage } from './storage.ts';
import { errorCodeOf, isLeaseGone, translated } from './translate-error.ts';

/** The announcement of this replica. */
export class BlobPresence implements Presence {
  readonly #live: LiveInstance;
  readonly #storage: Storage;
  readonly #blob: BlockBlobClient;
  #ended = false;

  private constructor(live: LiveInstance, storage: Storage) {
    this.#live = live;
    this.#storage = storage;
    const name = instanceBlob(storage.options.source.scope, live.announcement);
    this.#blob = storage.container.getBlockBlobClient(name);
  }

  /** An announcement that is aborted half-way is withdrawn, so that nobody counts on a replica that never starts. */
  static async announce(
    instance: InstanceId,
    storage: Storage,
    { address, signal }: AnnounceOptions,
  ): Promise<BlobPresence> {
    const { announcement } = storage;
    const presence = new BlobPresence({ instance, announcement, address }, storage);
    try {
      await presence.#announce(signal);
    } catch (error) {
      if (signal.aborted) await presence.#withdrawQuietly();
      throw error;
    }
    return presence;
  }

  get instance(): InstanceId {
    return this.#live.instance;
  }

  renew({ signal }: CallOptions): Promise<void> {
    return translated(`announcing ${this.instance}`, signal, () => this.#renew(signal));
  }

  async #renew(signal: AbortSignal): Promise<void> {
    if (this.#ended) throw new Error('the announcement was withdrawn');
    const lease = this.#blob.getBlobLeaseClient(this.#storage.replicaId);
    try {
      await this.#storage.call(signal, (abortSignal) => lease.renewLease({ abortSignal }));
    } catch (error) {
      if (!isLeaseGone(error)) throw error;
      await this.#announce(signal);
      if (this.#ended) await this.#withdraw(); // disposed meanwhile
    }
  }

  /** Creates the blob, unless it is there, and leases it. */
  async #announce(signal: AbortSignal): Promise<void> {
    const { options, replicaId } = this.#storage;
    const lease = this.#blob.getBlobLeaseClient(replicaId);
    const seconds = options.leaseDurationMs / 1_000;
    await this.#create(signal);
    await this.#storage.call(signal, (abortSignal) => lease.acquireLease(seconds, { abortSignal }));
  }

  async #create(signal: AbortSignal): Promise<void> {
    const { instance, address } = this.#live;
    const metadata = toMetadata({ owner: instance, epoch: 0, table: '', address });
    const conditions = { ifNoneMatch: '*' };
    try {
      await this.#storage.call(signal, (abortSignal) =>
        this.#blob.upload('', 0, { conditions, metadata, abortSignal }),
      );
    } catch (error) {
      if (!createdByAnother.has(errorCodeOf(error))) throw error;
    }
  }

  /** Rejects when the storage cannot be reached; the announcement then ends by itself. Twice is harmless. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    const unstoppable = new AbortController().signal;
    await translated(`withdrawing ${this.instance}`, unstoppable, () => this.#withdraw());
  }

  /** Deleting under the lease ends both. */
  async #withdraw(): Promise<void> {
    const conditions = { leaseId: this.#storage.replicaId };
    const unstoppable = new AbortController().signal;
    try {
      await this.#storage.call(unstoppable, (abortSignal) => this.#blob.delete({ conditions, abortSignal }));
    } catch (error) {
      if (!isLeaseGone(error)) throw error;
    }
  }

  async #withdrawQuietly(): Promise<void> {
    try {
      await this.#withdraw();
    } catch (error) {
      this.#storage.options.log.debug('could not withdraw incomplete announcement; it will expire', {
        error,
      });
    }
  }
}
