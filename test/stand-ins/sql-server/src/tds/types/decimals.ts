/** decimal, numeric, money and smallmoney. Everything stays in whole numbers: no value passes through a float. */
import type { SqlDecimal, SqlType, SqlTypeName, SqlValue } from '../../engine/interface/engine-session.ts';
import type { ByteReader } from '../wire/byte-reader.ts';
import type { ByteWriter } from '../wire/byte-writer.ts';
import { wrongValue, writeZeroLength, type ColumnCodec, type ValueWriter } from './column-codec.ts';
import { fixedOrNullable, type NumberFormat } from './numbers.ts';

const MONEY_SCALE = 4;
const DEFAULT_PRECISION = 18;

function decimalOf(type: string, value: SqlValue): SqlDecimal {
  if (value === null || typeof value !== 'object' || !('unscaled' in value)) throw wrongValue(type, value);
  return value;
}

/** The unscaled number at another scale, rounded half away from zero as SQL Server does. */
export function rescale(value: SqlDecimal, scale: number): bigint {
  if (value.scale === scale) return value.unscaled;
  if (value.scale < scale) return value.unscaled * 10n ** BigInt(scale - value.scale);
  const divisor = 10n ** BigInt(value.scale - scale);
  const half = value.unscaled < 0n ? -divisor / 2n : divisor / 2n;
  return (value.unscaled + half) / divisor;
}

/** Bytes of the magnitude ([MS-TDS] 2.2.5.5.1.6). */
function magnitudeBytes(precision: number): number {
  if (precision <= 9) return 4;
  if (precision <= 19) return 8;
  return precision <= 28 ? 12 : 16;
}

function writeMagnitude(out: ByteWriter, magnitude: bigint, width: number): void {
  if (magnitude >> BigInt(width * 8) !== 0n)
    throw new RangeError('A decimal does not fit the precision of its column.');
  if (width === 4) {
    out.u32(Number(magnitude));
    return;
  }
  out.u64(magnitude);
  if (width === 12) out.u32(Number(magnitude >> 64n));
  if (width === 16) out.u64(magnitude >> 64n);
}

function decimalWriter(type: SqlType): { width: number; write: ValueWriter } {
  const scale = type.scale ?? 0;
  const width = magnitudeBytes(type.precision ?? DEFAULT_PRECISION);
  return {
    width,
    write: (out, value) => {
      const unscaled = rescale(decimalOf(type.name, value), scale);
      out.u8(unscaled < 0n ? 0 : 1);
      writeMagnitude(out, unscaled < 0n ? -unscaled : unscaled, width);
    },
  };
}

function decimalColumn(type: SqlType): ColumnCodec {
  const { width, write } = decimalWriter(type);
  const token = type.name === 'decimal' ? 0x6a : 0x6c;
  return {
    info: Buffer.of(token, width + 1, type.precision ?? DEFAULT_PRECISION, type.scale ?? 0),
    write: (out, value) => {
      out.u8(width + 1);
      write(out, value);
    },
    writeNull: writeZeroLength,
  };
}

/** money is two halves, the high one first. */
function writeMoney(out: ByteWriter, value: SqlValue): void {
  const unscaled = rescale(decimalOf('money', value), MONEY_SCALE);
  if (BigInt.asIntN(64, unscaled) !== unscaled) throw new RangeError('A money value is out of range.');
  out.u32(Number(BigInt.asUintN(32, unscaled >> 32n)));
  out.u32(Number(BigInt.asUintN(32, unscaled)));
}

function writeSmallMoney(out: ByteWriter, value: SqlValue): void {
  const unscaled = rescale(decimalOf('smallmoney', value), MONEY_SCALE);
  if (BigInt.asIntN(32, unscaled) !== unscaled) throw new RangeError('A smallmoney value is out of range.');
  out.u32(Number(BigInt.asUintN(32, unscaled)));
}

const money: NumberFormat = { fixed: 0x3c, nullable: 0x6e, width: 8, write: writeMoney };
const smallMoney: NumberFormat = { fixed: 0x7a, nullable: 0x6e, width: 4, write: writeSmallMoney };

const codecs: Partial<Record<SqlTypeName, (type: SqlType, nullable: boolean) => ColumnCodec>> = {
  decimal: decimalColumn,
  numeric: decimalColumn,
  money: (_, nullable) => fixedOrNullable(money, nullable),
  smallmoney: (_, nullable) => fixedOrNullable(smallMoney, nullable),
};

export function decimalCodec(type: SqlType, nullable: boolean): ColumnCodec | undefined {
  return codecs[type.name]?.(type, nullable);
}

/** Sign and magnitude, `length` bytes together. */
export function readDecimal(source: ByteReader, length: number, scale: number): SqlDecimal {
  const positive = source.u8() === 1;
  const magnitude = source.raw(length - 1);
  let unscaled = 0n;
  for (let index = magnitude.length - 1; index >= 0; index -= 1) {
    unscaled = (unscaled << 8n) | BigInt(magnitude[index] ?? 0);
  }
  return { unscaled: positive ? unscaled : -unscaled, scale };
}

export function readMoney(source: ByteReader, length: number): SqlDecimal {
  if (length === 4) return { unscaled: BigInt(source.i32()), scale: MONEY_SCALE };
  const high = BigInt(source.i32());
  return { unscaled: (high << 32n) | BigInt(source.u32()), scale: MONEY_SCALE };
}
