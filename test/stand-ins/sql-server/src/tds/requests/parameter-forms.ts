/** The forms of length that a parameter's value can have ([MS-TDS] 2.2.5.2, 2.2.5.4). */
import type { SqlType, SqlValue } from '../../engine/interface/engine-session.ts';
import { readPartial } from '../types/partial-length.ts';
import type { ByteReader } from '../wire/byte-reader.ts';

export interface ParameterType {
  readonly type: SqlType;
  readonly read: (source: ByteReader) => SqlValue;
}

export type Decode = (source: ByteReader, length: number) => SqlValue;

/** A byte of length before the value; zero is NULL. */
export function byteLength(type: SqlType, decode: Decode): ParameterType {
  return {
    type,
    read: (source) => {
      const length = source.u8();
      return length === 0 ? null : decode(source, length);
    },
  };
}

/** Two bytes of length before the value, or the partial form of the max types. */
export function shortLength(type: SqlType, decode: (bytes: Buffer) => SqlValue): ParameterType {
  if (type.length === 'max') return partialLength(type, decode);
  return {
    type,
    read: (source) => {
      const length = source.u16();
      return length === 0xffff ? null : decode(source.raw(length));
    },
  };
}

/** Four bytes of length before the value: text, ntext and image have no text pointer in a request. */
export function longLength(type: SqlType, decode: (bytes: Buffer) => SqlValue): ParameterType {
  return {
    type,
    read: (source) => {
      const length = source.u32();
      return length === 0xffff_ffff ? null : decode(source.raw(length));
    },
  };
}

export function partialLength(type: SqlType, decode: (bytes: Buffer) => SqlValue): ParameterType {
  return {
    type,
    read: (source) => {
      const bytes = readPartial(source);
      return bytes === null ? null : decode(bytes);
    },
  };
}
