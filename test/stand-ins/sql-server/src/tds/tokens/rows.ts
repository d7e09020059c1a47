import type { SqlValue } from '../../engine/interface/engine-session.ts';
import type { ColumnCodec, ValueWriter } from '../types/column-codec.ts';
import type { ByteWriter } from '../wire/byte-writer.ts';

const ROW = 0xd1;
const NBCROW = 0xd2;

/**
 * Writes rows of one result: ROW when nothing is NULL, else NBCROW, whose bitmap says which values are missing
 * ([MS-TDS] 2.2.7.19, 2.2.7.14). So no column ever writes a NULL of its own.
 */
export class RowWriter {
  readonly #writers: readonly ValueWriter[];

  constructor(codecs: readonly ColumnCodec[]) {
    this.#writers = codecs.map((codec) => codec.write);
  }

  write(out: ByteWriter, values: readonly SqlValue[]): void {
    const writers = this.#writers;
    if (values.length !== writers.length) {
      throw new RangeError(`A row has ${values.length} values for ${writers.length} columns.`);
    }
    const start = out.length;
    if (values.includes(null)) this.#bitmap(out, values);
    else out.u8(ROW);
    try {
      for (let index = 0; index < writers.length; index += 1) {
        const value = values[index] as SqlValue;
        if (value !== null) (writers[index] as ValueWriter)(out, value);
      }
    } catch (error) {
      // Half a row would make the rest of the message unreadable.
      out.truncate(start);
      throw error;
    }
  }

  #bitmap(out: ByteWriter, values: readonly SqlValue[]): void {
    out.u8(NBCROW);
    const bytes = (values.length + 7) >>> 3;
    const at = out.grow(bytes);
    out.bytes.fill(0, at, at + bytes);
    for (let index = 0; index < values.length; index += 1) {
      if (values[index] === null) {
        const place = at + (index >>> 3);
        out.bytes[place] = (out.bytes[place] ?? 0) | (1 << (index & 7));
      }
    }
  }
}
