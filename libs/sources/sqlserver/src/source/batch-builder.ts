/** Turns the rows of one page into batches: decodes rows, joins them to changes, encodes them, and knows where they end. */
import type { EncodedChange } from '@dstream/core';
import type { Cells } from '../client/sql-client.ts';
import type { LogPosition, Lsn } from '../position/log-position.ts';
import type { LsnTime } from '../position/resume-point.ts';
import type { ChangeEncoder } from '../rows/change-encoder.ts';
import { RowAssembler, RowDecoder, type KeyText, type LogicalChange } from '../rows/change-rows.ts';
import { Utf8Writer } from '../rows/utf8-writer.ts';
import { pageResults, type SelectedColumn } from '../sql/page-statement.ts';
import { CommitTimes } from '../sql/commit-times.ts';

/** A batch of one table inside this package: its end is typed. `SourceHistory` makes it core's `ChangeBatch`. */
export interface TableBatch {
  readonly changes: readonly EncodedChange[];
  readonly end: LogPosition;
  /** The transaction of the last change. */
  readonly newest?: LsnTime | undefined;
  /** See `ChangeBatch`. */
  readonly beginsGeneration?: boolean;
}

/** A batch leaves when it has one of these. */
export interface BatchLimits {
  readonly changes: number;
  readonly bytes: number;
}

/** Small enough that sending overlaps with reading. */
export const defaultBatchLimits: BatchLimits = { changes: 2_000, bytes: 2_097_152 };

/** How the rows of one capture instance become changes. */
export interface RowFormat {
  readonly columns: readonly SelectedColumn[];
  readonly encoder: ChangeEncoder;
  readonly keyText: KeyText;
}

/** State of one page; not reusable. A batch always ends after a whole group of rows: see `RowAssembler`. */
export class BatchBuilder {
  readonly #decoder: RowDecoder;
  readonly #encoder: ChangeEncoder;
  readonly #assembler: RowAssembler;
  readonly #limits: BatchLimits;
  readonly #times = new CommitTimes();
  readonly #out = new Utf8Writer();
  #changes: EncodedChange[] = [];
  #bytes = 0;
  #newest: Lsn | undefined;
  #marks: readonly unknown[] = [];

  /** @param from where the page begins */
  constructor(from: LogPosition, { columns, encoder, keyText }: RowFormat, limits: BatchLimits) {
    this.#decoder = new RowDecoder(columns);
    this.#assembler = new RowAssembler(from, keyText);
    this.#encoder = encoder;
    this.#limits = limits;
  }

  /** Called for each row of the page's statement, in its order: commit times come before the rows of their transactions. */
  add(cells: Cells): void {
    if (cells.set === pageResults.rows) this.#encode(this.#assembler.push(this.#decoder.decode(cells)));
    else if (cells.set === pageResults.times) this.#times.add(cells.values);
    else this.#marks = cells.values;
  }

  /** The row of the page's marks, which comes last: see `PageStatements.marks`. */
  get marks(): readonly unknown[] {
    return this.#marks;
  }

  /** The position after all changes that were added; rows that may still be part of a change do not count. */
  get end(): LogPosition {
    return this.#assembler.position;
  }

  get full(): boolean {
    return this.#changes.length >= this.#limits.changes || this.#bytes >= this.#limits.bytes;
  }

  get empty(): boolean {
    return this.#changes.length === 0;
  }

  /** What was added since the last batch. */
  take(end = this.end): TableBatch {
    const lsn = this.#newest;
    const batch = { changes: this.#changes, end, newest: lsn && { lsn, at: this.#times.of(lsn) } };
    this.#changes = [];
    this.#bytes = 0;
    this.#newest = undefined;
    return batch;
  }

  /** The rest, when the page was read whole: up to and including `to`. */
  finish(to: Lsn): TableBatch {
    this.#encode(this.#assembler.end());
    return this.take({ kind: 'between', mode: this.end.mode, lsn: to });
  }

  #encode(changes: readonly LogicalChange[]): void {
    for (const change of changes) {
      const { after, before } = change;
      this.#changes.push(this.#encoder.encode(change, this.#times.of(after.lsn), this.#out));
      this.#bytes += after.bytes + (before?.bytes ?? 0);
      this.#newest = after.lsn;
    }
  }
}
