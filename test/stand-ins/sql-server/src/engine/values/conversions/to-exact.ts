/** Conversion to decimal, numeric, money and smallmoney. */
import type { SqlDecimal, SqlMoment, SqlType, SqlValue } from '../../interface/engine-session.ts';
import { valueErrors } from '../../errors/value-errors.ts';
import { day1900, ticksPerDay } from '../basic/calendar.ts';
import { decimalFromNumber, fitsPrecision, parseDecimal, unscaledAt } from '../basic/decimal.ts';
import { decimalShape, familyOf, integerRange, nameInMessages, plainFamilyOf } from '../basic/type-facts.ts';
import type { Convert } from './convert.ts';
import { integerOfBytes } from './to-integer.ts';

export function toDecimal(from: SqlType, to: SqlType): Convert {
  const { precision, scale } = decimalShape(to);
  const read = exactNumber(from, to, scale);
  const what =
    familyOf(from) === 'character' || familyOf(from) === 'decimal' ? nameInMessages(from) : from.name;
  return (value) => {
    const unscaled = unscaledAt(read(value), scale);
    if (!fitsPrecision(unscaled, precision)) throw valueErrors.overflow('numeric', what);
    return { unscaled, scale };
  };
}

export function toMoney(from: SqlType, to: SqlType): Convert {
  const { least, most } = integerRange(to);
  const read = familyOf(from) === 'character' ? readMoney : exactNumber(from, to, 4);
  return (value) => {
    const unscaled = unscaledAt(read(value), 4);
    if (unscaled < least || unscaled > most) throw valueErrors.overflow(to.name, nameInMessages(from));
    return { unscaled, scale: 4 };
  };
}

/** Reads the source without loss; a float is taken at the scale of the target. */
function exactNumber(from: SqlType, to: SqlType, scale: number): (value: SqlValue) => SqlDecimal {
  switch (plainFamilyOf(from)) {
    case 'bit':
      return (value) => ({ unscaled: value === true ? 1n : 0n, scale: 0 });
    case 'integer':
      return (value) => ({ unscaled: BigInt(value as number | bigint), scale: 0 });
    case 'decimal':
    case 'money':
      return (value) => value as SqlDecimal;
    case 'float':
      return (value) => decimalFromNumber(value as number, scale);
    case 'character':
      return (value) => textNumber(value as string, from);
    case 'binary':
      return familyOf(to) === 'money'
        ? (value) => ({
            unscaled: integerOfBytes(value as Uint8Array, integerRange(to).bytes, true),
            scale: 4,
          })
        : (value) => decimalOfBytes(value as Uint8Array, from);
    case 'moment':
      return (value) => daysAndFraction(value as SqlMoment);
    default:
      throw valueErrors.conversionNotAllowed(from.name, to.name);
  }
}

function textNumber(text: string, from: SqlType): SqlDecimal {
  const value = parseDecimal(text);
  if (value === undefined) throw valueErrors.converting(from.name, 'numeric');
  return value;
}

/** With an optional currency sign and with commas anywhere before the point; an empty text is 0. */
function readMoney(value: SqlValue): SqlDecimal {
  const text = (value as string).trim();
  if (text === '') return { unscaled: 0n, scale: 4 };
  const match = /^([+-]?)\s*[$£¥€]?\s*([+-]?)([\d,]*(?:\.\d*)?)$/.exec(text);
  const number = match && parseDecimal((match[3] ?? '').replaceAll(',', ''));
  if (!match || !number) throw valueErrors.moneySyntax();
  return match[1] === '-' || match[2] === '-' ? { ...number, unscaled: -number.unscaled } : number;
}

/** Precision, scale, zero, sign, then the magnitude in little-endian bytes: the form that CAST to varbinary gives. */
function decimalOfBytes(bytes: Uint8Array, from: SqlType): SqlDecimal {
  if (bytes.length < 5) throw valueErrors.converting(from.name, 'numeric');
  let magnitude = 0n;
  for (const byte of bytes.subarray(4).toReversed()) magnitude = (magnitude << 8n) | BigInt(byte);
  return { unscaled: bytes[3] === 1 ? magnitude : -magnitude, scale: bytes[1] ?? 0 };
}

/** Days since 1900 with 18 digits of the day's fraction. */
function daysAndFraction(moment: SqlMoment): SqlDecimal {
  const scaled = 10n ** 18n;
  return {
    unscaled: BigInt(moment.days - day1900) * scaled + (moment.ticks * scaled) / ticksPerDay,
    scale: 18,
  };
}
