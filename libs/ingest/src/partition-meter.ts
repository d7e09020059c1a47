/** What is known of one owned partition: counted by those who move it, shown in `/status` and in its metrics. */
import {
  partitionName,
  type Announced,
  type Clock,
  type DStreamError,
  type EncodedChange,
  type HeldLease,
  type Lease,
  type PartitionId,
  type Position,
  type PartitionTimes,
} from '@dstream/core';

/** One partition in `/status`. Of another replica's only key, name, owner and epoch are known, and a fault that keeps everybody from owning it. */
export interface PartitionReport {
  readonly key: PartitionId;
  /** `partitionName`: of a table `schema.table`. */
  readonly table: string;
  readonly owner: string | null;
  /** The owner's announcement: two owners may have one name. */
  readonly announcement: string | null;
  readonly epoch: number | null;
  readonly position: string | null;
  readonly generation: number | null;
  /**
   * Milliseconds from the commit to the acceptance: until now of the oldest change that is read and waits, else of the last
   * one; 0 once all was sent; null before the first look.
   */
  readonly lagMs: number | null;
  /** Changes the topic accepted since this replica owns the partition. */
  readonly changes: number;
  /** The same a second, over the last ten seconds; null for another replica's. */
  readonly changesPerSecond: number | null;
  readonly fault: { readonly code: string; readonly message: string } | null;
}

/** A partition with why it is stopped, if it is. */
export interface PartitionFault {
  /** `partitionName` */
  readonly name: string;
  readonly fault: DStreamError | undefined;
}

/** What the owner of a partition knows at any moment. */
export interface Ownership {
  readonly lease: Lease;
  /** Since when the stored checkpoint is not all that was accepted, monotonic milliseconds; undefined while it is. */
  readonly checkpointBehindSinceMs: number | undefined;
}

/**
 * What one owned partition counts: plain fields, written by its owner once a batch and by its source once a page or probe,
 * read at a scrape and for `/status`. Lives as long as the partition is owned here.
 */
export class PartitionMeter implements PartitionFault {
  readonly partition: PartitionId;
  readonly name: string;
  rowsRead = 0;
  bytesRead = 0;
  changesSent = 0;
  messagesSent = 0;
  bytesSent = 0;
  /** Gaps that were skipped, each reported by an event. */
  gapsSkipped = 0;
  failuresInRow = 0;
  /** How long the source waits before its next probe of the partition. */
  pollIntervalMs: number | undefined;
  position: Position | undefined;
  generation: number | undefined;
  /** What stops the partition. */
  fault: DStreamError | undefined;
  readonly #ownership: () => Ownership;
  readonly #clock: Clock;
  readonly #rate: RateMeter;
  #times: PartitionTimes = {
    captureLagMs: undefined,
    historyFromMs: undefined,
    positionAtMs: undefined,
    caughtUp: false,
  };
  #waitingSinceMs: number | undefined;
  #lagMs: number | undefined;

  constructor(partition: PartitionId, ownership: () => Ownership, clock: Clock) {
    this.partition = partition;
    this.name = partitionName(partition);
    this.#ownership = ownership;
    this.#clock = clock;
    this.#rate = new RateMeter(clock);
  }

  /** What the source knows of the partition's place in time; see `progressed`. */
  get times(): PartitionTimes {
    return this.#times;
  }

  /** Given to the source. What is no longer known keeps its last value, but for the lag of capture: that is only as good as its probe. */
  progressed({ captureLagMs, caughtUp, historyFromMs, positionAtMs }: PartitionTimes): void {
    if (caughtUp && this.#lagMs !== undefined) this.#lagMs = 0;
    this.#times = {
      captureLagMs,
      caughtUp,
      historyFromMs: historyFromMs ?? this.#times.historyFromMs,
      positionAtMs: positionAtMs ?? this.#times.positionAtMs,
    };
  }

  /** `oldest` is the oldest change that is read and not accepted. */
  sending(oldest: EncodedChange): void {
    this.#waitingSinceMs = Date.parse(oldest.committedAt);
  }

  /**
   * The topic has accepted these changes, in order, which is all that was read.
   * @returns how long after its commit the oldest was accepted, in milliseconds; undefined when there is none
   */
  sent(
    changes: readonly EncodedChange[],
    messages: readonly { readonly bodyBytes: number }[],
  ): number | undefined {
    this.changesSent += changes.length;
    this.messagesSent += messages.length;
    for (const { bodyBytes } of messages) this.bytesSent += bodyBytes;
    for (const { operation } of changes) if (operation === 'gap') this.gapsSkipped += 1;
    this.#rate.add(changes.length);
    const [oldest, last] = [changes[0], changes.at(-1)];
    if (oldest === undefined || last === undefined) return undefined;
    const now = this.#clock.wallMs();
    this.#waitingSinceMs = undefined;
    this.#lagMs = Math.max(0, now - Date.parse(last.committedAt));
    return Math.max(0, now - Date.parse(oldest.committedAt));
  }

  /** A read found no changes: nothing is left to send. */
  nothingToSend(): void {
    this.#waitingSinceMs = undefined;
    this.#lagMs = 0;
  }

  /** From commit to acceptance: until now of the oldest change that waits, else of the last one; 0 once all was sent. */
  get lagMs(): number | undefined {
    if (this.#waitingSinceMs === undefined) return this.#lagMs;
    return Math.max(0, this.#clock.wallMs() - this.#waitingSinceMs);
  }

  get epoch(): number {
    return this.#ownership().lease.epoch;
  }

  /** For how long the lease can still be proven, from now on. */
  get leaseRemainingMs(): number {
    return Math.max(0, this.#ownership().lease.goodUntilMs - this.#clock.monotonicMs());
  }

  /** For how long the stored checkpoint has not been all that was accepted. */
  get checkpointAgeMs(): number {
    const since = this.#ownership().checkpointBehindSinceMs;
    return since === undefined ? 0 : this.#clock.monotonicMs() - since;
  }

  /** For `/status`. @param owner this replica */
  report({ instance: owner, announcement }: Announced): PartitionReport {
    return {
      key: this.partition,
      table: this.name,
      owner,
      announcement,
      epoch: this.epoch,
      position: this.position ?? null,
      generation: this.generation ?? null,
      lagMs: this.lagMs ?? null,
      changes: this.changesSent,
      changesPerSecond: Math.round(this.#rate.perSecond() * 100) / 100,
      fault: faultReport(this.fault),
    };
  }
}

/** The report of a partition that this replica does not own. @param held its lease, @param fault why nobody can own it */
export function reportOfOther(
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
    fault: faultReport(fault),
  };
}

function faultReport(fault: DStreamError | undefined): PartitionReport['fault'] {
  return fault === undefined ? null : { code: fault.code, message: fault.message };
}

interface RateMeterOptions {
  /** Over how long the rate is taken, in milliseconds; 10,000 when not given. */
  readonly windowMs?: number;
}

/** How many slices the window has: what leaves it leaves in steps of a tenth. */
const slices = 10;

/**
 * How many a second, lately. Counts into a fixed number of time slices, so that memory and work stay the same however
 * much is counted. Holds no timer.
 */
export class RateMeter {
  readonly #clock: Clock;
  readonly #sliceMs: number;
  readonly #startMs: number;
  /** By number of slice modulo their count; `#newest` is the number of the one that is counted into. */
  readonly #counts: number[] = Array.from({ length: slices }, () => 0);
  #newest = 0;

  constructor(clock: Clock, { windowMs = 10_000 }: RateMeterOptions = {}) {
    this.#clock = clock;
    this.#sliceMs = windowMs / slices;
    this.#startMs = clock.monotonicMs();
  }

  add(count: number): void {
    this.#moveOn();
    const at = this.#newest % slices;
    this.#counts[at] = (this.#counts[at] ?? 0) + count;
  }

  /** Over the window, or over the time since the start while that is shorter, of which one slice always counts. */
  perSecond(): number {
    this.#moveOn();
    const sinceStartMs = this.#clock.monotonicMs() - this.#startMs;
    const currentMs = sinceStartMs - this.#newest * this.#sliceMs;
    const coveredMs = Math.min(sinceStartMs, (slices - 1) * this.#sliceMs + currentMs);
    const sum = this.#counts.reduce((total, count) => total + count, 0);
    return (sum * 1_000) / Math.max(coveredMs, this.#sliceMs);
  }

  /** Empties the slices that time has passed since the last look. */
  #moveOn(): void {
    const now = Math.floor((this.#clock.monotonicMs() - this.#startMs) / this.#sliceMs);
    const passed = Math.min(now - this.#newest, slices);
    for (let n = 1; n <= passed; n += 1) this.#counts[(this.#newest + n) % slices] = 0;
    this.#newest = now;
  }
}
