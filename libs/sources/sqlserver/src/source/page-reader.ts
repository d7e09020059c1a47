/** Reads one page of one table: one statement, rows as they arrive, batches of whole changes. */
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

/** How much is read ahead, and how large batches are, at most. */
export interface ReadLimits {
  /** Rows that a page of a backlog is cut to: its last transaction may go beyond them. */
  readonly maxRows: number;
  /** Bytes of rows that may wait unread before the flow from the server is paused. */
  readonly maxBytes: number;
  /** `defaultBatchLimits` when not given. */
  readonly batch?: BatchLimits;
}

/** The capture instance to read, and what reading needs. */
export interface PageReaderOptions {
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

/** The part of the log that one page covers. */
export interface LsnRange {
  /** Reading begins after this position, in its mode. */
  readonly from: LogPosition;
  /** The last LSN, inclusive. */
  readonly to: Lsn;
  /** True when `to` is known to cut the page to about `maxRows` rows: see `pageEnd`. */
  readonly bounded: boolean;
}

/** A page that is not bounded is given up after so many times `maxRows`. */
const unboundedShare = 2;

/**
 * Rows that wait while a batch is on its way: enough to work on until more come. What waits outlives young objects and pins the
 * packets it came in, so more of it costs the reader's garbage collector what reading ahead would gain.
 */
const rowsAhead = 64;

/** A batch that is not taken for so long ends its statement: the rest is read by another one, which the functions sort again. */
const untakenLimitMs = 30_000;

/** Reads one capture instance, one page at a time. */
export class PageReader {
  readonly #options: PageReaderOptions;
  readonly #statements: PageStatements;
  readonly #format: RowFormat;
  readonly #batchLimits: BatchLimits;

  constructor(options: PageReaderOptions) {
    const { instance, limits } = options;
    const { maxRows, batch = defaultBatchLimits } = limits;
    this.#options = options;
    this.#statements = new PageStatements(instance);
    const { columns } = this.#statements;
    const encoder = new ChangeEncoder({ ...options, columns });
    this.#format = { columns, encoder, keyText: keyTextOf(keyIndexes(instance, columns)) };
    // A smaller page makes smaller batches.
    this.#batchLimits = { ...batch, changes: Math.min(batch.changes, maxRows) };
  }

  /** The last LSN of a page of about `maxRows` rows after `from`, made of whole transactions; at most `to`. */
  async pageEnd(from: LogPosition, to: Lsn, o: CallOptions): Promise<Lsn> {
    const statement = this.#statements.bound(neededFrom(from), to, this.#options.limits.maxRows);
    const sets = await this.#options.client.query(statement, o);
    const bound = sets[0]?.[0]?.[0];
    return Buffer.isBuffer(bound) ? lsnOf(bound) : to;
  }

  /**
   * Everything in the range. The last batch ends at `to` and is empty when nothing was found. A page that is not bounded
   * and turns out to be large ends early, perhaps without any batch: it is to be bounded first, because the functions sort a
   * page as a whole. So does one whose batches are not taken for half a minute. A batch leaves only after it was verified that
   * the low-water mark has not passed what has not left yet, and that no column was altered. Throws HistoryLost,
   * CaptureChanged, PermissionDenied, or what the driver's error was translated to. The observer gets the cost of the page,
   * also when it is given up.
   */
  async *read(range: LsnRange, o: CallOptions): AsyncGenerator<TableBatch> {
    const { clock, observer, table, limits } = this.#options;
    const maxRows = range.bounded ? undefined : unboundedShare * limits.maxRows;
    const batches = new BatchBuilder(range.from, this.#format, this.#batchLimits);
    const timer = new PageTimer(clock, untakenLimitMs);
    try {
      // The end of what has left: cleanup may remove everything up to there.
      let left = range.from;
      const signal = AbortSignal.any([o.signal, timer.signal]);
      for await (const several of this.#stream(range, maxRows, { signal }))
        for (const cells of several) {
          if (cells.set === pageResults.rows) timer.row(cells.bytes);
          batches.add(cells);
          if (!batches.full) continue;
          await this.#verifyNow(left, o);
          left = batches.end;
          timer.waiting();
          yield batches.take(left);
          if (await timer.taken()) return; // not in time: the statement is cancelled
        }
      this.#verify(left, batches.marks);
    } finally {
      observer.read(partitionOf(table), await timer.finish());
    }
    if (timer.rows !== maxRows) yield batches.finish(range.to);
    // Rows of a change that is not complete are read again: its other rows may not have come.
    else if (!batches.empty) yield batches.take();
  }

  #stream({ from, to }: LsnRange, rows: number | undefined, o: CallOptions): ReturnType<SqlClient['stream']> {
    const { client, limits } = this.#options;
    const statement = this.#statements.page({ after: from, to, ...(rows !== undefined && { rows }) });
    const ahead = {
      maxBytes: limits.maxBytes,
      maxRows: Math.min(limits.maxRows, rowsAhead),
      steadyFrom: pageResults.rows,
    };
    return client.stream(statement, ahead, o);
  }

  /** What was read so far was complete, and of the types that it was decoded by, when the marks are unchanged now. */
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

function keyTextOf(indexes: readonly number[]): KeyText {
  if (indexes.length === 0) return () => undefined;
  return ({ values }) => JSON.stringify(indexes.map((index) => values[index]));
}

/** What was converted by the old types may be cut or rounded by the new ones: so the page is read again. */
function columnsAltered(captureInstance: string): DStreamError {
  return new DStreamError(
    'CaptureChanged',
    `columns of the capture instance ${captureInstance} were altered while it was read; reading it again`,
  );
}

/** Shared by all: an abort without a reason makes an error with a stack, and there is one for each batch. */
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
