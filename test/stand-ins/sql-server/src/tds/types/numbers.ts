/** bit, the integers, real and float. */
import type { SqlType, SqlTypeName, SqlValue } from '../../engine/interface/engine-session.ts';
import type { ByteWriter } from '../wire/byte-writer.ts';
import { wrongValue, writeZeroLength, type ColumnCodec, type ValueWriter } from './column-codec.ts';

export interface NumberFormat {
  /** Token of the type that cannot be null, and has no length. */
  readonly fixed: number;
  readonly nullable: number;
  readonly width: number;
  readonly write: ValueWriter;
}

function numberOf(type: string, value: SqlValue): number {
  if (typeof value !== 'number') throw wrongValue(type, value);
  return value;
}

function writeBit(out: ByteWriter, value: SqlValue): void {
  if (typeof value !== 'boolean') throw wrongValue('bit', value);
  out.u8(value ? 1 : 0);
}

function writeBigint(out: ByteWriter, value: SqlValue): void {
  if (typeof value !== 'bigint') throw wrongValue('bigint', value);
  const at = out.grow(8);
  out.bytes.writeBigInt64LE(value, at);
}

function writeReal(out: ByteWriter, value: SqlValue): void {
  const real = numberOf('real', value);
  const at = out.grow(4);
  out.bytes.writeFloatLE(real, at);
}

function writeFloat(out: ByteWriter, value: SqlValue): void {
  const float = numberOf('float', value);
  const at = out.grow(8);
  out.bytes.writeDoubleLE(float, at);
}

const formats: Partial<Record<SqlTypeName, NumberFormat>> = {
  bit: { fixed: 0x32, nullable: 0x68, width: 1, write: writeBit },
  tinyint: {
    fixed: 0x30,
    nullable: 0x26,
    width: 1,
    write: (out, value) => out.u8(numberOf('tinyint', value)),
  },
  smallint: {
    fixed: 0x34,
    nullable: 0x26,
    width: 2,
    write: (out, value) => out.u16(numberOf('smallint', value)),
  },
  int: { fixed: 0x38, nullable: 0x26, width: 4, write: (out, value) => out.u32(numberOf('int', value)) },
  bigint: { fixed: 0x7f, nullable: 0x26, width: 8, write: writeBigint },
  real: { fixed: 0x3b, nullable: 0x6d, width: 4, write: writeReal },
  float: { fixed: 0x3e, nullable: 0x6d, width: 8, write: writeFloat },
};

export function withLength(width: number, write: ValueWriter): ValueWriter {
  return (out, value) => {
    out.u8(width);
    write(out, value);
  };
}

/** A type with one token for NOT NULL columns and another, with a length, for the rest. */
export function fixedOrNullable(format: NumberFormat, nullable: boolean): ColumnCodec {
  if (!nullable) return { info: Buffer.of(format.fixed), write: format.write, writeNull: writeZeroLength };
  return {
    info: Buffer.of(format.nullable, format.width),
    write: withLength(format.width, format.write),
    writeNull: writeZeroLength,
  };
}

export function numberCodec(type: SqlType, nullable: boolean): ColumnCodec | undefined {
  const format = formats[type.name];
  return format === undefined ? undefined : fixedOrNullable(format, nullable);
}
