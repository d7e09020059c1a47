/** The container, and how it is called: bounded in time, and never retried behind our back. */
import type { ContainerClient } from '@azure/storage-blob';
import { openService } from './address.ts';
import { bounded } from './bounded.ts';
import { callTimeoutMs, checkDuration, type BlobLeasesOptions } from './options.ts';
import { errorCodeOf } from './translate-error.ts';

export class Storage {
  readonly container: ContainerClient;
  readonly options: BlobLeasesOptions;
  readonly #timeoutMs: number;

  /** Throws ConfigInvalid. */
  constructor(options: BlobLeasesOptions) {
    checkDuration(options.leaseDurationMs);
    this.options = options;
    this.#timeoutMs = callTimeoutMs(options);
    this.container = openService(options).getContainerClient(options.containerName);
  }

  /** One request. `atMostMs` is for a request that has to end earlier than others. */
  call<T>(
    signal: AbortSignal,
    run: (abortSignal: AbortSignal) => Promise<T>,
    atMostMs = Infinity,
  ): Promise<T> {
    const timeoutMs = Math.min(this.#timeoutMs, atMostMs);
    return bounded({ clock: this.options.clock, timeoutMs }, signal, run);
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
