/** The images of a change: their JSON, which columns an update changed, and what CDC did not carry. */
import type { Value } from '@dstream/core';
import type { CapturedColumn } from '../sql/catalogue.ts';
import type { SelectedColumn } from '../sql/page-statement.ts';
import { rowOperation, type ChangeRow, type LogicalChange } from './change-rows.ts';
import { fixedText, type FixedText, type Utf8Writer } from './utf8-writer.ts';

/** A column as `RowEncoder` writes it. */
export interface EncodedColumn {
  readonly name: string;
  /** Its text is ASCII and needs no escape in JSON. */
  readonly plainText: boolean;
}

const noColumns: ReadonlySet<number> = new Set();
const empty = fixedText('{}');
const end = fixedText('}');

interface Field {
  /** What precedes its value: when it is the first of the object, and when it is not. */
  readonly first: FixedText;
  readonly further: FixedText;
  readonly plainText: boolean;
}

/** Writes rows as JSON objects, in the order of the columns. */
export class RowEncoder {
  readonly #fields: readonly Field[];

  constructor(columns: readonly EncodedColumn[]) {
    this.#fields = columns.map(({ name, plainText }) => ({
      first: fixedText(`{${JSON.stringify(name)}:`),
      further: fixedText(`,${JSON.stringify(name)}:`),
      plainText,
    }));
  }

  /** @param without indexes of the columns that are left out */
  write(values: readonly Value[], out: Utf8Writer, without: ReadonlySet<number> = noColumns): void {
    let isFirst = true;
    for (let n = 0; n < this.#fields.length; n += 1) {
      const field = this.#fields[n];
      if (field === undefined || without.has(n)) continue;
      out.fixed(isFirst ? field.first : field.further);
      isFirst = false;
      writeValue(values[n] ?? null, field.plainText, out);
    }
    out.fixed(isFirst ? empty : end);
  }
}

function writeValue(value: Value, plainText: boolean, out: Utf8Writer): void {
  if (typeof value === 'number' && !Number.isFinite(value))
    out.ascii('null'); // as JSON has it
  else if (typeof value !== 'string') out.ascii(String(value));
  else out.string(value, plainText);
}

/** Captured columns that CDC did not carry in an image. */
export interface MissingColumns {
  /** Indexes in the row, of those that were selected. */
  readonly indexes: ReadonlySet<number>;
  readonly names: readonly string[];
}

/** Finds what the images of a table's changes lack, and which columns an update changed. */
export class ImageColumns {
  readonly #columns: readonly SelectedColumn[];
  readonly #unreadable: readonly CapturedColumn[];
  /** What every image lacks. */
  readonly #always: MissingColumns;

  /** @param unreadable columns that are captured and not selected */
  constructor(columns: readonly SelectedColumn[], unreadable: readonly CapturedColumn[]) {
    this.#columns = columns;
    this.#unreadable = unreadable;
    this.#always = { indexes: noColumns, names: unreadable.map(({ name }) => name) };
  }

  /** text, ntext and image are NULL in row 1, whatever they held ("cdc.<capture_instance>_CT"). */
  missingInData({ operation, after }: LogicalChange): MissingColumns {
    if (operation !== 'delete') return this.#always;
    return this.#missing(({ lostBefore }, n) => lostBefore && after.values[n] === null);
  }

  /**
   * Columns whose old value CDC did not carry. The max types and xml are NULL in row 3 unless the column changed; a
   * column that did not change has its value in row 4, so a NULL there too was a NULL before.
   */
  missingInBefore(before: ChangeRow, after: ChangeRow): MissingColumns {
    return this.#missing(({ ordinal, lostBefore }, n) => {
      if (before.values[n] !== null) return false;
      const touched = isBitSet(after.mask, ordinal);
      return lostBefore ? touched || after.values[n] !== null : !touched && after.values[n] !== null;
    });
  }

  /** Names of the columns that an update changed; where the old value is not known, those it set. */
  changed({ after, before }: LogicalChange, missing: MissingColumns | undefined): readonly string[] {
    // In rows 1 and 2 the mask is all ones, whatever changed.
    const masked = after.operation === rowOperation.updateAfter;
    const isSet = ({ ordinal }: CapturedColumn | SelectedColumn) => isBitSet(after.mask, ordinal);
    const selected = this.#columns.filter((column, n) => {
      if (!isSet(column)) return false;
      return before === undefined || missing?.indexes.has(n) === true
        ? masked
        : before.values[n] !== after.values[n];
    });
    const unreadable = this.#unreadable.filter((column) => masked && isSet(column));
    return [...selected, ...unreadable].map(({ name }) => name);
  }

  #missing(isMissing: (column: SelectedColumn, index: number) => boolean): MissingColumns {
    const found = [...this.#columns.entries()].filter(([n, column]) => isMissing(column, n));
    if (found.length === 0) return this.#always;
    const names = found.map(([, { name }]) => name);
    return { indexes: new Set(found.map(([n]) => n)), names: [...names, ...this.#always.names] };
  }
}

/**
 * `__$update_mask`: a bit for every captured column by its ordinal, the lowest ordinals in the LAST byte
 * (as the text of `sys.fn_cdc_is_bit_set` reads it).
 * @param ordinal `column_ordinal` of `cdc.captured_columns`, from 1
 */
export function isBitSet(mask: Buffer, ordinal: number): boolean {
  const byte = mask[mask.length - 1 - Math.floor((ordinal - 1) / 8)];
  return byte !== undefined && (byte & (1 << ((ordinal - 1) % 8))) !== 0;
}
