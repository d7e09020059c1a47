/** What the images of a change lack, and which columns an update changed. */
import type { CapturedColumn } from '../sql/capture-instance.ts';
import type { SelectedColumn } from '../sql/page-statement.ts';
import { rowOperation, type ChangeRow, type LogicalChange } from './change-row.ts';
import { isBitSet } from './update-mask.ts';

/** Captured columns that CDC did not carry in an image. */
export interface Lost {
  /** Of those that were selected: where in the row they are. */
  readonly indexes: ReadonlySet<number>;
  readonly names: readonly string[];
}

export class ImageLosses {
  readonly #columns: readonly SelectedColumn[];
  readonly #unreadable: readonly CapturedColumn[];
  /** What every image lacks. */
  readonly #always: Lost;

  constructor(columns: readonly SelectedColumn[], unreadable: readonly CapturedColumn[]) {
    this.#columns = columns;
    this.#unreadable = unreadable;
    this.#always = { indexes: new Set(), names: unreadable.map(({ name }) => name) };
  }

  /** text, ntext and image are NULL in row 1, whatever they held. */
  inData({ operation, after }: LogicalChange): Lost {
    if (operation !== 'delete') return this.#always;
    return this.#lost(({ lostBefore }, n) => lostBefore && after.values[n] === null);
  }

  /**
   * Columns whose old value CDC did not carry. The max types and xml are NULL in row 3 unless the column changed; a
   * column that did not change has its value in row 4, so a NULL there too was a NULL before.
   */
  inBefore(before: ChangeRow, after: ChangeRow): Lost {
    return this.#lost(({ ordinal, lostBefore }, n) => {
      if (before.values[n] !== null) return false;
      const touched = isBitSet(after.mask, ordinal);
      return lostBefore ? touched || after.values[n] !== null : !touched && after.values[n] !== null;
    });
  }

  /** Names of the columns that an update changed; where the old value is not known, those it set. */
  changed({ after, before }: LogicalChange, lost: Lost | undefined): readonly string[] {
    // In rows 1 and 2 the mask is all ones and tells nothing.
    const telling = after.operation === rowOperation.updateAfter;
    const isSet = ({ ordinal }: CapturedColumn | SelectedColumn) => isBitSet(after.mask, ordinal);
    const selected = this.#columns.filter((column, n) => {
      if (!isSet(column)) return false;
      return before === undefined || lost?.indexes.has(n) === true
        ? telling
        : before.values[n] !== after.values[n];
    });
    const unreadable = this.#unreadable.filter((column) => telling && isSet(column));
    return [...selected, ...unreadable].map(({ name }) => name);
  }

  #lost(isLost: (column: SelectedColumn, index: number) => boolean): Lost {
    const found = [...this.#columns.entries()].filter(([n, column]) => isLost(column, n));
    if (found.length === 0) return this.#always;
    const names = found.map(([, { name }]) => name);
    return { indexes: new Set(found.map(([n]) => n)), names: [...names, ...this.#always.names] };
  }
}
