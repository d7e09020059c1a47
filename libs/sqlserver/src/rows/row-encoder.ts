import type { Value } from '@dstream/core';
import { fixedText, type FixedText, type Utf8Writer } from './utf8-writer.ts';

export interface EncodedColumn {
  readonly name: string;
  /** Its text is plain: see `isPlain`. */
  readonly plainText: boolean;
}

const none: ReadonlySet<number> = new Set();

interface Field extends EncodedColumn {
  readonly label: FixedText;
}

/** Writes rows as JSON objects, in the order of the columns. */
export class RowEncoder {
  readonly #fields: readonly Field[];

  constructor(columns: readonly EncodedColumn[]) {
    this.#fields = columns.map(({ name, plainText }) => ({
      name,
      plainText,
      label: fixedText(`${JSON.stringify(name)}:`),
    }));
  }

  /** @param without indexes of the columns that are left out */
  write(values: readonly Value[], out: Utf8Writer, without: ReadonlySet<number> = none): void {
    let before = '{';
    for (const [n, field] of this.#fields.entries()) {
      if (without.size > 0 && without.has(n)) continue;
      out.ascii(before);
      before = ',';
      out.fixed(field.label);
      writeValue(values[n] ?? null, field, out);
    }
    out.ascii(before === '{' ? '{}' : '}');
  }
}

function writeValue(value: Value, { plainText }: EncodedColumn, out: Utf8Writer): void {
  if (typeof value !== 'string') out.ascii(String(value));
  else out.string(value, plainText);
}
