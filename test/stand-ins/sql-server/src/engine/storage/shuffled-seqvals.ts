/**
 * Gives the changes of one transaction their seqvals in another order than that of its commands, and leaves the changes of
 * one row among themselves in order: rows are lanes, and the lanes are numbered from the last to the first.
 */
import { hashKeyOf } from '../values/comparison/hash-key.ts';
import type { CaptureInstance } from './capture-instance.ts';
import type { ChangeDraft } from './change-draft.ts';

export function shuffledSeqvals(drafts: readonly ChangeDraft[]): ChangeDraft[] {
  const events = [...Map.groupBy(drafts, ({ seqval }) => seqval)];
  const lanes = new Lanes();
  for (const [seqval, rows] of events) lanes.join(seqval, rows.map(rowKey));
  const ordered = [...Map.groupBy(events, ([seqval]) => lanes.of(seqval)).values()]
    .toReversed()
    .flatMap((lane) => lane.map(([seqval]) => seqval));
  const ascending = ordered.toSorted((a, b) => a - b);
  const given = new Map(ordered.map((seqval, i) => [seqval, ascending[i] ?? seqval]));
  return drafts.map((draft) => ({ ...draft, seqval: given.get(draft.seqval) ?? draft.seqval }));
}

/** All changes of a table whose key is not captured are one row. */
function rowKey({ instance, values }: ChangeDraft): string {
  const ordinals = keyOrdinals(instance);
  return `${instance.name} ${ordinals === undefined ? '' : hashKeyOf(ordinals.map((at) => values[at] ?? null))}`;
}

function keyOrdinals({ columns, indexColumns }: CaptureInstance): readonly number[] | undefined {
  const ordinals = indexColumns.map((key) => columns.findIndex(({ columnId }) => columnId === key.columnId));
  return ordinals.length === 0 || ordinals.includes(-1) ? undefined : ordinals;
}

/** Union of what shares a row: an update of a key is in the lane of both of its keys. */
class Lanes {
  readonly #parents = new Map<string | number, string | number>();

  join(event: number, rows: readonly string[]): void {
    for (const row of rows) this.#parents.set(this.of(row), this.of(event));
  }

  of(member: string | number): string | number {
    let at = member;
    for (let up = this.#parents.get(at); up !== undefined && up !== at; up = this.#parents.get(at)) at = up;
    return at;
  }
}
