/** Reads one window of one table: one statement, rows as they arrive, batches of whole changes. */
import {
  DStreamError,
  partitionOf,
  type ChangeBatch,
  type Clock,
  type Hash,
  type SourceObserver,
  type TableId,
} from '@dstream/core';
import type { SqlClient } from '../client/sql-client.ts';
import { ChangeEncoder } from '../rows/change-encoder.ts';
import { lsnOf, zeroLsn, type Lsn } from '../position/lsn.ts';
import { neededFrom, type Place } from '../position/position.ts';
import { RowAssembler, type KeyText } from '../rows/row-assembler.ts';
import { RowDecoder } from '../rows/row-decoder.ts';
import type { LogicalChange } from '../rows/change-row.ts';
import { Utf8Writer } from '../rows/utf8-writer.ts';
import type { CaptureInstance } from '../sql/capture-instance.ts';
import { keyIndexes, pageResults, PageStatements } from '../sql/page-statement.ts';
import { batchLimits, Batcher, type BatchLimits } from './batcher.ts';
import { CommitTimes } from './commit-times.ts';
import { gapBelow } from './gap.ts';
import { Hold } from './hold.ts';
import { PageMeter } from './page-meter.ts';

export interface ReadLimits {
  /** Rows that a window is cut to: its last transaction may go beyond them. */
  readonly maxRows: number;
  /** Bytes of rows that may wait unread before the flow from the server is paused. */
  readonly maxBytes: number;
  /** `batchLimits` when not given. */
  readonly batch?: BatchLimits;
}

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

/** What has been made of the rows of a window so far. */
interface Progress {
  readonly assembler: RowAssembler;
  readonly batcher: Batcher;
  readonly times: CommitTimes;
}

/** A window that was not cut is given up after so many times `maxRows`: it is to be cut first. */
const uncutShare = 2;

/**
 * Rows that wait while a batch is on its way: enough to go on with until more come. What waits outlives young objects and pins the
 * packets it came in, so more of it costs the reader's garbage collector what reading ahead would gain.
 */
const rowsAhead = 64;

/** A batch that is not taken for so long ends its statement: the rest is read by another one, which the functions sort again. */
const holdMs = 30_000;

export class WindowReader {
  readonly #options: WindowReaderOptions;
  readonly #statements: PageStatements;
  readonly #encoder: ChangeEncoder;

  constructor(options: WindowReaderOptions) {
    this.#options = options;
    this.#statements = new PageStatements(options.instance);
    this.#encoder = new ChangeEncoder({ ...options, columns: this.#statements.columns });
  }

  get instance(): CaptureInstance {
    return this.#options.instance;
  }

  /** The end of a window of about `maxRows` rows behind `place`, made of whole transactions. */
  async bound(place: Place, to: Lsn, signal: AbortSignal): Promise<Lsn> {
    const statement = this.#statements.bound(neededFrom(place), to, this.#options.limits.maxRows);
    const sets = await this.#options.client.query(statement, { signal });
    const bound = sets[0]?.[0]?.[0];
    return Buffer.isBuffer(bound) ? lsnOf(bound) : to;
  }

  /**
   * Everything behind `place` up to and including `to`, in the mode of `place`. The last batch ends at `to` and is empty
   * when nothing was found. When `bounded` is false, a window that turns out to be large ends early, perhaps without
   * any batch: it is to be bounded first, because the functions sort a window as a whole. So does one whose batches are
   * not taken for half a minute. A batch leaves only after the
   * low-water mark was seen not to have passed what has not left yet, and no column to have been altered. Throws
   * HistoryLost, CaptureChanged, PermissionDenied, or what the driver's error was translated to.
   */
  async *read(place: Place, to: Lsn, bounded: boolean, signal: AbortSignal): AsyncGenerator<ChangeBatch> {
    const times = new CommitTimes();
    const out = new Utf8Writer();
    const encode = (change: LogicalChange) => this.#encoder.encode(change, times.of(change.after.lsn), out);
    const assembler = new RowAssembler(place, this.#keyText());
    const { maxRows, batch = batchLimits } = this.#options.limits;
    // A smaller window makes smaller batches.
    const batcher = new Batcher(place, { ...batch, changes: Math.min(batch.changes, maxRows) }, encode);
    const limit = bounded ? undefined : uncutShare * maxRows;
    if (!(yield* this.#metered({ assembler, batcher, times }, to, limit, signal))) {
      // What the assembler holds is read again: its other rows may not have come.
      if (!batcher.empty) yield batcher.take();
      return;
    }
    const rest = assembler.end();
    if (rest !== undefined) batcher.add(rest);
    yield batcher.takeLast({ kind: 'scanned', mode: place.mode, lsn: to });
  }

  /** True when the window was read whole. What it cost is told, also when it is given up. */
  async *#metered(
    progress: Progress,
    to: Lsn,
    limit: number | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<ChangeBatch, boolean> {
    const { clock, observer, table } = this.#options;
    const meter = new PageMeter(clock);
    const hold = new Hold(clock, holdMs);
    try {
      const unheld = AbortSignal.any([signal, hold.signal]);
      const whole = yield* this.#rows(progress, to, limit, unheld, { meter, hold });
      return whole && meter.rows !== limit;
    } finally {
      await hold.end();
      observer.read(partitionOf(table), meter.read());
    }
  }

  async *#rows(
    { assembler, batcher, times }: Progress,
    to: Lsn,
    limit: number | undefined,
    signal: AbortSignal,
    { meter, hold }: { readonly meter: PageMeter; readonly hold: Hold },
  ): AsyncGenerator<ChangeBatch, boolean> {
    const { client, limits } = this.#options;
    const start = batcher.place;
    const rows = limit === undefined ? {} : { rows: limit };
    const statement = this.#statements.page({ behind: start, to, ...rows });
    const decoder = new RowDecoder(this.#statements.columns);
    const ahead = {
      maxBytes: limits.maxBytes,
      maxRows: Math.min(limits.maxRows, rowsAhead),
      steadyFrom: pageResults.rows,
    };
    // Behind what has left: cleanup may take that.
    let behind = start;
    let marks: readonly unknown[] = [];
    for await (const handful of client.stream(statement, ahead, { signal }))
      for (const cells of handful) {
        if (cells.set === pageResults.times) times.add(cells.values);
        else if (cells.set === pageResults.marks) marks = cells.values;
        else {
          meter.row(cells.bytes);
          const finished = assembler.push(decoder.decode(cells));
          if (finished !== undefined) batcher.add(finished);
          if (batcher.full) {
            await this.#check(behind, signal);
            meter.pause();
            hold.begin();
            behind = batcher.place;
            yield batcher.take();
            if (await hold.end()) return false;
            meter.resume();
          }
        }
      }
    this.#assertUnchanged(behind, marks);
    return true;
  }

  /** Asks now: what was read so far was there, and of the types that it was read by, when the marks have not moved. */
  async #check(behind: Place, signal: AbortSignal): Promise<void> {
    const sets = await this.#options.client.query(this.#statements.marks(), { signal });
    this.#assertUnchanged(behind, sets[0]?.[0] ?? []);
  }

  #assertUnchanged(behind: Place, [low, updates]: readonly unknown[]): void {
    const { table, instance } = this.#options;
    const mark = Buffer.isBuffer(low) ? lsnOf(low) : zeroLsn;
    const gap = gapBelow(table, behind, { captureInstance: instance.name, low: mark });
    if (gap !== undefined) throw gap;
    if (updates !== instance.columnUpdates) throw columnsAltered(instance.name);
  }

  #keyText(): KeyText {
    const indexes = keyIndexes(this.#options.instance, this.#statements.columns);
    if (indexes.length === 0) return () => undefined;
    return ({ values }) => JSON.stringify(indexes.map((index) => values[index]));
  }
}

/** What was converted by the old types may be cut or rounded by the new ones: it is read again. */
function columnsAltered(captureInstance: string): DStreamError {
  return new DStreamError(
    'CaptureChanged',
    `columns of the capture instance ${captureInstance} were altered while it was read: it is read again`,
  );
}
