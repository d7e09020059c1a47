import { asDStreamError, DStreamError, type ChangeSource, type Clock, type PartitionId } from '@dstream/core';
import { withTimeout, type SharedFailurePart } from '@dstream/async';

/** How long a list is used before it is requested again. */
export const freshMs = 30_000;

interface PartitionListOptions {
  readonly source: Pick<ChangeSource, 'partitions'>;
  /** The name of the source in logs and errors: `database`. */
  readonly names: { readonly source: string };
  readonly clock: Clock;
  /** Receives the outcome of every answer. */
  readonly failureLog: Pick<SharedFailurePart, 'failed' | 'succeeded'>;
  /** Longest time of one request, in milliseconds: balancing must not wait for a slow database. */
  readonly requestTimeoutMs: number;
}

/** The configured partitions as the source last listed them. A list that cannot be renewed stays in use. */
export class PartitionList {
  readonly #options: PartitionListOptions;
  #partitions: readonly PartitionId[] = [];
  #listedAtMs = -Infinity;

  constructor(options: PartitionListOptions) {
    this.#options = options;
  }

  get partitions(): readonly PartitionId[] {
    return this.#partitions;
  }

  /** Milliseconds since the source answered last. */
  get ageMs(): number {
    return this.#options.clock.monotonicMs() - this.#listedAtMs;
  }

  /** Requests the list. Rejects with what the source throws. */
  async refresh(signal: AbortSignal): Promise<void> {
    this.#partitions = await this.#options.source.partitions({ signal });
    this.#listedAtMs = this.#options.clock.monotonicMs();
  }

  /** Requests the list again when it is old. A failure is logged and the old list stays; rejects only on abort. */
  async keepFresh(signal: AbortSignal): Promise<void> {
    if (this.ageMs < freshMs) return;
    const { clock, names, requestTimeoutMs } = this.#options;
    const late = () => new DStreamError('TimedOut', `the ${names.source} did not list its tables in time`);
    try {
      const limit = { clock, atMs: clock.monotonicMs() + requestTimeoutMs, late, signal };
      await withTimeout(limit, (s) => this.refresh(s));
      this.#options.failureLog.succeeded();
    } catch (error) {
      signal.throwIfAborted();
      this.#options.failureLog.failed(asDStreamError(error));
    }
  }
}
