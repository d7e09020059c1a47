/** The date and time types ([MS-TDS] 2.2.5.5.1.8, 2.2.5.5.1.9). */
import type { SqlMoment, SqlType, SqlTypeName, SqlValue } from '../../engine/interface/engine-session.ts';
import type { ByteReader } from '../wire/byte-reader.ts';
import type { ByteWriter } from '../wire/byte-writer.ts';
import { wrongValue, writeZeroLength, type ColumnCodec, type ValueWriter } from './column-codec.ts';
import { fixedOrNullable, type NumberFormat } from './numbers.ts';

const TICKS_PER_MINUTE = 600_000_000;
/** datetime counts from 1900-01-01. */
const DAYS_TO_1900 = 693_595;
const FULL_SCALE = 7;

function momentOf(type: string, value: SqlValue): SqlMoment {
  if (value === null || typeof value !== 'object' || !('ticks' in value)) throw wrongValue(type, value);
  return value;
}

/** Bytes of a time of day with so many digits of the second. */
function timeBytes(scale: number): number {
  if (scale <= 2) return 3;
  return scale <= 4 ? 4 : 5;
}

/** A day has fewer than 2^40 ticks: exact in a number. */
function timeWriter(scale: number): (out: ByteWriter, ticks: bigint) => void {
  const width = timeBytes(scale);
  const ticksPerUnit = 10 ** (FULL_SCALE - scale);
  return (out, ticks) => {
    const units = Math.trunc(Number(ticks) / ticksPerUnit);
    const at = out.grow(width);
    out.bytes.writeUIntLE(units, at, width);
  };
}

function writeDays(out: ByteWriter, days: number): void {
  const at = out.grow(3);
  out.bytes.writeUIntLE(days, at, 3);
}

function column(info: Buffer, width: number, write: ValueWriter): ColumnCodec {
  return {
    info,
    write: (out, value) => {
      out.u8(width);
      write(out, value);
    },
    writeNull: writeZeroLength,
  };
}

/** datetime counts in 1/300 s. */
function writeDatetime(out: ByteWriter, value: SqlValue): void {
  const moment = momentOf('datetime', value);
  out.u32(moment.days - DAYS_TO_1900);
  out.u32(Math.round((Number(moment.ticks) * 3) / 100_000));
}

function writeSmallDatetime(out: ByteWriter, value: SqlValue): void {
  const moment = momentOf('smalldatetime', value);
  out.u16(moment.days - DAYS_TO_1900);
  out.u16(Math.trunc(Number(moment.ticks) / TICKS_PER_MINUTE));
}

function datetime2(scale: number): ColumnCodec {
  const writeTime = timeWriter(scale);
  return column(Buffer.of(0x2a, scale), timeBytes(scale) + 3, (out, value) => {
    const moment = momentOf('datetime2', value);
    writeTime(out, moment.ticks);
    writeDays(out, moment.days);
  });
}

function datetimeoffset(scale: number): ColumnCodec {
  const writeTime = timeWriter(scale);
  return column(Buffer.of(0x2b, scale), timeBytes(scale) + 5, (out, value) => {
    const moment = momentOf('datetimeoffset', value);
    writeTime(out, moment.ticks);
    writeDays(out, moment.days);
    out.u16(moment.offsetMinutes ?? 0);
  });
}

function time(scale: number): ColumnCodec {
  const writeTime = timeWriter(scale);
  return column(Buffer.of(0x29, scale), timeBytes(scale), (out, value) =>
    writeTime(out, momentOf('time', value).ticks),
  );
}

const datetime: NumberFormat = { fixed: 0x3d, nullable: 0x6f, width: 8, write: writeDatetime };
const smallDatetime: NumberFormat = { fixed: 0x3a, nullable: 0x6f, width: 4, write: writeSmallDatetime };

const codecs: Partial<Record<SqlTypeName, (scale: number, nullable: boolean) => ColumnCodec>> = {
  date: () => column(Buffer.of(0x28), 3, (out, value) => writeDays(out, momentOf('date', value).days)),
  time,
  datetime2,
  datetimeoffset,
  datetime: (_, nullable) => fixedOrNullable(datetime, nullable),
  smalldatetime: (_, nullable) => fixedOrNullable(smallDatetime, nullable),
};

export function momentCodec(type: SqlType, nullable: boolean): ColumnCodec | undefined {
  return codecs[type.name]?.(type.scale ?? FULL_SCALE, nullable);
}

/** `length` bytes of time of day. */
export function readTicks(source: ByteReader, length: number, scale: number): bigint {
  return BigInt(source.unsigned(length) * 10 ** (FULL_SCALE - scale));
}

export function readDays(source: ByteReader): number {
  return source.unsigned(3);
}

export function readDatetime(source: ByteReader, length: number): SqlMoment {
  if (length === 4) {
    return { days: source.u16() + DAYS_TO_1900, ticks: BigInt(source.u16() * TICKS_PER_MINUTE) };
  }
  const days = source.i32() + DAYS_TO_1900;
  return { days, ticks: BigInt(Math.round((source.u32() * 100_000) / 3)) };
}
