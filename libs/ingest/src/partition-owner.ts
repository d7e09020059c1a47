import {
  asDStreamError,
  isTableFault,
  partitionName,
  type ChangeSource,
  type CheckpointStore,
  type Clock,
  type DStreamError,
  type ErrorCode,
  type Lease,
  type LeaseStore,
  type Log,
  type StopSignals,
  type Topic,
} from '@dstream/core';
import {
  abortLater,
  Backoff,
  FailureLog,
  pause,
  retry,
  SharedFailureLog,
  withAny,
  type SharedFailurePart,
} from '@dstream/async';
import { ChangeSender } from './change-sender.ts';
import { CheckpointKeeper } from './checkpoint-keeper.ts';
import type { IngesterMetrics } from './ingester-metrics.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import type { PartitionMeter } from './partition-meter.ts';
import { PartitionPump, type PackSettings } from './partition-pump.ts';

/** Settings that are the same for every partition. */
export interface IngesterSettings extends PackSettings {
  readonly leaseDurationMs: number;
  readonly checkpointIntervalMs: number;
  readonly checkpointIdleIntervalMs: number;
}

/** What the owners of all partitions of a replica work with. */
export interface OwnerParts {
  readonly source: ChangeSource;
  readonly topic: Topic;
  readonly leases: LeaseStore;
  readonly checkpoints: CheckpointStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  readonly metrics: IngesterMetrics;
  readonly settings: IngesterSettings;
}

/** Failures that are likely the partition's own, and cost a look at its changes each: waited for longer. */
const ofPartition: ReadonlySet<ErrorCode> = new Set(['Unexpected', 'Stalled']);

/** How long a drain tries again to save and release when the store fails, in milliseconds. */
const drainRetryMs = 5_000;

/**
 * One partition while this replica owns it.
 *
 * Pumping → waiting (a fault of the partition: for as long as its source asks; or a transient error: back-off)
 * → pumping … → released (drained and saved) or lost (another replica may own it: nothing more is sent or saved).
 * The lease is renewed through all of it: a partition with a fault keeps its owner.
 */
export class PartitionOwner {
  /** The state of the partition, for `/status`. */
  readonly meter: PartitionMeter;
  readonly #parts: OwnerParts;
  readonly #lease: LeaseKeeper;
  readonly #checkpoint: CheckpointKeeper;
  readonly #pump: PartitionPump;
  readonly #log: Log;
  /** Reports the faults that this partition has alone. */
  readonly #failureLog: FailureLog;
  /** Reports what hits all partitions alike. */
  readonly #shared: PartitionFailureLogs;
  readonly #backoff: Backoff;

  constructor(lease: Lease, parts: OwnerParts, shared: ReplicaFailureLogs) {
    const { partition, epoch } = lease;
    const name = partitionName(partition);
    this.#parts = parts;
    this.#log = parts.log.child({ table: name, epoch });
    this.#shared = shared.of(name);
    this.#failureLog = new FailureLog('reading the table', this.#log, parts.clock);
    this.#backoff = new Backoff({ firstMs: 500, maxMs: 30_000, random: parts.random });
    this.#lease = this.#keepLease(lease);
    this.#checkpoint = this.#keepCheckpoint(lease);
    this.meter = parts.metrics.owns(partition, () => ({
      lease: this.#lease.lease,
      checkpointBehindSinceMs: this.#checkpoint.behindSinceMs,
    }));
    this.#pump = this.#makePump(lease);
  }

  #keepLease(lease: Lease): LeaseKeeper {
    const { leases, settings, clock } = this.#parts;
    const { leaseDurationMs: durationMs } = settings;
    const failureLog = this.#shared.renewing;
    return new LeaseKeeper(lease, { leases, durationMs, failureLog, clock, log: this.#log });
  }

  #keepCheckpoint({ partition }: Lease): CheckpointKeeper {
    const { checkpoints: store, settings, source, clock } = this.#parts;
    return new CheckpointKeeper({
      store,
      lease: this.#lease,
      intervalMs: settings.checkpointIntervalMs,
      idleIntervalMs: settings.checkpointIdleIntervalMs,
      ordering: settings.ordering,
      failureLog: this.#shared.saving,
      saved: (at) => source.saved?.(partition, at),
      clock,
      log: this.#log,
    });
  }

  #makePump(lease: Lease): PartitionPump {
    const { partition } = lease;
    const { source, topic, settings, metrics, clock } = this.#parts;
    const common = { clock, log: this.#log };
    const failureLog = this.#shared.sending;
    return new PartitionPump({
      source,
      lease,
      sender: new ChangeSender({ ...settings, topic, partition, lease: this.#lease, failureLog, ...common }),
      checkpoint: this.#checkpoint,
      settings,
      metrics,
      meter: this.meter,
      onProgress: () => this.#progressed(),
      ...common,
    });
  }

  /** Owns until drained, aborted or lost. Never rejects; the lease is released unless it was lost. */
  async run(stop: StopSignals): Promise<void> {
    const { clock, metrics } = this.#parts;
    using drainDeadline = abortLater(clock, drainRetryMs, stop.draining);
    const owned = new AbortController();
    const renewing = this.#lease.run(owned.signal);
    this.#log.info('acquired table');
    try {
      await withAny([stop.aborted, this.#lease.lost], (aborted) =>
        this.#pumpUntil(stop.draining, drainDeadline.signal, aborted),
      );
    } finally {
      this.meter.fault = undefined;
      owned.abort();
      await renewing;
      await this.#release(drainDeadline.signal, stop.aborted);
      if (this.#lease.lost.aborted) metrics.replica.leasesLost.inc();
      metrics.left(this.meter);
      this.#shared.left();
    }
  }

  async #pumpUntil(draining: AbortSignal, drainDeadline: AbortSignal, aborted: AbortSignal): Promise<void> {
    while (!aborted.aborted) {
      const error = await this.#pumpOnce(draining, drainDeadline, aborted);
      if (error === undefined || error.disposition === 'lost' || draining.aborted) return;
      await this.#waitAfter(error, draining, aborted);
    }
  }

  /**
   * Pumps until drained or until something fails, and saves what was accepted. `drainDeadline` aborts a while after `draining`:
   * until then a checkpoint that cannot be saved is tried again. Resolves with the last failure.
   */
  async #pumpOnce(
    draining: AbortSignal,
    drainDeadline: AbortSignal,
    aborted: AbortSignal,
  ): Promise<DStreamError | undefined> {
    const error = await failureOf(this.#pump.run(draining, aborted));
    if (aborted.aborted) return error;
    // Before what was accepted is saved: that may fail for long.
    if (error !== undefined) this.#failed(error);
    const notSaved = await failureOf(this.#checkpoint.save(aborted, drainDeadline));
    if (notSaved !== undefined && !aborted.aborted) this.#failed(notSaved);
    return notSaved ?? error;
  }

  #failed(error: DStreamError): void {
    if (error.disposition === 'lost') return;
    this.meter.failuresInRow += 1;
    this.#parts.metrics.replica.tableFailures.inc({ code: error.code });
    if (!isTableFault(error)) {
      this.#shared.reading.failed(error);
      return;
    }
    this.#shared.reading.succeeded();
    this.#failureLog.failed(error);
    this.meter.fault = error;
  }

  #progressed(): void {
    this.#failureLog.succeeded();
    this.#shared.reading.succeeded();
    this.#backoff.reset();
    this.meter.failuresInRow = 0;
    this.meter.fault = undefined;
  }

  /** A fault of the partition is a person's to fix; what passes is tried again as soon as it may have passed. */
  async #waitAfter(error: DStreamError, draining: AbortSignal, aborted: AbortSignal): Promise<void> {
    const { reading } = this.#shared;
    if (ofPartition.has(error.code)) return reading.waitAlone(this.#backoff.next(), draining, aborted);
    if (!isTableFault(error)) return reading.wait(draining, aborted);
    const { clock, source } = this.#parts;
    await pause(clock, source.faultPauseMs(this.#lease.lease.partition), draining, aborted);
  }

  async #release(drainDeadline: AbortSignal, aborted: AbortSignal): Promise<void> {
    const { leases, clock, metrics } = this.#parts;
    if (this.#lease.lost.aborted || aborted.aborted) return;
    const failureLog = this.#shared.releasing;
    const release = (signal: AbortSignal) => leases.release(this.#lease.lease, { signal });
    try {
      const released = await retry(release, aborted, { clock, failureLog, giveUp: drainDeadline });
      if (released) {
        metrics.replica.leasesReleased.inc();
        this.#log.info('released table');
      } else {
        metrics.replica.leasesLost.inc();
        this.#log.warn('could not release lease; it was lost before');
      }
    } catch (error) {
      this.#log.warn('could not release lease; it will expire', { error: asDStreamError(error) });
    }
  }
}

async function failureOf(work: Promise<void>): Promise<DStreamError | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return asDStreamError(error);
  }
}

/** What one partition reports of its attempts. */
interface PartitionFailureLogs {
  /** Failures of the database, and everything else that keeps the partition from being read. */
  readonly reading: SharedFailurePart;
  readonly sending: SharedFailurePart;
  readonly saving: SharedFailurePart;
  readonly renewing: SharedFailurePart;
  readonly releasing: SharedFailurePart;
  /** The partition is no longer owned here. */
  left(): void;
}

/** What hits the partitions of a replica alike is logged once for all of them: one outage of the broker is one line, not 300. */
export class ReplicaFailureLogs {
  readonly reading: SharedFailureLog;
  readonly #sending: SharedFailureLog;
  readonly #saving: SharedFailureLog;
  readonly #renewing: SharedFailureLog;
  readonly #releasing: SharedFailureLog;

  constructor({ log, clock, random }: Pick<OwnerParts, 'log' | 'clock' | 'random'>) {
    const shared = (what: string) => new SharedFailureLog(what, 'tables', log, clock, random);
    this.reading = shared('reading tables');
    this.#sending = shared('sending to the topic');
    this.#saving = shared('saving checkpoints');
    this.#renewing = shared('renewing leases');
    this.#releasing = shared('releasing tables');
  }

  /** @param name of the partition, for the log */
  of(name: string): PartitionFailureLogs {
    const parts = {
      reading: this.reading.part(name),
      sending: this.#sending.part(name),
      saving: this.#saving.part(name),
      renewing: this.#renewing.part(name),
      releasing: this.#releasing.part(name),
    };
    return { ...parts, left: () => Object.values(parts).forEach((part) => part.left()) };
  }
}
