/**
 * Acquires the leases of partitions, a few side by side. A partition whose acquisition failed is *in doubt*: the store may
 * have granted it and lost the reply, so that the listing shows it as held and nobody tries it. It is tried again,
 * whatever the listing says, until the store has answered. One with a fault of its own rests between two attempts, for
 * as long as its source says.
 */
import {
  asDStreamError,
  isTableFault,
  partitionName,
  type ChangeSource,
  type Clock,
  type DStreamError,
  type Lease,
  type LeaseStore,
  type Log,
  type PartitionId,
  type StopSignals,
} from '@dstream/core';
import { abortLater, FailureLog, Semaphore, withAny } from '@dstream/async';

/** As many as are quick to acquire for a replica, and no load for a storage account. */
const sideBySide = 8;

/** How long an acquisition that is under way when the drain begins may go on, in milliseconds: then it is given back. */
const patienceMs = 5_000;

export interface PartitionAcquirerOptions {
  readonly leases: Pick<LeaseStore, 'tryAcquire'>;
  readonly source: Pick<ChangeSource, 'faultPauseMs'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Called with every lease that was acquired, also while draining: it is to be released then. */
  readonly acquired: (lease: Lease, stop: StopSignals) => void;
}

interface Doubt {
  readonly error: DStreamError;
  readonly sinceMs: number;
}

export class PartitionAcquirer {
  readonly #options: PartitionAcquirerOptions;
  readonly #failureLog: FailureLog;
  readonly #turns = new Semaphore(sideBySide);
  readonly #inDoubt = new Map<PartitionId, Doubt>();

  constructor(options: PartitionAcquirerOptions) {
    this.#options = options;
    this.#failureLog = new FailureLog('acquiring tables', options.log, options.clock);
  }

  /** Partitions whose last acquisition failed. */
  get inDoubt(): Iterable<PartitionId> {
    return this.#inDoubt.keys();
  }

  /** Why the partition alone cannot be acquired; undefined when it can, or when the store fails for all. */
  fault(partition: PartitionId): DStreamError | undefined {
    const error = this.#inDoubt.get(partition)?.error;
    return isTableFault(error) ? error : undefined;
  }

  /** Whether its fault was found so short a time ago that it is not tried yet. */
  rests(partition: PartitionId): boolean {
    const { clock, source } = this.#options;
    const doubt = this.#inDoubt.get(partition);
    if (doubt === undefined || !isTableFault(doubt.error)) return false;
    return clock.monotonicMs() - doubt.sinceMs < source.faultPauseMs(partition);
  }

  /** To be called at every look, with all partitions that there are: what is not among them is forgotten. */
  keep(partitions: readonly PartitionId[]): void {
    const listed = new Set(partitions);
    for (const partition of this.#inDoubt.keys()) if (!listed.has(partition)) this.#inDoubt.delete(partition);
    if (this.#inDoubt.size === 0) this.#failureLog.succeeded();
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
    await withAny([patience.signal, stop.aborted], (signal) =>
      Promise.all(
        partitions.map((partition) =>
          this.#turns.run(never, () => (begins() ? this.#acquire(partition, stop, signal) : nothing)),
        ),
      ),
    );
    if (!stop.draining.aborted) this.#log();
  }

  /**
   * One line for all that are in doubt, with one of them as the example: one that fails for a reason of its own, if there
   * is one. Those that fail as it does are counted apart from the others.
   */
  #log(): void {
    const failing = [...this.#inDoubt].map(([partition, { error }]) => ({ partition, error }));
    const example = failing.find(({ error }) => isTableFault(error)) ?? failing[0];
    if (example === undefined) return this.#failureLog.succeeded();
    const tables = failing.filter(({ error }) => error.code === example.error.code).length;
    const others = failing.length - tables;
    this.#failureLog.failed(example.error, {
      example: partitionName(example.partition),
      tables,
      ...(others > 0 && { tablesFailingOtherwise: others }),
    });
  }

  /** One that cannot be acquired does not keep the others waiting: its error is kept. */
  async #acquire(partition: PartitionId, stop: StopSignals, signal: AbortSignal): Promise<void> {
    const { leases, acquired, clock } = this.#options;
    try {
      const lease = await leases.tryAcquire(partition, { signal });
      this.#inDoubt.delete(partition);
      if (lease !== undefined) acquired(lease, stop);
    } catch (caught) {
      this.#inDoubt.set(partition, { error: asDStreamError(caught), sinceMs: clock.monotonicMs() });
    }
  }
}

const never: AbortSignal = new AbortController().signal;
const nothing = Promise.resolve();
