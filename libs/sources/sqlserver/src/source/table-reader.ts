/**
 * Reads one table for as long as it is wanted.
 *
 * Change of mode: a place of the other read mode is brought to the end of its transaction in that mode first. Ask: wait
 * until the table is due and a probe says how far capture has come and whether the table has moved. Read: all windows up
 * to there. Idle: when nothing moved, the place moves to the max LSN all the same, so that cleanup does not make a gap
 * of it. Then again from Ask, after a wait that doubles while nothing happens. The capture instance is looked up at first
 * and whenever the catalogue has changed.
 */
import {
  DStreamError,
  encodeChange,
  partitionOf,
  PollSchedule,
  tableName,
  type CallOptions,
  type ChangeBatch,
  type PartitionId,
  type PollIntervals,
  type ResumePoint,
  type TableId,
} from '@dstream/core';
import { historyOfToken, type Gap } from '../rows/history.ts';
import { highestLsn, previousLsn, type Lsn } from '../position/lsn.ts';
import {
  neededFrom,
  placeOfToken,
  positionBeforeEnd,
  resumePointOf,
  type Place,
} from '../position/position.ts';
import { gapEvent } from './gap-event.ts';
import { GapJudge } from './gap-judge.ts';
import { gapBelow, isGapError, wentBack } from './gap.ts';
import { PlaceInTime } from './place-in-time.ts';
import { InstanceFollower, type Followed } from './instance-follower.ts';
import type { ProbeAnswer } from './prober.ts';
import type { ReaderContext } from './reader-context.ts';
import { SourceHistory } from './source-history.ts';

/** A table may be asked a little before it is due when others are asked anyhow. */
const slack = { ms: 40, share: 0.05 } as const;

export class TableReader {
  readonly #context: ReaderContext;
  readonly #table: TableId;
  readonly #partition: PartitionId;
  readonly #o: CallOptions;
  readonly #follower: InstanceFollower;
  readonly #intervals: PollIntervals;
  readonly #schedule: PollSchedule;
  readonly #inTime: PlaceInTime;
  readonly #history: SourceHistory;
  readonly #gaps: GapJudge;
  #answer: ProbeAnswer | undefined;
  /** The place at which the catalogue was last looked at again because capture had changed. */
  #lookedAgainAt: string | undefined;
  #catalogue: string | undefined;
  #waitMs = 0;
  #dueAtMs: number;

  constructor(context: ReaderContext, table: TableId, intervals: PollIntervals, o: CallOptions) {
    this.#context = context;
    this.#table = table;
    this.#partition = partitionOf(table);
    this.#o = o;
    this.#intervals = intervals;
    this.#schedule = new PollSchedule(intervals, context.random);
    const log = context.log.child({ table: tableName(table) });
    this.#follower = new InstanceFollower(context, table, log, this.#schedule);
    this.#history = new SourceHistory(context, table);
    this.#gaps = new GapJudge(context, this.#follower, this.#history, log, o);
    this.#inTime = new PlaceInTime(context.observer, this.#partition);
    this.#dueAtMs = context.clock.monotonicMs();
  }

  /** See `ChangeSource.read`. To be called once. */
  async *read(after: ResumePoint | undefined): AsyncGenerator<ChangeBatch> {
    let place = after === undefined ? undefined : placeOfToken(after.token);
    if (after !== undefined) this.#history.recall(historyOfToken(after.token));
    this.#follower.inIncarnation(this.#history.incarnation);
    try {
      for (;;) {
        try {
          if (this.#history.gap !== undefined) place = yield* this.#tell(this.#history.gap, place?.mode);
          for await (const batch of this.#passes(place)) {
            place = placeOfToken(batch.end.token);
            yield this.#history.of(batch, this.#answer);
          }
        } catch (error) {
          yield* this.#goOnAfter(error, place);
        }
      }
    } finally {
      this.#follower.leave();
    }
  }

  /** Throws what the table stops at; otherwise the gap is noted, and is to be told of. */
  async *#goOnAfter(error: unknown, place: Place | undefined): AsyncGenerator<ChangeBatch> {
    if (this.#o.signal.aborted) throw error;
    const explained = await this.#follower.explain(error, place, this.#o);
    if (explained instanceof DStreamError && explained.code === 'CaptureChanged') {
      this.#lookAgain(explained, place);
      return;
    }
    if (!isGapError(explained) || place === undefined) throw explained;
    const gap = await this.#gaps.judge(explained, place, this.#answer);
    if (gap === undefined) {
      this.#lookAgain(explained, place);
      return;
    }
    this.#history.note(gap);
    // Saved first: whoever takes over in this moment tells of the same gap.
    const token = resumePointOf(place).token;
    const noted = { position: positionBeforeEnd(previousLsn(gap.to)), token };
    yield this.#history.of({ changes: [], end: noted, beginsGeneration: true });
  }

  /** The catalogue is read anew and reading goes on, once from a place: what then fails again is for the owner to wait for. */
  #lookAgain(error: DStreamError, place: Place | undefined): void {
    const at = JSON.stringify(place);
    if (this.#lookedAgainAt === at) throw error;
    this.#lookedAgainAt = at;
    this.#follower.forget();
  }

  /** The event of a gap that was noted, and where reading goes on: in the mode of before, whose ordinals may have been sent. */
  async *#tell(gap: Gap, mode = this.#context.mode): AsyncGenerator<ChangeBatch, Place> {
    const { hash } = this.#context;
    const { incarnation } = this.#history;
    const event = gapEvent(this.#table, gap, hash, incarnation);
    const place: Place = { kind: 'scanned', mode, lsn: previousLsn(gap.to) };
    this.#history.told();
    this.#follower.inIncarnation(incarnation);
    yield this.#history.of({ changes: [encodeChange(event, this.#table)], end: resumePointOf(place) });
    return place;
  }

  async *#passes(stored: Place | undefined): AsyncGenerator<ChangeBatch> {
    let answer = await this.#ask(stored);
    let place = stored ?? (await this.#begin(answer));
    if (stored === undefined) yield { changes: [], end: resumePointOf(place) };
    if (place.mode !== this.#context.mode) place = yield* this.#changeMode(place, answer);
    // What lies between a stored place and now is not known: the first pass reads without being told to.
    let doubts: number | undefined;
    for (let first = true; ; first = false) {
      const { until } = await this.#refuseGap(place, answer);
      // The connections may be new ones since, to what was restored meanwhile.
      if (answer.doubts !== doubts) await this.#history.assertSame(this.#o);
      ({ doubts } = answer);
      const { max, moved } = answer;
      if (max === undefined || readUpTo(place) >= max) {
        this.#nothingLeft(place, answer);
        // The table can be read: who asked again after a failure must hear of it, however long nothing happens.
        if (first && stored !== undefined) yield { changes: [], end: resumePointOf(place) };
      } else if (moved || first) place = yield* this.#readUpTo(place, max, first, answer);
      else place = yield* this.#idle(place, lower(max, until), answer);
      answer = await this.#ask(place);
    }
  }

  async #ask(place: Place | undefined): Promise<ProbeAnswer> {
    const { captureInstance } = await this.#follower.follow(place, this.#o);
    const request = {
      captureInstance,
      scanned: place === undefined ? highestLsn : readUpTo(place),
      dueAtMs: this.#dueAtMs,
      slackMs: Math.max(slack.ms, this.#waitMs * slack.share),
    };
    const answer = await this.#context.prober.ask(request, this.#o.signal);
    // Also after the first answer: an instance may have begun between the look into the catalogue and the probe.
    if (this.#catalogue !== answer.instances) this.#follower.forget();
    this.#catalogue = answer.instances;
    this.#answer = answer;
    this.#inTime.answered(answer, captureInstance);
    return answer;
  }

  /**
   * Changes of a transaction are counted in the order of the mode, so a transaction that was begun in one mode ends in
   * it, and what follows has a generation of its own: the same transactions may have been sent with other ordinals.
   */
  async *#changeMode(from: Place, answer: ProbeAnswer): AsyncGenerator<ChangeBatch, Place> {
    await this.#refuseGap(from, answer);
    await this.#history.assertSame(this.#o);
    if (from.kind === 'inside') {
      const { windows } = await this.#follower.follow(from, this.#o);
      yield* windows.read(from, from.lsn, true, this.#o.signal);
    }
    const place: Place = { kind: 'scanned', mode: this.#context.mode, lsn: from.lsn };
    yield { changes: [], end: resumePointOf(place), beginsGeneration: true };
    return place;
  }

  /** Where a table without a checkpoint begins. */
  async #begin({ max, low }: ProbeAnswer): Promise<Place> {
    await this.#history.begin(this.#o);
    this.#follower.inIncarnation(this.#history.incarnation);
    const instances = await this.#follower.instances(this.#o);
    const behind = ({ name, startLsn }: (typeof instances)[number]) =>
      previousLsn(low.get(name)?.lsn ?? startLsn);
    const { start, mode } = this.#context;
    if (start === 'earliest') return { kind: 'scanned', mode, lsn: behind(instances[0]) };
    // A new instance starts above the max LSN until capture has come so far.
    const newest = behind(instances.at(-1) ?? instances[0]);
    return { kind: 'scanned', mode, lsn: max !== undefined && max > newest ? max : newest };
  }

  /** Throws the gap that the answer shows. Otherwise: what is to be read from the place on. */
  async #refuseGap(place: Place, answer: ProbeAnswer): Promise<Followed> {
    let followed = await this.#follower.follow(place, this.#o);
    if (!answer.low.has(followed.captureInstance)) {
      this.#follower.forget();
      followed = await this.#follower.follow(place, this.#o);
    }
    const { captureInstance, startLsn } = followed;
    const marks = { captureInstance, low: answer.low.get(captureInstance)?.lsn ?? startLsn };
    const back = answer.max === undefined ? undefined : wentBack(this.#table, place, answer.max, marks);
    const gap = back ?? gapBelow(this.#table, place, marks);
    if (gap !== undefined) throw gap;
    return followed;
  }

  /** All windows up to `max`. A backlog is read in windows of about a page, a trickle in one without asking. */
  async *#readUpTo(
    from: Place,
    max: Lsn,
    first: boolean,
    answer: ProbeAnswer,
  ): AsyncGenerator<ChangeBatch, Place> {
    let place = from;
    let found = false;
    for (let further = false; neededFrom(place) <= max; further = true) {
      const { windows, until } = await this.#follower.follow(place, this.#o);
      const end = lower(max, until);
      const backlog = first || further;
      // Whoever took the last window may have taken long: the connections may be new ones since, to another history.
      const [to] = await Promise.all([
        backlog ? windows.bound(place, end, this.#o.signal) : end,
        further ? this.#history.assertSame(this.#o) : undefined,
      ]);
      for await (const batch of windows.read(place, to, backlog, this.#o.signal)) {
        place = placeOfToken(batch.end.token);
        found ||= batch.changes.length > 0;
        if (batch.changes.length > 0) this.#inTime.movedTo(committedAtMs(batch));
        yield batch;
      }
    }
    this.#inTime.movedTo(answer.times.maxAtMs);
    this.#waitAfter(answer, found);
    return place;
  }

  /** The place is at the max LSN, or above it at the very start of an instance. */
  #nothingLeft(place: Place, answer: ProbeAnswer): void {
    this.#inTime.nothingLeft(place.lsn === answer.max ? answer.times.maxAtMs : undefined);
    this.#waitAfter(answer, false);
  }

  /** Nothing moved: everything up to the max LSN, or to where the next instance takes over, has been scanned. */
  async *#idle(place: Place, to: Lsn, answer: ProbeAnswer): AsyncGenerator<ChangeBatch, Place> {
    this.#waitAfter(answer, false);
    const idle: Place = { kind: 'scanned', mode: place.mode, lsn: to };
    if (to === answer.max) this.#inTime.nothingLeft(answer.times.maxAtMs);
    if (idle.lsn > place.lsn) yield { changes: [], end: resumePointOf(idle) };
    return idle;
  }

  #waitAfter({ askedAtMs }: ProbeAnswer, found: boolean): void {
    this.#waitMs = found ? this.#schedule.afterChanges() : this.#schedule.afterNothing();
    this.#dueAtMs = this.#inStep(askedAtMs + this.#waitMs);
    this.#context.observer.waits(this.#partition, this.#waitMs);
  }

  /**
   * Tables of one interval come into step, whenever each was begun: then a pass over all of them is one statement. A wait
   * gets shorter for it, or longer by a tenth of the interval, which takes up what a table was asked early.
   */
  #inStep(dueAtMs: number): number {
    const stepMs = this.#intervals.intervalMs;
    return Math.floor((dueAtMs + stepMs / 10) / stepMs) * stepMs;
  }
}

function committedAtMs({ changes }: ChangeBatch): number | undefined {
  const last = changes.at(-1);
  return last && Date.parse(last.committedAt);
}

/** The last transaction of which nothing is left to read. */
function readUpTo(place: Place): Lsn {
  return place.kind === 'inside' ? previousLsn(place.lsn) : place.lsn;
}

function lower(max: Lsn, until: Lsn | undefined): Lsn {
  return until !== undefined && until < max ? until : max;
}
