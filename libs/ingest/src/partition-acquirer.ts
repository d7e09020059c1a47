/**
 * Acquires the leases of partitions, a few side by side. A partition whose acquisition failed is *in doubt*: the store may
 * have granted it and lost the reply, so that the listing shows it as held and nobody tries it. It is tried again,
 * whatever the listing says, until the store has answered.
 */
import {
  asDStreamError,
  isTableFault,
  partitionName,
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

interface Failure {
  readonly partition: PartitionId;
  readonly error: DStreamError;
}

export class PartitionAcquirer {
  readonly #options: PartitionAcquirerOptions;
  readonly #outage: Outage;
  readonly #turns = new Semaphore(sideBySide);
  readonly #inDoubt = new Map<PartitionId, DStreamError>();

  constructor(options: PartitionAcquirerOptions) {
    this.#options = options;
    this.#outage = new Outage('acquiring tables', options.log, options.clock);
  }

  /** Partitions whose last acquisition failed. */
  get inDoubt(): Iterable<PartitionId> {
    return this.#inDoubt.keys();
  }

  /** Why the partition alone cannot be acquired; undefined when it can, or when the store fails for all. */
  fault(partition: PartitionId): DStreamError | undefined {
    const error = this.#inDoubt.get(partition);
    return isTableFault(error) ? error : undefined;
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
    await this.#each([...this.#inDoubt.keys()], () => !stop.aborted.aborted, stop);
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
    if (!stop.draining.aborted) this.#log(failures.filter((failure) => failure !== undefined));
  }

  /** One line for all that failed, with one of them as the example: one that fails for a reason of its own, if there is one. */
  #log(failures: readonly Failure[]): void {
    const example = failures.find(({ error }) => isTableFault(error)) ?? failures[0];
    if (example === undefined) this.#outage.succeeded();
    else
      this.#outage.failed(example.error, {
        example: partitionName(example.partition),
        tables: failures.length,
      });
  }

  /** One that cannot be acquired does not keep the others waiting: its error is a result. */
  async #acquire(
    partition: PartitionId,
    stop: StopSignals,
    signal: AbortSignal,
  ): Promise<Failure | undefined> {
    const { leases, acquired } = this.#options;
    try {
      const lease = await leases.tryAcquire(partition, { signal });
      this.#inDoubt.delete(partition);
      if (lease !== undefined) acquired(lease, stop);
      return undefined;
    } catch (caught) {
      const error = asDStreamError(caught);
      this.#inDoubt.set(partition, error);
      return { partition, error };
    }
  }
}

const never: AbortSignal = new AbortController().signal;
const nothing = Promise.resolve(undefined);
