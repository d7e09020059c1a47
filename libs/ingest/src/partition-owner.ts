/**
 * One partition while this replica owns it.
 *
 * Pumping → waiting (a fault of the partition: rested for as long as its source says; or a passing error: back-off)
 * → pumping … → released (drained and saved) or lost (another replica may own it: nothing more is sent or saved).
 * The lease is renewed through all of it: a partition with a fault keeps its owner.
 */
import {
  asDStreamError,
  isTableFault,
  partitionName,
  type DStreamError,
  type ErrorCode,
  type Lease,
  type Log,
  type StopSignals,
} from '@dstream/core';
import { abortLater, Backoff, FailureLog, pause, retry, withAny } from '@dstream/async';
import { ChangeSender } from './change-sender.ts';
import { CheckpointKeeper } from './checkpoint-keeper.ts';
import type { IngesterParts } from './ingester-parts.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import type { PartitionMeter } from './partition-meter.ts';
import type { PartitionFailureLogs } from './partition-failure-logs.ts';
import { PartitionPump } from './partition-pump.ts';
import { PartitionStatus } from './partition-status.ts';

/** Failures that are likely the partition's own, and cost a look at its changes each: waited for longer. */
const ofPartition: ReadonlySet<ErrorCode> = new Set(['Unexpected', 'Stalled']);

/** How long a drain tries again to save and release when the store fails, in milliseconds. */
const patienceMs = 5_000;

export class PartitionOwner {
  readonly status: PartitionStatus;
  readonly #parts: IngesterParts;
  readonly #lease: LeaseKeeper;
  readonly #checkpoint: CheckpointKeeper;
  readonly #meter: PartitionMeter;
  readonly #pump: PartitionPump;
  readonly #log: Log;
  /** Of what this partition has alone. */
  readonly #failureLog: FailureLog;
  /** Of what hits all partitions: said once for them together. */
  readonly #common: PartitionFailureLogs;
  readonly #backoff: Backoff;
  /** The failure of this run of the pump, once it is recorded. */
  #recorded: DStreamError | undefined;

  constructor(lease: Lease, parts: IngesterParts, common: PartitionFailureLogs) {
    this.#parts = parts;
    this.#log = parts.log.child({ table: partitionName(lease.partition), epoch: lease.epoch });
    this.#common = common;
    this.#failureLog = new FailureLog('reading the table', this.#log, parts.clock);
    this.#backoff = new Backoff({ firstMs: 500, maxMs: 30_000, random: parts.random });
    const timeAndLog = { clock: parts.clock, log: this.#log };
    this.#lease = new LeaseKeeper(lease, {
      leases: parts.leases,
      durationMs: parts.settings.leaseDurationMs,
      failureLog: common.renewing,
      ...timeAndLog,
    });
    this.#checkpoint = new CheckpointKeeper({
      store: parts.checkpoints,
      lease: this.#lease,
      intervalMs: parts.settings.checkpointIntervalMs,
      idleIntervalMs: parts.settings.checkpointIdleIntervalMs,
      ordering: parts.settings.ordering,
      failureLog: common.saving,
      saved: (at) => parts.source.saved?.(lease.partition, at),
      ...timeAndLog,
    });
    this.#meter = parts.metrics.owns(lease.partition, {
      epoch: lease.epoch,
      leaseGoodUntilMs: () => this.#lease.lease.goodUntilMs,
      checkpointBehindSinceMs: () => this.#checkpoint.behindSinceMs,
    });
    this.status = new PartitionStatus(lease, parts.clock, () => this.#meter.lagMs(parts.clock.wallMs()));
    this.#pump = this.#makePump(lease, timeAndLog);
  }

  #makePump(lease: Lease, common: { clock: IngesterParts['clock']; log: Log }): PartitionPump {
    const { source, topic, settings, metrics } = this.#parts;
    const held = this.#lease;
    return new PartitionPump({
      source,
      lease,
      settings,
      metrics,
      meter: this.#meter,
      ...common,
      status: this.status,
      sender: new ChangeSender({
        ...settings,
        topic,
        partition: lease.partition,
        lease: held,
        failureLog: this.#common.sending,
        ...common,
      }),
      checkpoint: this.#checkpoint,
      working: () => this.#works(),
      failed: (error) => this.#failed(error),
    });
  }

  /** Owns until drained, aborted or lost. Never rejects; the lease is given back unless it was lost. */
  async run(stop: StopSignals): Promise<void> {
    const { clock } = this.#parts;
    using patience = abortLater(clock, patienceMs, stop.draining);
    const owned = new AbortController();
    const renewing = this.#lease.run(owned.signal);
    this.#log.info('acquired table');
    try {
      await withAny([stop.aborted, this.#lease.lost], (hard) =>
        this.#pumpUntil(stop.draining, patience.signal, hard),
      );
    } finally {
      this.#fault(undefined);
      owned.abort();
      await renewing;
      await this.#release(patience.signal, stop.aborted);
      if (this.#lease.lost.aborted) this.#parts.metrics.replica.lost();
      this.#parts.metrics.left(this.#meter);
      this.#common.left();
    }
  }

  async #pumpUntil(draining: AbortSignal, patience: AbortSignal, hard: AbortSignal): Promise<void> {
    while (!hard.aborted) {
      this.#recorded = undefined;
      try {
        await this.#pump.run(draining, patience, hard);
        return;
      } catch (caught) {
        const error = asDStreamError(caught);
        if (hard.aborted || error.disposition === 'lost') return;
        this.#failed(error);
        if (draining.aborted) return;
        await this.#waitAfter(error, draining, hard);
      }
    }
  }

  /** Records a failure, once however often it is told of. */
  #failed(error: DStreamError): void {
    if (error === this.#recorded || error.disposition === 'lost') return;
    this.#recorded = error;
    this.#meter.failuresInRow += 1;
    this.#parts.metrics.replica.failed(error.code);
    if (!isTableFault(error)) {
      this.#common.moving.failed(error);
      return;
    }
    this.#common.moving.succeeded();
    this.#failureLog.failed(error);
    this.#fault(error);
  }

  #works(): void {
    this.#failureLog.succeeded();
    this.#common.moving.succeeded();
    this.#backoff.reset();
    this.#meter.failuresInRow = 0;
    this.#fault(undefined);
  }

  #fault(error: DStreamError | undefined): void {
    if (this.status.fault?.code === error?.code && this.status.fault?.message === error?.message) return;
    this.status.fault = error;
    this.#meter.fault = error?.code;
  }

  /** A fault of the partition is a person's to mend; what passes is tried again as soon as it may have passed. */
  async #waitAfter(error: DStreamError, draining: AbortSignal, hard: AbortSignal): Promise<void> {
    const { moving } = this.#common;
    if (ofPartition.has(error.code)) return moving.waitAlone(this.#backoff.next(), draining, hard);
    if (!isTableFault(error)) return moving.wait(draining, hard);
    const { clock, source } = this.#parts;
    await pause(clock, source.faultPauseMs(this.#lease.lease.partition), draining, hard);
  }

  async #release(patience: AbortSignal, aborted: AbortSignal): Promise<void> {
    const { leases, clock, metrics } = this.#parts;
    if (this.#lease.lost.aborted || aborted.aborted) return;
    const failureLog = this.#common.releasing;
    const release = (signal: AbortSignal) => leases.release(this.#lease.lease, { signal });
    try {
      const released = await retry(release, aborted, { clock, failureLog, giveUp: patience });
      if (released) metrics.replica.released();
      else metrics.replica.lost();
      if (released) this.#log.info('released table');
      else this.#log.warn('the lease was not ours any more when it was to be released');
    } catch (error) {
      this.#log.warn('could not release lease; it will expire', {
        error: asDStreamError(error),
      });
    }
  }
}
