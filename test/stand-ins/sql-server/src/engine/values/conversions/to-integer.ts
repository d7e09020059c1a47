/** Conversion to bit, tinyint, smallint, int and bigint. */
import type { SqlDecimal, SqlMoment, SqlType, SqlValue } from '../../interface/engine-session.ts';
import { valueErrors } from '../../errors/value-errors.ts';
import { day1900, ticksPerDay } from '../basic/calendar.ts';
import { divideRounded, truncatedAt, unscaledAt } from '../basic/decimal.ts';
import { familyOf, integerRange, nameInMessages, plainFamilyOf } from '../basic/type-facts.ts';
import type { Convert } from './convert.ts';

export function toInteger(from: SqlType, to: SqlType): Convert {
  const { least, most } = integerRange(to);
  const box: (value: bigint) => SqlValue = to.name === 'bigint' ? (value) => value : Number;
  const read = wholeNumber(from, to);
  const overflow = overflowOf(from, to);
  if (
    familyOf(from) === 'integer' &&
    integerRange(from).bytes < integerRange(to).bytes &&
    to.name !== 'bigint'
  )
    return (value) => value;
  return (value) => {
    const whole = read(value);
    if (whole < least || whole > most) throw overflow(value);
    return box(whole);
  };
}

/** Exact types are cut off, money is rounded, binary is read from its last bytes. */
function wholeNumber(from: SqlType, to: SqlType): (value: SqlValue) => bigint {
  switch (plainFamilyOf(from)) {
    case 'bit':
      return (value) => (value === true ? 1n : 0n);
    case 'integer':
      return (value) => (typeof value === 'bigint' ? value : BigInt(value as number));
    case 'float':
      return (value) => BigInt(Math.trunc(value as number));
    case 'decimal':
      return (value) => truncatedAt(value as SqlDecimal, 0);
    case 'money':
      return (value) => unscaledAt(value as SqlDecimal, 0);
    case 'character':
      return (value) => integerOfText(value as string, from, to);
    case 'binary':
      return (value) => integerOfBytes(value as Uint8Array, integerRange(to).bytes, to.name !== 'tinyint');
    case 'moment':
      return (value) => daysSince1900(value as SqlMoment);
    default:
      throw valueErrors.conversionNotAllowed(from.name, to.name);
  }
}

function overflowOf(from: SqlType, to: SqlType): (value: SqlValue) => Error {
  const family = familyOf(from);
  const small = to.name === 'tinyint' || to.name === 'smallint';
  if (family === 'character') return (value) => textOverflow(value as string, from, to);
  if (family === 'float' && to.name !== 'bigint')
    return (value) => valueErrors.floatOverflow(to.name, value as number);
  if (family === 'integer' && small)
    return (value) => valueErrors.smallOverflow(to.name, `${value as number}`);
  if (family === 'decimal') return () => valueErrors.overflow(to.name, 'numeric');
  return () => valueErrors.overflow(to.name);
}

const internalNames: Readonly<Record<string, string>> = { tinyint: 'INT1', smallint: 'INT2' };

function textOverflow(value: string, from: SqlType, to: SqlType): Error {
  const internal = internalNames[to.name];
  if (internal !== undefined) return valueErrors.textOverflowSmall(from.name, value, internal);
  return to.name === 'int'
    ? valueErrors.textOverflow(from.name, value, to.name)
    : valueErrors.overflow(to.name, 'expression');
}

/** An empty text is 0. */
function integerOfText(text: string, from: SqlType, to: SqlType): bigint {
  const trimmed = text.trim();
  if (trimmed === '') return 0n;
  if (/^[+-]?\d+$/.test(trimmed)) return BigInt(trimmed.startsWith('+') ? trimmed.slice(1) : trimmed);
  throw to.name === 'bigint'
    ? valueErrors.converting(nameInMessages(from), to.name)
    : valueErrors.syntaxConverting(from.name, text, to.name);
}

/** Big-endian; bytes on the left that do not fit are dropped. */
export function integerOfBytes(bytes: Uint8Array, size: number, signed: boolean): bigint {
  let value = 0n;
  for (const byte of bytes.subarray(Math.max(0, bytes.length - size))) value = (value << 8n) | BigInt(byte);
  return signed ? BigInt.asIntN(size * 8, value) : value;
}

const daysSince1900 = (moment: SqlMoment): bigint =>
  BigInt(moment.days - day1900) + divideRounded(moment.ticks, ticksPerDay);

export function toBit(from: SqlType, to: SqlType): Convert {
  switch (plainFamilyOf(from)) {
    case 'character':
      return (value) => bitOfText(value as string, from);
    case 'decimal':
    case 'money':
      return (value) => (value as SqlDecimal).unscaled !== 0n;
    case 'integer':
    case 'float':
      return (value) => Number(value) !== 0;
    case 'binary':
      return (value) => (value as Uint8Array).some((byte) => byte !== 0);
    case 'moment':
      return (value) => (value as SqlMoment).days !== day1900 || (value as SqlMoment).ticks !== 0n;
    default:
      throw valueErrors.conversionNotAllowed(from.name, to.name);
  }
}

function bitOfText(text: string, from: SqlType): boolean {
  const trimmed = text.trim().toLowerCase();
  if (trimmed === 'true') return true;
  if (trimmed === 'false' || trimmed === '') return false;
  if (/^[+-]?\d+$/.test(trimmed)) return !/^[+-]?0+$/.test(trimmed);
  throw valueErrors.syntaxConverting(from.name, text, 'bit');
}
