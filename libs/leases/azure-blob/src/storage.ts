/** The container, and how it is called: bounded in time and in number, and never retried behind our back. */
import type { ContainerClient } from '@azure/storage-blob';
import { type AnnouncementId } from '@dstream/core';
import { Semaphore } from '@dstream/async';
import { openService } from './address.ts';
import { announcementOf } from './blob-names.ts';
import { bounded } from './bounded.ts';
import { callTimeoutMs, checkDuration, type BlobLeasesOptions } from './options.ts';
import { errorCodeOf } from './translate-error.ts';

/** Requests under way at a time: who hands over a thousand tables opens no thousand connections. */
const maxRequests = 64;

export class Storage {
  readonly container: ContainerClient;
  readonly options: BlobLeasesOptions;
  /** Random: it tells this replica from another one of the same name. */
  readonly replicaId: string;
  readonly announcement: AnnouncementId;
  readonly #timeoutMs: number;
  readonly #requests = new Semaphore(maxRequests);

  /** Throws ConfigInvalid. */
  constructor(options: BlobLeasesOptions) {
    checkDuration(options.leaseDurationMs);
    this.options = options;
    this.replicaId = options.newId();
    this.announcement = announcementOf(options.instance, this.replicaId);
    this.#timeoutMs = callTimeoutMs(options);
    this.container = openService(options).getContainerClient(options.containerName);
  }

  /** One request. Its time limit includes the wait for its turn. `atMostMs` is for one that has to end earlier than others. */
  call<T>(
    signal: AbortSignal,
    run: (abortSignal: AbortSignal) => Promise<T>,
    atMostMs = Infinity,
  ): Promise<T> {
    const timeoutMs = Math.min(this.#timeoutMs, atMostMs);
    return bounded({ clock: this.options.clock, timeoutMs }, signal, (until) =>
      this.#requests.run(until, () => run(until)),
    );
  }

  /** Makes sure of the container. Rights to list are enough when it exists. */
  async connect(signal: AbortSignal): Promise<void> {
    try {
      await this.call(signal, (abortSignal) => this.#lookInside(abortSignal));
    } catch (error) {
      if (errorCodeOf(error) !== 'ContainerNotFound') throw error;
      await this.call(signal, (abortSignal) => this.container.createIfNotExists({ abortSignal }));
    }
  }

  async #lookInside(abortSignal: AbortSignal): Promise<void> {
    await this.container.listBlobsFlat({ abortSignal }).byPage({ maxPageSize: 1 }).next();
  }
}
