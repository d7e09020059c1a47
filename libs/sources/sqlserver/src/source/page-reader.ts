/** Reads one window of one table: one statement, rows as they arrive, batches of whole changes. */
import { pause } from '@dstream/async';
import {
  DStreamError,
  partitionOf,
  type CallOptions,
  type Clock,
  type Hash,
  type PageRead,
  type SourceObserver,
  type TableId,
} from '@dstream/core';
import type { SqlClient } from '../client/sql-client.ts';
import { lsnOf, neededFrom, zeroLsn, type LogPosition, type Lsn } from '../position/log-position.ts';
import { ChangeEncoder } from '../rows/change-encoder.ts';
import type { KeyText } from '../rows/change-rows.ts';
import type { CaptureInstance } from '../sql/catalogue.ts';
import { keyIndexes, pageResults, PageStatements } from '../sql/page-statement.ts';
import {
  BatchBuilder,
  defaultBatchLimits,
  type BatchLimits,
  type RowFormat,
  type TableBatch,
} from './batch-builder.ts';
import { gapBelow } from './gap.ts';

/** What is read ahead and handed on, at most. */
export interface ReadLimits {
  /** Rows that a window is cut to: its last transaction may go beyond them. */
  readonly maxRows: number;
  /** Bytes of rows that may wait unread before the flow from the server is paused. */
  readonly maxBytes: number;
  /** `defaultBatchLimits` when not given. */
  readonly batch?: BatchLimits;
}

/** The capture instance to read, and what reading needs. */
export interface WindowReaderOptions {
  readonly client: SqlClient;
  readonly table: TableId;
  readonly instance: CaptureInstance;
  readonly limits: ReadLimits;
  readonly hash: Hash;
  readonly clock: Clock;
  readonly observer: SourceObserver;
  /** Columns that the instance captures and that are not read: unavailable in every image. */
  readonly unreadable?: CaptureInstance['columns'];
  /** Part of the ids of changes. */
  readonly incarnation?: string | undefined;
}

/** Part of the log that one statement reads. */
export interface Window {
  /** What lies behind this is read, in its mode. */
  readonly from: LogPosition;
  /** The last LSN of the window. */
  readonly to: Lsn;
  /** True when `to` is known to cut the window to about `maxRows` rows: see `windowEnd`. */
  readonly bounded: boolean;
}

/** A window that is not bounded is given up after so many times `maxRows`. */
const unboundedShare = 2;

/**
 * Rows that wait while a batch is on its way: enough to go on with until more come. What waits outlives young objects and pins the
 * packets it came in, so more of it costs the reader's garbage collector what reading ahead would gain.
 */
const rowsAhead = 64;

/** A batch that is not taken for so long ends its statement: the rest is read by another one, which the functions sort again. */
const untakenLimitMs = 30_000;

/** Reads one capture instance. One window at a time. */
export class WindowReader {
  readonly #options: WindowReaderOptions;
  readonly #statements: PageStatements;
  readonly #format: RowFormat;
  readonly #batchLimits: BatchLimits;

  constructor(options: WindowReaderOptions) {
    const { instance, limits } = options;
    const { maxRows, batch = defaultBatchLimits } = limits;
    this.#options = options;
    this.#statements = new PageStatements(instance);
    const { columns } = this.#statements;
    const encoder = new ChangeEncoder({ ...options, columns });
    this.#format = { columns, encoder, keyText: keyTextOf(keyIndexes(instance, columns)) };
    // A smaller window makes smaller batches.
    this.#batchLimits = { ...batch, changes: Math.min(batch.changes, maxRows) };
  }

  /** The end of a window of about `maxRows` rows behind `from`, made of whole transactions; at most `to`. */
  async windowEnd(from: LogPosition, to: Lsn, o: CallOptions): Promise<Lsn> {
    const statement = this.#statements.bound(neededFrom(from), to, this.#options.limits.maxRows);
    const sets = await this.#options.client.query(statement, o);
    const bound = sets[0]?.[0]?.[0];
    return Buffer.isBuffer(bound) ? lsnOf(bound) : to;
  }

  /**
   * Everything in the window. The last batch ends at `to` and is empty when nothing was found. A window that is not bounded
   * and turns out to be large ends early, perhaps without any batch: it is to be bounded first, because the functions sort a
   * window as a whole. So does one whose batches are not taken for half a minute. A batch leaves only after it was verified that
   * the low-water mark has not passed what has not left yet, and that no column was altered. Throws HistoryLost,
   * CaptureChanged, PermissionDenied, or what the driver's error was translated to.
   */
  async *read(window: Window, o: CallOptions): AsyncGenerator<TableBatch> {
    const batches = new BatchBuilder(window.from, this.#format, this.#batchLimits);
    if (yield* this.#timed(window, batches, o)) yield batches.finish(window.to);
    // Rows of a change that is not complete are read again: its other rows may not have come.
    else if (!batches.empty) yield batches.take();
  }

  /** True when the window was read whole. The observer gets its cost, also when it is given up. */
  async *#timed(window: Window, batches: BatchBuilder, o: CallOptions): AsyncGenerator<TableBatch, boolean> {
    const { clock, observer, table, limits } = this.#options;
    const maxRows = window.bounded ? undefined : unboundedShare * limits.maxRows;
    const timer = new PageTimer(clock, untakenLimitMs);
    try {
      const rows = this.#stream(window, maxRows, { signal: AbortSignal.any([o.signal, timer.signal]) });
      const whole = yield* this.#rows(rows, window.from, batches, timer, o);
      return whole && timer.rows !== maxRows;
    } finally {
      observer.read(partitionOf(table), await timer.finish());
    }
  }

  #stream({ from, to }: Window, rows: number | undefined, o: CallOptions): ReturnType<SqlClient['stream']> {
    const { client, limits } = this.#options;
    const statement = this.#statements.page({ behind: from, to, ...(rows !== undefined && { rows }) });
    const ahead = {
      maxBytes: limits.maxBytes,
      maxRows: Math.min(limits.maxRows, rowsAhead),
      steadyFrom: pageResults.rows,
    };
    return client.stream(statement, ahead, o);
  }

  /** True when the statement was read to its end. */
  async *#rows(
    page: ReturnType<SqlClient['stream']>,
    from: LogPosition,
    batches: BatchBuilder,
    timer: PageTimer,
    o: CallOptions,
  ): AsyncGenerator<TableBatch, boolean> {
    // Behind what has left: cleanup may take that.
    let left = from;
    let marks: readonly unknown[] = [];
    for await (const several of page)
      for (const cells of several) {
        if (cells.set === pageResults.times) batches.addCommitTime(cells.values);
        else if (cells.set === pageResults.marks) marks = cells.values;
        else {
          timer.row(cells.bytes);
          batches.addRow(cells);
          if (!batches.full) continue;
          await this.#verifyNow(left, o);
          left = batches.end;
          if (yield* handOver(batches.take(left), timer)) return false;
        }
      }
    this.#verify(left, marks);
    return true;
  }

  /** What was read so far was there, and of the types that it was read by, when the marks have not moved now. */
  async #verifyNow(left: LogPosition, o: CallOptions): Promise<void> {
    const sets = await this.#options.client.query(this.#statements.marks(), o);
    this.#verify(left, sets[0]?.[0] ?? []);
  }

  #verify(left: LogPosition, [low, updates]: readonly unknown[]): void {
    const { table, instance } = this.#options;
    const mark = Buffer.isBuffer(low) ? lsnOf(low) : zeroLsn;
    const gap = gapBelow(table, left, { captureInstance: instance.name, low: mark });
    if (gap !== undefined) throw gap;
    if (updates !== instance.columnUpdates) throw columnsAltered(instance.name);
  }
}

/** True when the batch was not taken in time, and the statement is cancelled. */
async function* handOver(batch: TableBatch, timer: PageTimer): AsyncGenerator<TableBatch, boolean> {
  timer.waiting();
  yield batch;
  return timer.taken();
}

function keyTextOf(indexes: readonly number[]): KeyText {
  if (indexes.length === 0) return () => undefined;
  return ({ values }) => JSON.stringify(indexes.map((index) => values[index]));
}

/** What was converted by the old types may be cut or rounded by the new ones: it is read again. */
function columnsAltered(captureInstance: string): DStreamError {
  return new DStreamError(
    'CaptureChanged',
    `columns of the capture instance ${captureInstance} were altered while it was read: it is read again`,
  );
}

/** One for all: an abort without a reason makes an error with a stack, and there is one for each batch. */
const taken = new Error('the batch was taken');

/**
 * Times one page. While a batch waits to be taken, the page's own time is stopped, and another limit runs: when nobody takes
 * the batch the statement is cancelled, because its sort and its connection must not occupy the server while a broker is
 * out for hours. Call `waiting` before and `taken` after each batch that is handed over.
 */
export class PageTimer {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #cancel = new AbortController();
  #startedAtMs: number;
  #waitingSinceMs: number | undefined;
  #batchTaken = new AbortController();
  #limit: Promise<void> = Promise.resolve();
  #rows = 0;
  #bytes = 0;

  /** @param limitMs how long a batch may wait before the statement is cancelled */
  constructor(clock: Clock, limitMs: number) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#startedAtMs = clock.monotonicMs();
  }

  /** Aborts when the statement is to be cancelled. */
  get signal(): AbortSignal {
    return this.#cancel.signal;
  }

  get rows(): number {
    return this.#rows;
  }

  /** Called for each row of the change table. */
  row(bytes: number): void {
    this.#rows += 1;
    this.#bytes += bytes;
  }

  waiting(): void {
    this.#waitingSinceMs = this.#clock.monotonicMs();
    this.#batchTaken = new AbortController();
    this.#limit = this.#cancelAfterLimit(this.#batchTaken.signal);
  }

  /** Resolves when the timer is gone: true when the statement was cancelled meanwhile. */
  async taken(): Promise<boolean> {
    if (await this.#stopped()) return true;
    if (this.#waitingSinceMs !== undefined)
      this.#startedAtMs += this.#clock.monotonicMs() - this.#waitingSinceMs;
    this.#waitingSinceMs = undefined;
    return false;
  }

  /** What was read until now, with no timer left; a page that is given up while a batch waits ended when it began to wait. */
  async finish(): Promise<PageRead> {
    await this.#stopped();
    const endMs = this.#waitingSinceMs ?? this.#clock.monotonicMs();
    return { tookMs: endMs - this.#startedAtMs, rows: this.#rows, bytes: this.#bytes };
  }

  async #stopped(): Promise<boolean> {
    this.#batchTaken.abort(taken);
    await this.#limit;
    return this.#cancel.signal.aborted;
  }

  async #cancelAfterLimit(batchTaken: AbortSignal): Promise<void> {
    await pause(this.#clock, this.#limitMs, batchTaken);
    if (!batchTaken.aborted)
      this.#cancel.abort(new Error('the rows of the statement were not taken in time'));
  }
}
