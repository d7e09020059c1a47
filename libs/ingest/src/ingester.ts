import {
  asDStreamError,
  balance,
  partitionName,
  type AnnouncementId,
  type DStreamError,
  type InstanceId,
  type LeaseSnapshot,
  type PartitionId,
  type Presence,
  type Service,
  type StopSignals,
} from '@dstream/core';
import { Backoff, FailureLog, pause, retry, retryWaits, runAll, withAny } from '@dstream/async';
import { Announcer } from './announcer.ts';
import { WatchedCheckpoints } from './checkpoint-keeper.ts';
import { ForeignLeases } from './foreign-leases.ts';
import { IdleReplicas } from './idle-replicas.ts';
import { LeaseAcquirer, OwnedPartitions } from './owned-partitions.ts';
import { freshMs, PartitionList } from './partition-list.ts';
import { reportOfOther, type PartitionReport } from './partition-meter.ts';
import { ReplicaFailureLogs, type OwnerParts } from './partition-owner.ts';

/** What an ingester connects to, as its log calls it. */
export interface ConnectionNames {
  /** `database` */
  readonly source: string;
  /** `topic ingest-topic` */
  readonly topic: string;
  /** `container locks` */
  readonly leases: string;
}

/** Everything an ingester is made of. Built in `compose.ts`, or by a test. */
export interface IngesterParts extends OwnerParts {
  readonly instance: InstanceId;
  readonly names: ConnectionNames;
  /** Where this process serves `/status`, for its announcement. Asked when it announces itself. */
  readonly httpAddress: () => string | undefined;
}

/** The outcome of a balancing pass: nothing to acquire, all free partitions tried, more of them than there was time for; or it failed. */
type Pass = 'calm' | 'acquired' | 'unfinished' | 'failed';

/**
 * Keeps this replica's fair share of the partitions. Connecting → announced: every few seconds a balancing pass lists all
 * leases, drains the surplus and acquires the free partitions that are this replica's to acquire → draining: every partition
 * is drained, saved and released, the announcement withdrawn.
 */
export class Ingester implements Service {
  readonly name = 'ingester';
  readonly #parts: IngesterParts;
  readonly #owned: OwnedPartitions;
  readonly #list: PartitionList;
  readonly #announcer: Announcer;
  readonly #acquirer: LeaseAcquirer;
  readonly #failureLog: FailureLog;
  readonly #foreign: ForeignLeases;
  readonly #idle: IdleReplicas;
  /** Between passes while partitions change hands. */
  readonly #soon: Backoff;
  #snapshot: LeaseSnapshot | undefined;
  #ready = false;

  constructor(given: IngesterParts) {
    const parts = { ...given, checkpoints: new WatchedCheckpoints(given.checkpoints, given.log) };
    const { log, clock, metrics, leases } = parts;
    const { leaseDurationMs } = parts.settings;
    const watching = { self: leases.announcement, leaseDurationMs, clock, log };
    const failureLogs = new ReplicaFailureLogs(parts);
    this.#parts = parts;
    this.#owned = new OwnedPartitions(parts, failureLogs);
    this.#acquirer = new LeaseAcquirer(parts, this.#owned);
    this.#list = new PartitionList({
      ...parts,
      requestTimeoutMs: leaseDurationMs / 5,
      failureLog: failureLogs.reading.part('the list of tables', { counts: false }),
    });
    this.#failureLog = new FailureLog('balancing the tables', log, clock);
    this.#announcer = new Announcer({ ...parts, leaseDurationMs, counts: () => this.#canRead() });
    this.#foreign = new ForeignLeases(watching);
    this.#idle = new IdleReplicas(watching);
    this.#soon = new Backoff({ firstMs: this.#everyMs / 4, maxMs: this.#everyMs, random: parts.random });
    metrics.blocked = () =>
      this.#notOwned().map((partition) => ({
        name: partitionName(partition),
        fault: this.#blockedBy(partition),
      }));
  }

  /** Between two balancing passes, in milliseconds. */
  get #everyMs(): number {
    return this.#parts.settings.leaseDurationMs / 10;
  }

  /** True once everything it needs was reached a first time: from then on it waits for whatever fails. */
  get ready(): boolean {
    return this.#ready;
  }

  /** Rejects before the first success with what a person must fix; after it only by `aborted`. */
  async run(stop: StopSignals): Promise<void> {
    await withAny([stop.draining, stop.aborted], async (stopping) => {
      const presence = await this.#connect(stopping).catch((error: unknown) => {
        if (!stop.draining.aborted) throw error;
      });
      if (presence === undefined) return;
      this.#ready = true;
      const { log, instance } = this.#parts;
      log.info('ingester ready', { instance, tables: this.#list.partitions.length });
      // Withdrawn at once: what is released meanwhile is dealt among those who stay, not kept for the slowest partition.
      await Promise.all([this.#announcer.run(presence, stopping), this.#ownShare(stopping, stop)]);
    });
  }

  async #connect(signal: AbortSignal): Promise<Presence> {
    const { names, topic, leases } = this.#parts;
    await runAll(signal, [
      (until) => this.#reach(names.topic, (s) => topic.connect({ signal: s }), until),
      (until) => this.#reach(names.leases, (s) => leases.connect({ signal: s }), until),
      (until) => this.#reach(names.source, (s) => this.#list.refresh(s), until),
    ]);
    return this.#announcer.announce(signal);
  }

  async #reach(what: string, connect: (s: AbortSignal) => Promise<void>, until: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts;
    await retry(connect, until, { clock, failureLog: new FailureLog(`connecting to ${what}`, log, clock) });
    log.info('connected', { to: what });
  }

  /** Balances until stopping, then waits until everything is released. */
  async #ownShare(stopping: AbortSignal, stop: StopSignals): Promise<void> {
    try {
      while (!stopping.aborted) {
        const pass = await this.#balance(stopping, stop);
        await pause(this.#parts.clock, this.#untilNextMs(pass), stopping);
      }
    } finally {
      this.#ready = false;
      await this.#acquirer.settle(stop);
      await this.#owned.settled();
    }
  }

  /** Soon while partitions change hands, at once where time was too short for all; after a failure as any return is noticed. */
  #untilNextMs(pass: Pass): number {
    if (pass === 'unfinished') return 0;
    if (pass === 'acquired') return this.#soon.next();
    this.#soon.reset();
    const calmMs = this.#everyMs * (0.75 + this.#parts.random() / 2);
    return pass === 'failed' ? Math.min(calmMs, retryWaits.maxMs) : calmMs;
  }

  /** One balancing pass. Whatever fails is tried again at the next. */
  async #balance(stopping: AbortSignal, stop: StopSignals): Promise<Pass> {
    const { replica } = this.#parts.metrics;
    replica.balancings.inc();
    try {
      const snapshot = await this.#listLeases(stopping);
      const free = this.#drainSurplus(snapshot);
      const pass = await this.#acquire(free, stop);
      this.#failureLog.succeeded();
      replica.tablesConfigured.set(this.#list.partitions.length);
      replica.ingestersLive.set(snapshot.instances.length);
      return pass;
    } catch (error) {
      if (stopping.aborted) return 'calm';
      this.#failureLog.failed(asDStreamError(error));
      replica.balancingFailures.inc();
      return 'failed';
    }
  }

  async #listLeases(stopping: AbortSignal): Promise<LeaseSnapshot> {
    await this.#list.keepFresh(stopping);
    const snapshot = await this.#parts.leases.list({ signal: stopping });
    this.#snapshot = snapshot;
    this.#announcer.checkName(snapshot.instances);
    this.#foreign.update(snapshot, this.#notOwned());
    return snapshot;
  }

  /** Returns the free partitions that are this replica's to acquire now. */
  #drainSurplus(snapshot: LeaseSnapshot): readonly PartitionId[] {
    const { partitions } = this.#list;
    const shared = this.#idle.exclude(partitions, this.#owned.overlaid(snapshot));
    const plan = balance(this.#parts.leases.announcement, shared.partitions, shared.snapshot);
    for (const partition of [...plan.release, ...this.#notConfigured()]) this.#owned.drain(partition);
    this.#acquirer.keep(partitions);
    const wanted = new Set([...plan.acquire, ...this.#acquirer.inDoubt]);
    // One with a fault that somebody holds is tried at once: the store's answer ends the fault here.
    const due = (partition: PartitionId) => snapshot.held.has(partition) || !this.#acquirer.pauses(partition);
    return this.#notOwned().filter((partition) => wanted.has(partition) && due(partition));
  }

  /** For as long as two passes are apart: what is left then is planned again from a newer list, which may show a newcomer. */
  async #acquire(free: readonly PartitionId[], stop: StopSignals): Promise<Pass> {
    if (free.length === 0) return 'calm';
    const all = await this.#acquirer.acquireAll(free, this.#everyMs, stop);
    return all ? 'acquired' : 'unfinished';
  }

  /** A replica that has not reached its database for a whole lease stops counting: others take what becomes free. */
  #canRead(): boolean {
    return this.#list.ageMs < freshMs + this.#parts.settings.leaseDurationMs;
  }

  #notOwned(): readonly PartitionId[] {
    return this.#list.partitions.filter((partition) => !this.#owned.has(partition));
  }

  #notConfigured(): readonly PartitionId[] {
    const configured = new Set(this.#list.partitions);
    return this.#owned.partitions.filter((partition) => !configured.has(partition));
  }

  /** Why nobody can own the partition; undefined while somebody does or may. */
  #blockedBy(partition: PartitionId): DStreamError | undefined {
    return this.#foreign.fault(partition) ?? this.#acquirer.fault(partition);
  }

  /** For `/status`: own partitions in detail, those of others with their owner. */
  report(): { instance: InstanceId; announcement: AnnouncementId; tables: readonly PartitionReport[] } {
    const { instance, leases } = this.#parts;
    const { announcement } = leases;
    const tables = this.#list.partitions.map(
      (partition) =>
        this.#owned.report(partition, announcement) ??
        reportOfOther(partition, this.#snapshot?.held.get(partition), this.#blockedBy(partition)),
    );
    return { instance, announcement, tables };
  }
}
