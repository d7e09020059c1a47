import type { Value } from '@dstream/core';
import { fixedText, type FixedText, type Utf8Writer } from './utf8-writer.ts';

export interface EncodedColumn {
  readonly name: string;
  /** Its text is ASCII and needs no escape in JSON. */
  readonly plainText: boolean;
}

const none: ReadonlySet<number> = new Set();
const empty = fixedText('{}');
const end = fixedText('}');

interface Field {
  /** What stands before its value when it is the first of the object, and when it is not. */
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
  write(values: readonly Value[], out: Utf8Writer, without: ReadonlySet<number> = none): void {
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
