import {
  byTable,
  isNewer,
  layoutOf,
  nextGeneration,
  partitionName,
  progressOf,
  type CallOptions,
  type Checkpoint,
  type CheckpointStore,
  type Clock,
  type Lease,
  type Log,
  type Ordering,
  type PartitionId,
  type Progress,
  type ResumePoint,
} from '@dstream/core';
import { pause, retry, type RetryOptions } from '@dstream/async';
import type { LeaseKeeper } from './lease-keeper.ts';

interface CheckpointKeeperOptions {
  readonly store: CheckpointStore;
  readonly lease: LeaseKeeper;
  readonly intervalMs: number;
  readonly idleIntervalMs: number;
  readonly ordering: Ordering;
  readonly clock: Clock;
  readonly log: Log;
  /** Receives the outcome of every attempt to save. */
  readonly failureLog: RetryOptions['failureLog'];
  /** Called with every checkpoint, once it is stored. Must not throw. */
  readonly saved: (at: ResumePoint) => void;
}

/**
 * Saves how far one partition is accepted. Only what `accepted` was given is ever saved, so a checkpoint covers a
 * prefix of changes that the broker has. Saves at most once an interval, an idle partition's at the idle interval, and
 * what is left when the partition is released.
 */
export class CheckpointKeeper {
  readonly #options: CheckpointKeeperOptions;
  #accepted: Checkpoint | undefined;
  #saved: Checkpoint | undefined;
  #savedAtMs = 0;
  #behindSinceMs: number | undefined;
  #changesWaiting = false;
  #generation: number | undefined;
  #saving: Promise<void> = Promise.resolve();

  constructor(options: CheckpointKeeperOptions) {
    this.#options = options;
  }

  /** Where to continue: what was accepted last, else what is stored, else undefined for a partition that is new. */
  async begin(signal: AbortSignal): Promise<ResumePoint | undefined> {
    if (this.#generation === undefined) await this.#load(signal);
    return this.#accepted?.at;
  }

  async #load(signal: AbortSignal): Promise<void> {
    const { store, lease, clock } = this.#options;
    const stored = await store.load(lease.lease.partition, { signal });
    this.#generation = stored?.generation ?? nextGeneration(lease.lease.acquiredAtMs, undefined);
    this.#accepted = stored;
    this.#saved = stored;
    this.#savedAtMs = clock.monotonicMs();
    if (stored !== undefined) this.#checkLayout(stored);
  }

  /**
   * Under another layout a session gets other rows. A session that is ahead of the checkpoint would then mistake what is
   * new to it for duplicates: so a new generation begins.
   */
  #checkLayout({ at, layout: before = layoutOf(byTable) }: Checkpoint): void {
    const layout = layoutOf(this.#options.ordering);
    if (before === layout) return;
    this.beginGeneration();
    this.accepted(at, 0);
    const what = 'ordering changed; messages that are still queued in the old sessions may arrive later';
    this.#options.log.warn(what, { before, now: layout });
  }

  /** The generation every message carries. Throws before `begin`. */
  get generation(): number {
    if (this.#generation === undefined) throw new Error('the checkpoint was not loaded: call begin first');
    return this.#generation;
  }

  /** What is accepted from now on has a new generation (docs/guarantees.md, rule 3). */
  beginGeneration(): void {
    this.#generation = nextGeneration(this.#options.lease.lease.acquiredAtMs, this.generation);
  }

  /** True until a first checkpoint of the generation is stored: nothing may be sent before. */
  get isNew(): boolean {
    return this.#saved?.generation !== this.#generation;
  }

  /** Since when the stored checkpoint has not been all that was accepted, monotonic; undefined while it is. */
  get behindSinceMs(): number | undefined {
    return this.#behindSinceMs;
  }

  /** The last change that was accepted in the partition's own session, as far as it is known: when ordered by table. */
  get lastChange(): Progress | undefined {
    return this.#accepted?.lastChange;
  }

  /** The broker has everything up to `at`. @param last the last change in the partition's own session; as before when not given */
  accepted(at: ResumePoint, changes: number, last?: Progress): void {
    const { generation } = this;
    if (changes === 0 && at.token === this.#accepted?.at.token && generation === this.#accepted.generation)
      return;
    this.#accepted = { at, generation, ...this.#layout(last ?? this.lastChange) };
    this.#behindSinceMs ??= this.#options.clock.monotonicMs();
    if (changes > 0) this.#changesWaiting = true;
  }

  /** By key there are many sessions, and a checkpoint has none of their last changes. */
  #layout(lastChange: Progress | undefined): Pick<Checkpoint, 'layout' | 'lastChange'> {
    const layout = layoutOf(this.#options.ordering);
    if (layout !== layoutOf(byTable)) return { layout };
    return lastChange === undefined ? {} : { lastChange };
  }

  /** Saves what is due, every interval, until `signal` aborts; then resolves. Rejects with LeaseLost. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, intervalMs } = this.#options;
    while (!signal.aborted) {
      await pause(clock, intervalMs, signal);
      if (!signal.aborted && this.#due())
        await this.save(signal).catch((error: unknown) => this.#unlessStopped(error, signal));
    }
  }

  #unlessStopped(error: unknown, signal: AbortSignal): void {
    if (!signal.aborted) throw error;
  }

  #due(): boolean {
    const { clock, idleIntervalMs } = this.#options;
    return this.#changesWaiting || clock.monotonicMs() - this.#savedAtMs >= idleIntervalMs;
  }

  /**
   * Saves what was accepted, if it is not stored yet. One save at a time. Tries again what passes, until `signal` aborts, or
   * `giveUp` does: then the attempt under way is the last.
   */
  save(signal: AbortSignal, giveUp?: AbortSignal): Promise<void> {
    const next = this.#saving.then(() => this.#saveNow(signal, giveUp));
    this.#saving = next.catch(() => undefined);
    return next;
  }

  async #saveNow(signal: AbortSignal, giveUp: AbortSignal | undefined): Promise<void> {
    const { clock, failureLog } = this.#options;
    await retry((attempt) => this.#attempt(attempt), signal, {
      clock,
      failureLog,
      ...(giveUp && { giveUp }),
      again: (error) => error.disposition !== 'lost',
    });
  }

  async #attempt(signal: AbortSignal): Promise<void> {
    const { store, lease, clock, saved } = this.#options;
    const checkpoint = this.#accepted;
    if (checkpoint === undefined || checkpoint === this.#saved) return;
    lease.assertHeld();
    this.#changesWaiting = false;
    const startedMs = clock.monotonicMs();
    try {
      await store.save(checkpoint, lease.lease, { signal });
    } catch (error) {
      this.#changesWaiting = true;
      throw error;
    }
    this.#saved = checkpoint;
    this.#savedAtMs = clock.monotonicMs();
    // What was accepted while the save was under way is not in it.
    this.#behindSinceMs = this.#accepted === checkpoint ? undefined : startedMs;
    saved(checkpoint.at);
  }
}

/**
 * A store that checks what it loads: what this process has saved must still be there when it acquires the partition the
 * next time. A checkpoint that is gone or older (its blob was deleted, or the storage restored) is reported, because
 * the table then restarts, and where it does not start at the oldest change, some are never read. It is used as it is:
 * only a person knows whether that was the intention.
 */
export class WatchedCheckpoints implements CheckpointStore {
  readonly #store: CheckpointStore;
  readonly #log: Log;
  /** One a partition of the source: as many as there are. */
  readonly #saved = new Map<PartitionId, Progress>();

  constructor(store: CheckpointStore, log: Log) {
    this.#store = store;
    this.#log = log;
  }

  async load(partition: PartitionId, o: CallOptions): Promise<Checkpoint | undefined> {
    const stored = await this.#store.load(partition, o);
    const saved = this.#saved.get(partition);
    if (saved !== undefined && (stored === undefined || isNewer(saved, progressOf(stored)))) {
      this.#report(partition, saved, stored);
      this.#saved.delete(partition);
    }
    return stored;
  }

  async save(checkpoint: Checkpoint, under: Lease, o: CallOptions): Promise<void> {
    await this.#store.save(checkpoint, under, o);
    this.#saved.set(under.partition, progressOf(checkpoint));
  }

  #report(partition: PartitionId, saved: Progress, stored: Checkpoint | undefined): void {
    const what = stored === undefined ? 'is gone; restarting the table from the beginning' : 'has moved back';
    this.#log.error(`saved checkpoint ${what}`, {
      table: partitionName(partition),
      saved,
      ...(stored !== undefined && { stored: progressOf(stored) }),
    });
  }
}
