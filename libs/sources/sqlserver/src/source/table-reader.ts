/**
 * Reads one table until its signal aborts. The states, and the methods that are in them:
 *
 * 1. Change of mode (`#changeMode`): a position of the other read mode is first brought to the end of its transaction.
 * 2. Probe (`#nextProbe`): wait until the table is due and a probe returned how far capture has come and whether the table
 *    has new changes.
 * 3. Read (`#readUpTo`): all pages up to there. Or idle (`#idle`): without new changes the position moves to the max LSN, so
 *    that cleanup does not make a gap of it. Then again from 2, after a wait that doubles while nothing happens.
 *
 * An error ends the pass: `#recover` throws it, records a gap, or lets reading start over from the position. The capture
 * instance is looked up at first and whenever the catalogue has changed.
 */
import {
  DStreamError,
  partitionOf,
  tableName,
  type CallOptions,
  type ChangeBatch,
  type Log,
  type ResumePoint,
  type TableId,
} from '@dstream/core';
import {
  completeUpTo,
  neededFrom,
  previousLsn,
  type LogPosition,
  type Lsn,
} from '../position/log-position.ts';
import { parseResumePoint } from '../position/resume-point.ts';
import type { TableBatch } from './batch-builder.ts';
import { diagnose } from './diagnosis.ts';
import { GapPolicy } from './gap-policy.ts';
import { gapBelow, isGapError, wentBack } from './gap.ts';
import type { ProbeAnswer } from './prober.ts';
import type { ReaderContext } from './reader-context.ts';
import { SourceHistory } from './source-history.ts';
import { TableInstances, type SelectedInstance } from './table-instances.ts';
import { TablePoll } from './table-poll.ts';
import type { PollIntervals } from './table-settings.ts';

/** State of one `read` of one table; not reusable. */
export class TableReader {
  readonly #context: ReaderContext;
  readonly #table: TableId;
  readonly #o: CallOptions;
  readonly #log: Log;
  readonly #poll: TablePoll;
  readonly #instances: TableInstances;
  readonly #history: SourceHistory;
  readonly #gaps: GapPolicy;
  #answer: ProbeAnswer | undefined;
  /** The names of all capture instances, as the last probe had them. */
  #catalogue: string | undefined;
  /** The position at which reading last began again because capture had changed. */
  #readAgainAt: string | undefined;

  constructor(context: ReaderContext, table: TableId, intervals: PollIntervals, o: CallOptions) {
    this.#context = context;
    this.#table = table;
    this.#o = o;
    this.#log = context.log.child({ table: tableName(table) });
    this.#poll = new TablePoll(context, partitionOf(table), intervals);
    this.#instances = new TableInstances(context, table, this.#log, this.#poll.schedule);
    this.#history = new SourceHistory(context, table);
    this.#gaps = new GapPolicy(context, table, this.#instances, this.#history, this.#log, o);
  }

  /** See `ChangeSource.read`. Called once. */
  async *read(after: ResumePoint | undefined): AsyncGenerator<ChangeBatch> {
    let position = after && this.#resume(after);
    this.#instances.useIncarnation(this.#history.incarnation);
    try {
      for (;;) {
        try {
          for await (const batch of this.#passes(position)) {
            position = batch.end;
            yield this.#history.toChangeBatch(batch, this.#answer);
          }
        } catch (error) {
          const recorded = await this.#recover(error, position);
          if (recorded !== undefined) yield this.#history.toChangeBatch(recorded, this.#answer);
        }
      }
    } finally {
      this.#instances.release();
    }
  }

  #resume(after: ResumePoint): LogPosition {
    const { position, history } = parseResumePoint(after);
    this.#history.resume(history);
    return position;
  }

  /**
   * Throws what the table stops at. Otherwise reading continues from the position: after the gap that the batch records, when
   * there is one.
   */
  async #recover(error: unknown, position: LogPosition | undefined): Promise<TableBatch | undefined> {
    if (this.#o.signal.aborted) throw error;
    if (this.#instances.leaveOutUnreadable(error)) return undefined;
    const table = {
      client: this.#context.client,
      table: this.#table,
      instances: this.#instances,
      log: this.#log,
    };
    const found = await diagnose(error, position, table, this.#o);
    if (found instanceof DStreamError && found.code === 'CaptureChanged')
      return this.#readAgain(found, position);
    if (!isGapError(found) || position === undefined) throw found;
    return (await this.#gaps.record(found, position, this.#answer)) ?? this.#readAgain(found, position);
  }

  /** Lets the catalogue be queried again, once at each position: an error that comes again is thrown, and the owner waits. */
  #readAgain(error: DStreamError, position: LogPosition | undefined): undefined {
    const at = JSON.stringify(position);
    if (this.#readAgainAt === at) throw error;
    this.#readAgainAt = at;
    this.#instances.forget();
  }

  /** Reports a gap that was recorded, then probes and reads for ever. */
  async *#passes(from: LogPosition | undefined): AsyncGenerator<TableBatch> {
    const { gap } = this.#history;
    const report = gap && this.#gaps.report(gap, from?.mode);
    if (report !== undefined) yield report;
    const stored = report?.end ?? from;
    let answer = await this.#nextProbe(stored);
    let position = stored ?? (await this.#start(answer));
    if (stored === undefined) yield { changes: [], end: position };
    if (position.mode !== this.#context.mode) position = yield* this.#changeMode(position, answer);
    // What lies between a stored position and now is not known: the first pass always reads.
    let mismatches: number | undefined;
    for (let first = true; ; first = false) {
      const { until } = await this.#selectOrThrowGap(position, answer);
      // The connections may be new since, to a database that was restored.
      if (answer.historyMismatches !== mismatches) await this.#history.assertSame(this.#o);
      mismatches = answer.historyMismatches;
      const { max, hasNewChanges } = answer;
      if (max === undefined || completeUpTo(position) >= max) {
        this.#nothingLeft(position, answer);
        // The table can be read: a caller that tries again after a failure must learn that, however long nothing happens.
        if (first && stored !== undefined) yield { changes: [], end: position };
      } else if (hasNewChanges || first) position = yield* this.#readUpTo(position, max, first, answer);
      else position = yield* this.#idle(position, lower(max, until), answer);
      answer = await this.#nextProbe(position);
    }
  }

  async #nextProbe(position: LogPosition | undefined): Promise<ProbeAnswer> {
    const { captureInstance } = await this.#instances.select(position, this.#o);
    const answer = await this.#poll.probeWhenDue(captureInstance, position, this.#o.signal);
    // Also after the first answer: an instance may have begun between the query of the catalogue and the probe.
    if (this.#catalogue !== answer.instances) this.#instances.forget();
    this.#catalogue = answer.instances;
    this.#answer = answer;
    return answer;
  }

  /**
   * Changes of a transaction are counted in the order of the mode, so a transaction that was begun in one mode ends in
   * it, and what follows has a generation of its own: the same transactions may have been sent with other ordinals.
   */
  async *#changeMode(from: LogPosition, answer: ProbeAnswer): AsyncGenerator<TableBatch, LogPosition> {
    await this.#selectOrThrowGap(from, answer);
    await this.#history.assertSame(this.#o);
    if (from.kind === 'inside') {
      const { reader } = await this.#instances.select(from, this.#o);
      yield* reader.read({ from, to: from.lsn, bounded: true }, this.#o);
    }
    const end: LogPosition = { kind: 'between', mode: this.#context.mode, lsn: from.lsn };
    yield { changes: [], end, beginsGeneration: true };
    return end;
  }

  /** Where a table without a checkpoint begins. */
  async #start({ max, low }: ProbeAnswer): Promise<LogPosition> {
    await this.#history.begin(this.#o);
    this.#instances.useIncarnation(this.#history.incarnation);
    const instances = await this.#instances.all(this.#o);
    const before = ({ name, startLsn }: (typeof instances)[number]) =>
      previousLsn(low.get(name)?.lsn ?? startLsn);
    const { start, mode } = this.#context;
    if (start === 'earliest') return { kind: 'between', mode, lsn: before(instances[0]) };
    // A new instance starts above the max LSN until capture has come so far.
    const newest = before(instances.at(-1) ?? instances[0]);
    return { kind: 'between', mode, lsn: max !== undefined && max > newest ? max : newest };
  }

  /** The capture instance that holds what follows the position. Throws the gap that the answer shows. */
  async #selectOrThrowGap(position: LogPosition, answer: ProbeAnswer): Promise<SelectedInstance> {
    let selected = await this.#instances.select(position, this.#o);
    if (!answer.low.has(selected.captureInstance)) {
      this.#instances.forget();
      selected = await this.#instances.select(position, this.#o);
    }
    const { captureInstance, startLsn } = selected;
    const kept = { captureInstance, low: answer.low.get(captureInstance)?.lsn ?? startLsn };
    const back = answer.max === undefined ? undefined : wentBack(this.#table, position, answer.max, kept);
    const gap = back ?? gapBelow(this.#table, position, kept);
    if (gap !== undefined) throw gap;
    return selected;
  }

  /** All pages up to `max`. A backlog is read in bounded pages, a few new changes in one that is not bounded. */
  async *#readUpTo(
    from: LogPosition,
    max: Lsn,
    first: boolean,
    answer: ProbeAnswer,
  ): AsyncGenerator<TableBatch, LogPosition> {
    let position = from;
    let found = false;
    for (let further = false; neededFrom(position) <= max; further = true) {
      const { reader, until } = await this.#instances.select(position, this.#o);
      const end = lower(max, until);
      const bounded = first || further;
      // The consumer may have held the last batch for long: the connections may be new since, to another history.
      const [to] = await Promise.all([
        bounded ? reader.pageEnd(position, end, this.#o) : end,
        further ? this.#history.assertSame(this.#o) : undefined,
      ]);
      for await (const batch of reader.read({ from: position, to, bounded }, this.#o)) {
        position = batch.end;
        found ||= batch.changes.length > 0;
        if (batch.newest !== undefined) this.#poll.readTo(Date.parse(batch.newest.at));
        yield batch;
      }
    }
    this.#poll.readTo(answer.times.maxAtMs);
    this.#poll.scheduleNext(answer, found);
    return position;
  }

  /** The position is at the max LSN, or above it at the very start of an instance. */
  #nothingLeft(position: LogPosition, answer: ProbeAnswer): void {
    this.#poll.caughtUp(position.lsn === answer.max ? answer.times.maxAtMs : undefined);
    this.#poll.scheduleNext(answer, false);
  }

  /** Nothing new: everything up to the max LSN, or to where the next instance takes over, counts as read. */
  async *#idle(from: LogPosition, to: Lsn, answer: ProbeAnswer): AsyncGenerator<TableBatch, LogPosition> {
    this.#poll.scheduleNext(answer, false);
    const end: LogPosition = { kind: 'between', mode: from.mode, lsn: to };
    if (to === answer.max) this.#poll.caughtUp(answer.times.maxAtMs);
    if (to > from.lsn) yield { changes: [], end };
    return end;
  }
}

function lower(max: Lsn, until: Lsn | undefined): Lsn {
  return until !== undefined && until < max ? until : max;
}
