/**
 * Dates and times as CAST to varbinary gives them: datetime as days since 1900 and 1/300 s, both big-endian;
 * smalldatetime as days and minutes in two bytes each; the newer types as scale, little-endian ticks of that scale,
 * little-endian days and, for datetimeoffset, minutes of offset.
 */
import type { SqlMoment, SqlType } from '../../interface/engine-session.ts';
import { valueErrors } from '../../errors/value-errors.ts';
import { day1900, ticksPerMinute } from '../basic/calendar.ts';
import { powerOfTen } from '../basic/decimal.ts';
import { threeHundredths, ticksOfThreeHundredths } from '../basic/moment.ts';
import { secondScale, plainNameOf } from '../basic/type-facts.ts';
import { integerOfBytes } from './to-integer.ts';

export function bigEndian(value: bigint, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let rest = value;
  for (let i = size - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

export const littleEndian = (value: bigint, size: number): Uint8Array => bigEndian(value, size).reverse();

/** Bytes of the ticks at a scale of seconds ("time": storage size). */
const tickBytes = (scale: number): number => (scale < 3 ? 3 : scale < 5 ? 4 : 5);

const joined = (...parts: readonly Uint8Array[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => [...part]));

export function momentBytes(type: SqlType): (moment: SqlMoment) => Uint8Array {
  const scale = secondScale(type);
  const time = ({ ticks }: SqlMoment): Uint8Array =>
    joined(Uint8Array.of(scale), littleEndian(ticks / powerOfTen(7 - scale), tickBytes(scale)));
  const date = ({ days }: SqlMoment): Uint8Array => littleEndian(BigInt(days), 3);
  switch (plainNameOf(type)) {
    case 'date':
      return date;
    case 'time':
      return time;
    case 'datetime':
      return ({ days, ticks }) =>
        joined(bigEndian(BigInt(days - day1900), 4), bigEndian(threeHundredths(ticks), 4));
    case 'smalldatetime':
      return ({ days, ticks }) =>
        joined(bigEndian(BigInt(days - day1900), 2), bigEndian(ticks / ticksPerMinute, 2));
    case 'datetimeoffset':
      return (m) => joined(time(m), date(m), littleEndian(BigInt(m.offsetMinutes ?? 0), 2));
    default:
      return (m) => joined(time(m), date(m));
  }
}

/** The reverse. Bytes that cannot be such a value are error 241. */
export function momentOfBytes(bytes: Uint8Array, to: SqlType, from: SqlType): SqlMoment {
  switch (plainNameOf(to)) {
    case 'datetime':
      return {
        days: day1900 + Number(integerOfBytes(bytes.subarray(0, Math.max(0, bytes.length - 4)), 4, true)),
        ticks: ticksOfThreeHundredths(integerOfBytes(bytes, 4, false)),
      };
    case 'smalldatetime':
      return {
        days: day1900 + Number(integerOfBytes(bytes.subarray(0, Math.max(0, bytes.length - 2)), 2, false)),
        ticks: integerOfBytes(bytes, 2, false) * ticksPerMinute,
      };
    case 'date':
      return { days: Number(unsigned(bytes.subarray(0, 3))), ticks: 0n };
    default:
      return newMoment(bytes, to, from);
  }
}

const unsigned = (bytes: Uint8Array): bigint => integerOfBytes(bytes.toReversed(), bytes.length, false);

function newMoment(bytes: Uint8Array, to: SqlType, from: SqlType): SqlMoment {
  const scale = bytes[0] ?? 8;
  const size = 1 + tickBytes(scale);
  const whole = size + (to.name === 'time' ? 0 : to.name === 'datetimeoffset' ? 5 : 3);
  if (scale > 7 || bytes.length !== whole) throw valueErrors.converting(from.name, to.name);
  const ticks = unsigned(bytes.subarray(1, size)) * powerOfTen(7 - scale);
  if (to.name === 'time') return { days: 0, ticks };
  const days = Number(unsigned(bytes.subarray(size, size + 3)));
  if (to.name !== 'datetimeoffset') return { days, ticks };
  return { days, ticks, offsetMinutes: Number(BigInt.asIntN(16, unsigned(bytes.subarray(size + 3)))) };
}
