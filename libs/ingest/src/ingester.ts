/**
 * Keeps this replica's fair share of the partitions. Connecting → announced: every few seconds it lists all leases,
 * acquires the free partitions that are its to acquire and drains its surplus → draining: every partition is drained, saved
 * and released, the announcement withdrawn.
 */
import {
  asDStreamError,
  balance,
  partitionName,
  type AnnouncementId,
  type DStreamError,
  type HeldLease,
  type InstanceId,
  type LeaseSnapshot,
  type PartitionId,
  type Presence,
  type Service,
  type StopSignals,
} from '@dstream/core';
import { Backoff, FailureLog, pause, retry, retryWaits, together, withAny } from '@dstream/async';
import { Announcer } from './announcer.ts';
import { ForeignLeases } from './foreign-leases.ts';
import { IdleReplicas } from './idle-replicas.ts';
import type { IngesterParts } from './ingester-parts.ts';
import { NameWatch } from './name-watch.ts';
import { PartitionAcquirer } from './partition-acquirer.ts';
import { ReplicaFailureLogs } from './partition-failure-logs.ts';
import { PartitionOwner } from './partition-owner.ts';
import { freshMs, PartitionList } from './partition-list.ts';
import type { PartitionReport } from './partition-status.ts';
import { OwnedPartitions } from './owned-partitions.ts';

/** What a look at all leases found: nothing to acquire, partitions to acquire, more of them than there was time for; or it failed. */
type Look = 'calm' | 'moving' | 'unfinished' | 'failed';

export class Ingester implements Service {
  readonly name = 'ingester';
  readonly #parts: IngesterParts;
  readonly #owned: OwnedPartitions;
  readonly #list: PartitionList;
  readonly #announcer: Announcer;
  readonly #acquirer: PartitionAcquirer;
  readonly #failureLog: FailureLog;
  readonly #names: NameWatch;
  readonly #foreign: ForeignLeases;
  readonly #idle: IdleReplicas;
  /** Between looks while partitions change hands. */
  readonly #soon: Backoff;
  #snapshot: LeaseSnapshot | undefined;
  #ready = false;

  constructor(parts: IngesterParts) {
    const { leaseDurationMs } = parts.settings;
    this.#parts = parts;
    const failureLogs = new ReplicaFailureLogs(parts);
    this.#owned = new OwnedPartitions(
      (lease) => new PartitionOwner(lease, parts, failureLogs.of(partitionName(lease.partition))),
      parts.metrics.replica,
    );
    this.#list = new PartitionList({
      ...parts,
      patienceMs: leaseDurationMs / 5,
      failureLog: failureLogs.moving.part('the list of tables', { counts: false }),
    });
    this.#failureLog = new FailureLog('balancing the tables', parts.log, parts.clock);
    this.#announcer = new Announcer({ ...parts, durationMs: leaseDurationMs, counts: () => this.#canRead() });
    this.#acquirer = new PartitionAcquirer({
      ...parts,
      acquired: (lease, stop) => {
        parts.metrics.replica.acquired();
        this.#owned.start(lease, stop);
      },
    });
    this.#names = new NameWatch({ ...parts, leaseDurationMs });
    this.#foreign = new ForeignLeases({ ...parts, self: parts.leases.announcement, leaseDurationMs });
    this.#idle = new IdleReplicas({ ...parts, self: parts.leases.announcement, leaseDurationMs });
    parts.metrics.blockedBy(() =>
      this.#notOwned().map((partition) => ({
        name: partitionName(partition),
        fault: this.#blockedBy(partition)?.code,
      })),
    );
    this.#soon = new Backoff({ firstMs: this.#everyMs / 4, maxMs: this.#everyMs, random: parts.random });
  }

  /** Between two looks at all leases, in milliseconds. */
  get #everyMs(): number {
    return this.#parts.settings.leaseDurationMs / 10;
  }

  /** True once everything it needs was reached a first time: from then on it waits for whatever fails. */
  get ready(): boolean {
    return this.#ready;
  }

  /** Rejects before the first success with what a person must mend; after it only by `aborted`. */
  async run(stop: StopSignals): Promise<void> {
    const connected = await withAny([stop.draining, stop.aborted], (signal) => this.#connect(signal)).catch(
      (error: unknown) => this.#unlessStopping(error, stop),
    );
    if (connected === undefined) return;
    this.#ready = true;
    this.#parts.log.info('ingester is working', {
      instance: this.#parts.instance,
      tables: this.#list.partitions.length,
    });
    await withAny([stop.draining, stop.aborted], async (stopping) => {
      // Withdrawn at once: what is released meanwhile is dealt among those who stay, not kept for the slowest partition.
      await Promise.all([this.#announcer.run(connected, stopping), this.#work(stopping, stop)]);
    });
  }

  async #work(stopping: AbortSignal, stop: StopSignals): Promise<void> {
    try {
      await this.#balanceUntil(stopping, stop);
    } finally {
      this.#ready = false;
      await this.#acquirer.settle(stop);
      await this.#owned.settled();
    }
  }

  #unlessStopping(error: unknown, stop: StopSignals): undefined {
    if (!stop.draining.aborted) throw error;
    return undefined;
  }

  async #connect(signal: AbortSignal): Promise<Presence> {
    const { names, topic, leases } = this.#parts;
    await together(signal, [
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

  async #balanceUntil(stopping: AbortSignal, stop: StopSignals): Promise<void> {
    while (!stopping.aborted) {
      const seen = await this.#balanceOnce(stopping, stop);
      await pause(this.#parts.clock, this.#untilNextMs(seen), stopping);
    }
  }

  /** Soon while partitions change hands, at once where time was too short for all; after a failure as any return is noticed. */
  #untilNextMs(seen: Look): number {
    if (seen === 'unfinished') return 0;
    if (seen === 'moving') return this.#soon.next();
    this.#soon.reset();
    const calmMs = this.#everyMs * (0.75 + this.#parts.random() / 2);
    return seen === 'failed' ? Math.min(calmMs, retryWaits.maxMs) : calmMs;
  }

  /** One look at everything. Whatever fails is tried again at the next. */
  async #balanceOnce(stopping: AbortSignal, stop: StopSignals): Promise<Look> {
    const { leases, metrics } = this.#parts;
    try {
      await this.#list.keepFresh(stopping);
      const snapshot = await leases.list({ signal: stopping });
      this.#snapshot = snapshot;
      this.#names.look(snapshot.instances);
      this.#foreign.look(snapshot, this.#notOwned());
      const seen = await this.#apply(snapshot, stop);
      this.#failureLog.succeeded();
      const instances = snapshot.instances.length;
      metrics.replica.balanced({ tables: this.#list.partitions.length, instances });
      return seen;
    } catch (error) {
      if (stopping.aborted) return 'calm';
      this.#failureLog.failed(asDStreamError(error));
      metrics.replica.balanced(undefined);
      return 'failed';
    }
  }

  /**
   * Drains the surplus, and acquires what is free for as long as two looks are apart: what is left then is planned
   * anew from a newer list, which may show a newcomer.
   */
  async #apply(snapshot: LeaseSnapshot, stop: StopSignals): Promise<Look> {
    const seen = this.#idle.look(this.#list.partitions, this.#withOwn(snapshot));
    const plan = balance(this.#parts.leases.announcement, seen.partitions, seen.snapshot);
    for (const partition of [...plan.release, ...this.#notConfigured()]) this.#owned.drain(partition);
    this.#acquirer.keep(this.#list.partitions);
    const wanted = new Set([...plan.acquire, ...this.#acquirer.inDoubt]);
    // One with a fault that somebody holds is tried at once: the store's answer ends the fault here.
    const due = (partition: PartitionId) => snapshot.held.has(partition) || !this.#acquirer.rests(partition);
    const free = this.#notOwned().filter((partition) => wanted.has(partition) && due(partition));
    if (free.length === 0) return 'calm';
    const all = await this.#acquirer.acquireAll(free, this.#everyMs, stop);
    return all ? 'moving' : 'unfinished';
  }

  /** A replica that has not reached its database for a whole lease stops counting: others take what becomes free. */
  #canRead(): boolean {
    return this.#list.ageMs < freshMs + this.#parts.settings.leaseDurationMs;
  }

  /**
   * The snapshot may be older than what this replica has acquired or released since: of its own leases it knows better.
   * One that is listed as ours and is not known here was granted with a reply that was lost: it is ours to acquire.
   */
  #withOwn({ instances, held }: LeaseSnapshot): LeaseSnapshot {
    const { instance: owner, leases } = this.#parts;
    const { announcement } = leases;
    const others = [...held].filter(([, lease]) => lease.endless || lease.announcement !== announcement);
    const own = this.#owned
      .entries()
      .map(([partition, { epoch }]) => [partition, { owner, announcement, epoch, endless: false }] as const);
    return { instances, held: new Map([...others, ...own]) };
  }

  #notOwned(): readonly PartitionId[] {
    return this.#list.partitions.filter((partition) => !this.#owned.has(partition));
  }

  #notConfigured(): readonly PartitionId[] {
    const configured = new Set(this.#list.partitions);
    return this.#owned
      .entries()
      .map(([partition]) => partition)
      .filter((partition) => !configured.has(partition));
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
        this.#owned.report(partition, { instance, announcement }) ??
        foreign(partition, this.#snapshot?.held.get(partition), this.#blockedBy(partition)),
    );
    return { instance, announcement, tables };
  }
}

function foreign(
  partition: PartitionId,
  held: HeldLease | undefined,
  fault: DStreamError | undefined,
): PartitionReport {
  return {
    key: partition,
    table: partitionName(partition),
    owner: held?.owner ?? null,
    announcement: held?.announcement ?? null,
    epoch: held?.epoch ?? null,
    position: null,
    generation: null,
    lagMs: null,
    changes: 0,
    changesPerSecond: null,
    fault: fault === undefined ? null : { code: fault.code, message: fault.message },
  };
}
