/**
 * When one table is polled next, and how far it has been read. The lag of capture is the server's now minus the commit time of
 * the max LSN (its entry in `cdc.lsn_time_mapping`): capture is one job a database, so all its tables share it, and without
 * commits it grows until capture writes its next entry of an idle period ("cdc.lsn_time_mapping").
 */
import type { PartitionId, PartitionTimes } from '@dstream/core';
import { completeUpTo, highestLsn, type LogPosition } from '../position/log-position.ts';
import type { ProbeAnswer } from './prober.ts';
import type { ReaderContext } from './reader-context.ts';
import type { PollIntervals } from './table-settings.ts';

/** A table may be polled a little before it is due when others are polled anyway. */
const slack = { ms: 40, share: 0.05 } as const;

/** State of one `read` of one table; not reusable. Reports to the observer how far the table is. */
export class TablePoll {
  readonly schedule: PollSchedule;
  readonly #context: Pick<ReaderContext, 'prober' | 'clock' | 'observer'>;
  readonly #partition: PartitionId;
  readonly #intervals: PollIntervals;
  #waitMs = 0;
  #dueAtMs: number;
  #times: PartitionTimes = {
    captureLagMs: undefined,
    historyFromMs: undefined,
    positionAtMs: undefined,
    caughtUp: false,
  };

  constructor(
    context: Pick<ReaderContext, 'prober' | 'clock' | 'observer' | 'random'>,
    partition: PartitionId,
    intervals: PollIntervals,
  ) {
    this.schedule = new PollSchedule(intervals, context.random);
    this.#context = context;
    this.#partition = partition;
    this.#intervals = intervals;
    this.#dueAtMs = context.clock.monotonicMs();
  }

  /** Waits until the table is due, and probes it. Without a position its change table is not queried. */
  async probeWhenDue(
    captureInstance: string,
    position: LogPosition | undefined,
    signal: AbortSignal,
  ): Promise<ProbeAnswer> {
    const request = {
      captureInstance,
      completeUpTo: position === undefined ? highestLsn : completeUpTo(position),
      dueAtMs: this.#dueAtMs,
      slackMs: Math.max(slack.ms, this.#waitMs * slack.share),
    };
    const answer = await this.#context.prober.probe(request, signal);
    const { times, low } = answer;
    this.#progressed({ captureLagMs: times.captureLagMs, historyFromMs: low.get(captureInstance)?.atMs });
    return answer;
  }

  /** Changes of a transaction that was committed at `atMs` were read. */
  readTo(atMs: number | undefined): void {
    this.#progressed({ positionAtMs: atMs ?? this.#times.positionAtMs, caughtUp: false });
  }

  /** The probe found nothing left up to the max LSN, whose commit time is `atMs` where the position is there. */
  caughtUp(atMs: number | undefined): void {
    this.#progressed({ positionAtMs: atMs ?? this.#times.positionAtMs, caughtUp: true });
  }

  /** Called when the pass that began with `answer` is over. */
  scheduleNext({ askedAtMs }: ProbeAnswer, foundChanges: boolean): void {
    this.#waitMs = foundChanges ? this.schedule.afterChanges() : this.schedule.afterNothing();
    this.#dueAtMs = this.#inStep(askedAtMs + this.#waitMs);
    this.#context.observer.waits(this.#partition, this.#waitMs);
  }

  /**
   * Tables of one interval come into step, whenever each was begun: then a pass over all of them is one statement. A wait
   * gets shorter for it, or longer by a tenth of the interval, which makes up for a poll that was early.
   */
  #inStep(dueAtMs: number): number {
    const stepMs = this.#intervals.intervalMs;
    return Math.floor((dueAtMs + stepMs / 10) / stepMs) * stepMs;
  }

  #progressed(changed: Partial<PartitionTimes>): void {
    this.#times = { ...this.#times, ...changed };
    this.#context.observer.progressed(this.#partition, this.#times);
  }
}

/**
 * Adaptive polling of one table. The first wait is the interval; every pass that finds nothing doubles it up to the
 * maximum; a change resets it. A doubled wait is shortened by up to 10 % of jitter, so that tables are not polled in
 * step; the base interval is exact, because it is what was configured.
 */
export class PollSchedule {
  readonly #intervals: PollIntervals;
  readonly #random: () => number;
  #currentMs: number;

  constructor(intervals: PollIntervals, random: () => number) {
    this.#intervals = intervals;
    this.#random = random;
    this.#currentMs = intervals.intervalMs;
  }

  /** Milliseconds to wait after a pass that found changes. */
  afterChanges(): number {
    this.#currentMs = this.#intervals.intervalMs;
    return this.#currentMs;
  }

  /** Milliseconds to wait after a pass that found nothing. */
  afterNothing(): number {
    const wait = this.#currentMs;
    this.#currentMs = Math.min(wait * 2, Math.max(this.#intervals.maxIntervalMs, this.#intervals.intervalMs));
    return wait === this.#intervals.intervalMs ? wait : wait * (1 - this.#random() / 10);
  }

  /** The wait that the next empty pass will ask for, without jitter: for status and metrics. */
  get currentMs(): number {
    return this.#currentMs;
  }
}
