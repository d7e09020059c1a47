/**
 * What the panel shows of a table while it changes hands. An owner counts from when it took the table, and one that was
 * killed says nothing: the panel's counts go on from where they were, and the lag grows until somebody says it anew.
 */
import type { TableStatusRow } from '@dstream/status';

export interface Now {
  /** Monotonic. */
  readonly nowMs: number;
  /** Whether something that was committed has not arrived yet. */
  readonly isWaiting: boolean;
}

interface Kept {
  readonly epoch: number | null;
  /** Sent by owners before this epoch. */
  readonly before: number;
  /** Sent in this epoch. */
  readonly sent: number;
  readonly lagMs: number | null;
  readonly seenMs: number;
}

export class TableFigures {
  readonly #kept = new Map<string, Kept>();

  /** Called with every row that was gathered, in the order of time. */
  carriedOn(row: TableStatusRow, { nowMs, isWaiting }: Now): TableStatusRow {
    const last = this.#kept.get(row.table);
    if (row.changes === null)
      return last === undefined ? row : silent(row, last, isWaiting ? nowMs : undefined);
    const before = last === undefined ? 0 : last.epoch === row.epoch ? last.before : last.before + last.sent;
    this.#kept.set(row.table, {
      epoch: row.epoch,
      before,
      sent: row.changes,
      lagMs: row.lagMs,
      seenMs: nowMs,
    });
    return { ...row, changes: before + row.changes };
  }
}

/** @param nowMs undefined when nothing waits: then there is no lag */
function silent(row: TableStatusRow, last: Kept, nowMs: number | undefined): TableStatusRow {
  const lagMs = nowMs === undefined ? null : (last.lagMs ?? 0) + nowMs - last.seenMs;
  return { ...row, changes: last.before + last.sent, lagMs };
}
