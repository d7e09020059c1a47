/**
 * The rows of one change table in the order of its clustered index (`__$start_lsn`, `__$command_id`, `__$seqval`,
 * `__$operation`). Log records are numbered in the order in which they are written, so within a transaction a later
 * command has larger seqvals, and the order of the functions (`__$start_lsn`, `__$seqval`, `__$operation`) is the same,
 * unless seqvals were shuffled: then there is a second list.
 */
import type { SqlValue } from '../interface/engine-session.ts';
import type { Lsn } from './log-sequence.ts';

/** 1 delete, 2 insert, 3 update (before), 4 update (after). */
export type Operation = 1 | 2 | 3 | 4;

export interface UncommittedRow {
  readonly seqval: Lsn;
  readonly operation: Operation;
  readonly mask: Uint8Array;
  /** By ordinal of the captured columns. */
  readonly values: readonly SqlValue[];
  readonly commandId: number;
}

export interface ChangeRow extends UncommittedRow {
  readonly lsn: Lsn;
}

/** Where to begin: strictly after this place in the order, with as many parts as are known. */
export interface Place {
  readonly lsn: number;
  readonly commandId?: number;
  readonly seqval?: number;
  readonly operation?: number;
}

export class ChangeTable {
  #rows: ChangeRow[] = [];
  /** In the order of the functions, where that is another one. */
  #bySeqval: ChangeRow[] | undefined;

  get size(): number {
    return this.#rows.length;
  }

  /** The changes of one commit, in any order. */
  append(lsn: Lsn, changes: readonly UncommittedRow[]): void {
    const from = this.#rows.length;
    let sorted = true;
    for (const { seqval, operation, mask, values, commandId } of changes) {
      const row: ChangeRow = { lsn, seqval, operation, mask, values, commandId };
      const last = this.#rows.at(-1);
      if (last !== undefined && last.lsn === lsn && compareRows(last, row) > 0) sorted = false;
      this.#rows.push(row);
    }
    if (!sorted) this.#rows.push(...this.#rows.splice(from).sort(compareRows));
    if (this.#bySeqval === undefined && this.#isBySeqval(from)) return;
    this.#bySeqval ??= this.#rows.slice(0, from);
    this.#bySeqval.push(...this.#rows.slice(from).sort(compareBySeqval));
  }

  /** Deletes what is older than the new low-water mark. */
  removeBefore(lsn: Lsn): number {
    const count = this.#firstAt(lsn);
    this.#rows = this.#rows.slice(count);
    this.#bySeqval = this.#bySeqval?.slice(count);
    return count;
  }

  /** What it holds now. The result puts it back. */
  remember(): () => void {
    const [rows, bySeqval] = [this.#rows.slice(), this.#bySeqval?.slice()];
    return () => {
      this.#rows = rows.slice();
      this.#bySeqval = bySeqval?.slice();
    };
  }

  /** Converts one column of all rows. The result undoes it. */
  rewrite(at: number, convert: (value: SqlValue) => SqlValue): () => void {
    const [rows, bySeqval] = [this.#rows, this.#bySeqval];
    const rewritten = (row: ChangeRow) => ({
      ...row,
      values: row.values.with(at, convert(row.values[at] ?? null)),
    });
    this.#rows = rows.map(rewritten);
    this.#bySeqval = bySeqval?.map(rewritten);
    return () => {
      this.#rows = rows;
      this.#bySeqval = bySeqval;
    };
  }

  clear(): void {
    this.#rows = [];
    this.#bySeqval = undefined;
  }

  hasAfter(lsn: number): boolean {
    const last = this.#rows.at(-1);
    return last !== undefined && last.lsn > lsn;
  }

  /** Rows with `from` ≤ LSN ≤ `to`, strictly after `after`. What is appended meanwhile lies behind `to` and is not read. */
  between(from: number, to: number, after?: Place): Generator<ChangeRow> {
    return slice(this.#rows, from, to, after);
  }

  /** The same in the order of the functions. `after` then has no command. */
  betweenBySeqval(from: number, to: number, after?: Place): Generator<ChangeRow> {
    return slice(this.#bySeqval ?? this.#rows, from, to, after);
  }

  #firstAt(lsn: number): number {
    return search(this.#rows, (row) => row.lsn >= lsn);
  }

  /** Whether the rows from this one on stand in the order of the functions too. */
  #isBySeqval(from: number): boolean {
    for (let at = from + 1; at < this.#rows.length; at += 1) {
      if (compareBySeqval(this.#rows[at - 1] as ChangeRow, this.#rows[at] as ChangeRow) > 0) return false;
    }
    return true;
  }
}

function* slice(
  rows: readonly ChangeRow[],
  from: number,
  to: number,
  after: Place | undefined,
): Generator<ChangeRow> {
  let at = search(rows, (row) => row.lsn >= from);
  if (after !== undefined)
    at = Math.max(
      at,
      search(rows, (row) => comparePlace(row, after) > 0),
    );
  for (let row = rows[at]; row !== undefined && row.lsn <= to; row = rows[++at]) yield row;
}

/** The first row for which `isBehind` holds; it must hold for all rows after it. */
function search(rows: readonly ChangeRow[], isBehind: (row: ChangeRow) => boolean): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBehind(rows[middle] as ChangeRow)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function compareBySeqval(a: ChangeRow, b: ChangeRow): number {
  return a.lsn - b.lsn || a.seqval - b.seqval || a.operation - b.operation;
}

function compareRows(a: ChangeRow, b: ChangeRow): number {
  return a.commandId - b.commandId || a.seqval - b.seqval || a.operation - b.operation;
}

/** Parts that the place leaves open count as equal, so a row there is not behind it. */
function comparePlace(row: ChangeRow, place: Place): number {
  return (
    row.lsn - place.lsn ||
    (place.commandId === undefined ? 0 : row.commandId - place.commandId) ||
    (place.seqval === undefined ? 0 : row.seqval - place.seqval) ||
    (place.operation === undefined ? 0 : row.operation - place.operation)
  );
}
