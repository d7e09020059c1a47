/**
 * Acquires the leases of partitions, a few side by side. A partition whose acquisition failed is *in doubt*: the store may
 * have granted it and lost the reply, so that the listing shows it as held and nobody tries it. It is tried again,
 * whatever the listing says, until the store has answered.
 */
import {
  asDStreamError,
  Semaphore,
  type Clock,
  type DStreamError,
  type Lease,
  type LeaseStore,
  type Log,
  type PartitionId,
  type StopSignals,
} from '@dstream/core';
import { abortLater, Outage, withAny } from '@dstream/async';

/** As many as are quick to acquire for a replica, and no load for a storage account. */
const sideBySide = 8;

/** How long an acquisition that is under way when the drain begins may go on, in milliseconds: then it is given back. */
const patienceMs = 5_000;

export interface PartitionAcquirerOptions {
  readonly leases: Pick<LeaseStore, 'tryAcquire'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Called with every lease that was acquired, also while draining: it is to be released then. */
  readonly acquired: (lease: Lease, stop: StopSignals) => void;
}

export class PartitionAcquirer {
  readonly #options: PartitionAcquirerOptions;
  readonly #outage: Outage;
  readonly #turns = new Semaphore(sideBySide);
  readonly #inDoubt = new Set<PartitionId>();

  constructor(options: PartitionAcquirerOptions) {
    this.#options = options;
    this.#outage = new Outage('acquiring tables', options.log, options.clock);
  }

  /** Partitions whose last acquisition failed. */
  get inDoubt(): ReadonlySet<PartitionId> {
    return this.#inDoubt;
  }

  /**
   * Begins none after `forMs` milliseconds, nor while draining. Resolves when none is under way: with whether all were
   * begun. Never rejects.
   */
  async acquireAll(partitions: readonly PartitionId[], forMs: number, stop: StopSignals): Promise<boolean> {
    const { clock } = this.#options;
    const endMs = clock.monotonicMs() + forMs;
    let all = true;
    const begins = () => {
      const inTime = !stop.draining.aborted && clock.monotonicMs() < endMs;
      all &&= inTime;
      return inTime;
    };
    await this.#each(partitions, begins, stop);
    return all;
  }

  /** What is in doubt when the drain begins may be held by nobody but us: it is acquired once more, to be released. */
  async settle(stop: StopSignals): Promise<void> {
    await this.#each([...this.#inDoubt], () => !stop.aborted.aborted, stop);
  }

  async #each(partitions: readonly PartitionId[], begins: () => boolean, stop: StopSignals): Promise<void> {
    using patience = abortLater(this.#options.clock, patienceMs, stop.draining);
    const failures = await withAny([patience.signal, stop.aborted], (signal) =>
      Promise.all(
        partitions.map((partition) =>
          this.#turns.run(never, () => (begins() ? this.#acquire(partition, stop, signal) : nothing)),
        ),
      ),
    );
    const [first] = failures.filter((failure) => failure !== undefined);
    if (stop.draining.aborted) return;
    if (first === undefined) this.#outage.succeeded();
    else this.#outage.failed(first);
  }

  /** One that cannot be acquired does not keep the others waiting: its error is a result. */
  async #acquire(
    partition: PartitionId,
    stop: StopSignals,
    signal: AbortSignal,
  ): Promise<DStreamError | undefined> {
    const { leases, acquired } = this.#options;
    try {
      const lease = await leases.tryAcquire(partition, { signal });
      this.#inDoubt.delete(partition);
      if (lease !== undefined) acquired(lease, stop);
      return undefined;
    } catch (error) {
      this.#inDoubt.add(partition);
      return asDStreamError(error);
    }
  }
}

const never: AbortSignal = new AbortController().signal;
const nothing = Promise.resolve(undefined);
