/** Reads one window of one table: pages by the complete key, rows as they arrive, batches of whole changes. */
import {
  DStreamError,
  type ChangeBatch,
  type ChangeEvent,
  type Clock,
  type TableId,
  type Hash,
} from '@dstream/core';
import type { SqlClient } from '../client/sql-client.ts';
import { EventBuilder } from '../rows/event-builder.ts';
import { lsnOf, zeroLsn, type Lsn } from '../rows/lsn.ts';
import type { Place } from '../rows/position.ts';
import { RowAssembler, type KeyText } from '../rows/row-assembler.ts';
import { RowDecoder } from '../rows/row-decoder.ts';
import type { ChangeRow, LogicalChange } from '../rows/change-row.ts';
import type { CaptureInstance } from '../sql/capture-instance.ts';
import type { SourceObserver } from '../source-observer.ts';
import { pageResults, PageStatements, type PageCursor } from '../sql/page-statement.ts';
import { batchLimits, Batcher } from './batcher.ts';
import { CommitTimes } from './commit-times.ts';
import { gapBelow, neededFrom } from './gap.ts';
import { PageMeter } from './page-meter.ts';

export interface ReadLimits {
  /** Rows that a window is cut to: its last transaction may go beyond them. */
  readonly maxRows: number;
  /** Bytes of rows that may wait unread before the flow from the server is paused. */
  readonly maxBytes: number;
}

export interface WindowReaderOptions {
  readonly client: SqlClient;
  readonly table: TableId;
  readonly instance: CaptureInstance;
  readonly limits: ReadLimits;
  readonly hash: Hash;
  readonly clock: Clock;
  readonly observer: SourceObserver;
}

/** What a page has done to the state of its window. */
interface Progress {
  readonly assembler: RowAssembler;
  readonly batcher: Batcher;
  cursor: PageCursor;
  times: CommitTimes;
}

/**
 * A page asks for so many times `maxRows`. A window that was cut to `maxRows` then comes in one page, unless its last
 * transaction is larger than that: no page is full only because its window ends there, which would cost another call
 * of the function to find nothing.
 */
const pageShare = 2;

/**
 * Rows that wait while the last batch is on its way: as many as the next one takes. More would not be read sooner, but
 * lie in memory until the garbage collector takes them for long-lived: measured, a fifth of the reader's CPU.
 */
const rowsAhead = batchLimits.changes;

/** Behind every operation that a change table knows: whatever carries this seqval was read. */
const behindAll = 5;

export class WindowReader {
  readonly #options: WindowReaderOptions;
  readonly #statements: PageStatements;
  readonly #events: EventBuilder;

  constructor(options: WindowReaderOptions) {
    this.#options = options;
    this.#statements = new PageStatements(options.instance);
    this.#events = new EventBuilder({ ...options, columns: this.#statements.columns });
  }

  get instance(): CaptureInstance {
    return this.#options.instance;
  }

  /** The columns that arrive as text because their type is not known. */
  get unknownColumns(): readonly string[] {
    return this.#statements.columns.filter(({ known }) => !known).map(({ name, type }) => `${name} ${type}`);
  }

  /** The end of a window of about `maxRows` rows behind `place`, made of whole transactions. */
  async bound(place: Place, to: Lsn, signal: AbortSignal): Promise<Lsn> {
    const statement = this.#statements.bound(neededFrom(place), to, this.#options.limits.maxRows);
    const sets = await this.#options.client.query(statement, { signal });
    const bound = sets[0]?.[0]?.[0];
    return Buffer.isBuffer(bound) ? lsnOf(bound) : to;
  }

  /**
   * Everything behind `place` up to and including `to`. The last batch ends at `to` and is empty when nothing was
   * found. When `bounded` is false, a window that has more than one page ends early, inside: it is to be bounded
   * first, because every further page costs the server a sort of the whole window. A batch leaves only after the
   * low-water mark was seen not to have passed what it was read from. Throws HistoryLost, PermissionDenied, or what the driver's error was translated to.
   */
  async *read(place: Place, to: Lsn, bounded: boolean, signal: AbortSignal): AsyncGenerator<ChangeBatch> {
    const build = (change: LogicalChange): ChangeEvent =>
      this.#events.build(change, state.times.of(change.after.lsn));
    const state: Progress = {
      assembler: new RowAssembler(place, this.#keyText()),
      batcher: new Batcher(place, build),
      cursor: cursorOf(place),
      times: new CommitTimes(),
    };
    while (yield* this.#metered(state, to, signal)) {
      if (!state.batcher.empty) yield state.batcher.take();
      if (!bounded) return;
    }
    const rest = state.assembler.end();
    if (rest !== undefined) state.batcher.add(rest);
    yield state.batcher.takeLast({ kind: 'scanned', lsn: to });
  }

  /** Reads one page; true when it was full, so that there may be more. What it cost is told, also when it is given up. */
  async *#metered(state: Progress, to: Lsn, signal: AbortSignal): AsyncGenerator<ChangeBatch, boolean> {
    const { clock, observer, table } = this.#options;
    const meter = new PageMeter(clock);
    try {
      return yield* this.#page(state, to, signal, meter);
    } finally {
      observer.read(table, meter.read());
    }
  }

  async *#page(
    state: Progress,
    to: Lsn,
    signal: AbortSignal,
    meter: PageMeter,
  ): AsyncGenerator<ChangeBatch, boolean> {
    const { client, limits } = this.#options;
    const pageRows = pageShare * limits.maxRows;
    const statement = this.#statements.page({ cursor: state.cursor, to, rows: pageRows });
    const decoder = new RowDecoder(this.#statements.columns);
    const start = state.batcher.place;
    let toSkip = state.cursor.skip;
    let low: Lsn | undefined;
    state.times = new CommitTimes();
    const ahead = { ...limits, maxRows: Math.min(limits.maxRows, rowsAhead) };
    for await (const handful of client.stream(statement, ahead, { signal }))
      for (const cells of handful) {
        if (cells.set === pageResults.times) state.times.add(cells.values);
        else if (cells.set === pageResults.lowWaterMark) low = lowOf(cells.values);
        else {
          const row = decoder.decode(cells);
          if (toSkip > 0 && sameKey(row, state.cursor)) {
            toSkip -= 1;
            continue;
          }
          toSkip = 0;
          meter.row(cells.bytes);
          state.cursor = after(state.cursor, row);
          const finished = state.assembler.push(row);
          if (finished !== undefined) state.batcher.add(finished);
          if (state.batcher.full) {
            await this.#check(start, signal);
            meter.pause();
            yield state.batcher.take();
            meter.resume();
          }
        }
      }
    this.#throwGap(start, low ?? zeroLsn);
    return meter.rows >= pageRows;
  }

  /** Asks for the low-water mark now: what was read so far was there when it had not passed `start`. */
  async #check(start: Place, signal: AbortSignal): Promise<void> {
    const sets = await this.#options.client.query(this.#statements.lowWaterMark(), { signal });
    this.#throwGap(start, lowOf(sets[0]?.[0] ?? []));
  }

  #throwGap(start: Place, low: Lsn): void {
    const { table, instance } = this.#options;
    const gap: DStreamError | undefined = gapBelow(table, start, { captureInstance: instance.name, low });
    if (gap !== undefined) throw gap;
  }

  #keyText(): KeyText {
    const { key } = this.#options.instance;
    return key.length === 0 ? () => undefined : ({ row }) => JSON.stringify(key.map((name) => row[name]));
  }
}

function cursorOf(place: Place): PageCursor {
  return place.kind === 'inside'
    ? { lsn: place.lsn, seqval: place.seqval, operation: behindAll, skip: 0 }
    : { lsn: neededFrom(place), seqval: zeroLsn, operation: 0, skip: 0 };
}

/** Counts rows of the same complete key, so that a tie that a page's end cuts is not lost. */
function after(cursor: PageCursor, row: ChangeRow): PageCursor {
  const { lsn, seqval, operation } = row;
  return { lsn, seqval, operation, skip: sameKey(row, cursor) ? cursor.skip + 1 : 1 };
}

function sameKey(row: ChangeRow, cursor: PageCursor): boolean {
  return row.lsn === cursor.lsn && row.seqval === cursor.seqval && row.operation === cursor.operation;
}

function lowOf(values: readonly unknown[]): Lsn {
  return Buffer.isBuffer(values[0]) ? lsnOf(values[0]) : zeroLsn;
}
