import {
  asDStreamError,
  isTableFault,
  partitionName,
  type AnnouncementId,
  type DStreamError,
  type InstanceId,
  type Lease,
  type LeaseSnapshot,
  type PartitionId,
  type StopSignals,
} from '@dstream/core';
import { abortLater, FailureLog, onAbort, Semaphore, withAny } from '@dstream/async';
import type { PartitionReport } from './partition-meter.ts';
import { PartitionOwner, type OwnerParts, type ReplicaFailureLogs } from './partition-owner.ts';

/** As many as are quick to acquire for a replica, and no load for a storage account. */
const sideBySide = 8;

/** How long an acquisition that is under way when the drain begins may go on, in milliseconds: then it is released. */
const drainDeadlineMs = 5_000;

interface Owned {
  readonly owner: PartitionOwner;
  readonly epoch: number;
  readonly drain: AbortController;
  readonly ended: Promise<void>;
}

/** The partitions that this replica owns, each with its running owner. */
export class OwnedPartitions {
  readonly #parts: OwnerParts & { readonly instance: InstanceId };
  readonly #failureLogs: ReplicaFailureLogs;
  readonly #owned = new Map<PartitionId, Owned>();

  constructor(parts: OwnerParts & { readonly instance: InstanceId }, failureLogs: ReplicaFailureLogs) {
    this.#parts = parts;
    this.#failureLogs = failureLogs;
  }

  get partitions(): readonly PartitionId[] {
    return [...this.#owned.keys()];
  }

  has(partition: PartitionId): boolean {
    return this.#owned.has(partition);
  }

  /**
   * The snapshot may be older than what this replica has acquired or released since: of its own leases it knows better.
   * One that is listed as ours and is not known here was granted with a reply that was lost: it is ours to acquire.
   */
  overlaid({ instances, held }: LeaseSnapshot): LeaseSnapshot {
    const { instance: owner, leases } = this.#parts;
    const { announcement } = leases;
    const others = [...held].filter(([, lease]) => lease.endless || lease.announcement !== announcement);
    const own = [...this.#owned].map(
      ([partition, { epoch }]) => [partition, { owner, announcement, epoch, endless: false }] as const,
    );
    return { instances, held: new Map([...others, ...own]) };
  }

  /** Starts owning. The entry goes when the owner has ended, for whatever reason. */
  start(lease: Lease, stop: StopSignals): void {
    const { partition, epoch } = lease;
    const owner = new PartitionOwner(lease, this.#parts, this.#failureLogs);
    const drain = new AbortController();
    const stopListening = onAbort(stop.draining, () => drain.abort(stop.draining.reason));
    const ended = owner.run({ draining: drain.signal, aborted: stop.aborted }).finally(() => {
      stopListening();
      this.#owned.delete(partition);
      this.#count();
    });
    this.#owned.set(partition, { owner, epoch, drain, ended });
    this.#count();
  }

  #count(): void {
    this.#parts.metrics.replica.tablesOwned.set(this.#owned.size);
  }

  /** Asks for one partition to be released, drained and saved before. Idempotent. */
  drain(partition: PartitionId): void {
    this.#owned.get(partition)?.drain.abort(new Error('releasing the table'));
  }

  /** Resolves when every owner has ended. */
  async settled(): Promise<void> {
    await Promise.all([...this.#owned.values()].map(({ ended }) => ended));
  }

  /** For `/status`; undefined for a partition that is not owned here. @param announcement of this replica */
  report(partition: PartitionId, announcement: AnnouncementId): PartitionReport | undefined {
    const { instance } = this.#parts;
    return this.#owned.get(partition)?.owner.meter.report({ instance, announcement });
  }
}

interface Doubt {
  readonly error: DStreamError;
  readonly sinceMs: number;
}

/**
 * Acquires the leases of partitions, a few side by side. A partition whose acquisition failed is *in doubt*: the store may
 * have granted it and lost the reply, so that the listing shows it as held and nobody tries it. It is tried again,
 * whatever the listing shows, until the store has answered. One with a fault of its own pauses between two attempts, for
 * as long as its source asks.
 */
export class LeaseAcquirer {
  readonly #parts: Pick<OwnerParts, 'leases' | 'source' | 'clock' | 'metrics'>;
  readonly #owned: Pick<OwnedPartitions, 'start'>;
  readonly #failureLog: FailureLog;
  readonly #turns = new Semaphore(sideBySide);
  readonly #inDoubt = new Map<PartitionId, Doubt>();

  /** @param owned starts an owner with every lease that is acquired, also while draining: it releases it then */
  constructor(
    parts: Pick<OwnerParts, 'leases' | 'source' | 'clock' | 'metrics' | 'log'>,
    owned: Pick<OwnedPartitions, 'start'>,
  ) {
    this.#parts = parts;
    this.#owned = owned;
    this.#failureLog = new FailureLog('acquiring tables', parts.log, parts.clock);
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

  /** True while it is too early to try a partition with a fault of its own again. */
  pauses(partition: PartitionId): boolean {
    const { clock, source } = this.#parts;
    const doubt = this.#inDoubt.get(partition);
    if (doubt === undefined || !isTableFault(doubt.error)) return false;
    return clock.monotonicMs() - doubt.sinceMs < source.faultPauseMs(partition);
  }

  /** Called at every balancing pass, with all partitions that there are: what is not among them is forgotten. */
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
    const { clock } = this.#parts;
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
    using drainDeadline = abortLater(this.#parts.clock, drainDeadlineMs, stop.draining);
    await withAny([drainDeadline.signal, stop.aborted], (signal) =>
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
    const { leases, clock, metrics } = this.#parts;
    try {
      const lease = await leases.tryAcquire(partition, { signal });
      this.#inDoubt.delete(partition);
      if (lease === undefined) return;
      metrics.replica.leasesAcquired.inc();
      this.#owned.start(lease, stop);
    } catch (caught) {
      this.#inDoubt.set(partition, { error: asDStreamError(caught), sinceMs: clock.monotonicMs() });
    }
  }
}

const never: AbortSignal = new AbortController().signal;
const nothing = Promise.resolve();
