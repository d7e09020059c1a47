import type { SqlValue } from '../../engine/interface/engine-session.ts';
import type { ByteWriter } from '../wire/byte-writer.ts';

/** Writes one value that is not null, with its length where the type has one. */
export type ValueWriter = (out: ByteWriter, value: SqlValue) => void;

/** How one column or output parameter goes over the wire ([MS-TDS] 2.2.5.4 to 2.2.5.6). */
export interface ColumnCodec {
  /** TYPE_INFO. */
  readonly info: Buffer;
  readonly write: ValueWriter;
  writeNull(out: ByteWriter): void;
  /** Only `timestamp` has one (0x50). */
  readonly userType?: number;
  /** text, ntext and image carry the name of their table in COLMETADATA. */
  readonly namesTable?: boolean;
}

/** The engine gave a value that is not of its column's type: the fault is ours, not the client's. */
export function wrongValue(type: string, value: SqlValue): TypeError {
  const given = value === null ? 'null' : typeof value;
  return new TypeError(`A value of a column of type ${type} is of the JavaScript type ${given}.`);
}

export function writeZeroLength(out: ByteWriter): void {
  out.u8(0);
}
