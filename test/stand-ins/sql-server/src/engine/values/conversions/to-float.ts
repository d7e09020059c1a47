/** Conversion to float and real. */
import type { SqlDecimal, SqlMoment, SqlType, SqlValue } from '../../interface/engine-session.ts';
import { valueErrors } from '../../errors/value-errors.ts';
import { day1900, ticksPerDay } from '../basic/calendar.ts';
import { decimalToNumber } from '../basic/decimal.ts';
import { plainFamilyOf } from '../basic/type-facts.ts';
import type { Convert } from './convert.ts';

export function toFloat(from: SqlType, to: SqlType): Convert {
  const read = doubleOf(from, to);
  if (to.name === 'float') return read;
  return (value) => {
    const single = Math.fround(read(value));
    if (!Number.isFinite(single)) throw valueErrors.floatOverflow('real', read(value));
    return single;
  };
}

function doubleOf(from: SqlType, to: SqlType): (value: SqlValue) => number {
  switch (plainFamilyOf(from)) {
    case 'bit':
    case 'integer':
    case 'float':
      return Number;
    case 'decimal':
    case 'money':
      return (value) => decimalToNumber(value as SqlDecimal);
    case 'character':
      return (value) => doubleOfText(value as string, from, to);
    case 'moment':
      return (value) => daysWithFraction(value as SqlMoment);
    default:
      throw valueErrors.conversionNotAllowed(from.name, to.name);
  }
}

/** An empty text is 0. */
function doubleOfText(text: string, from: SqlType, to: SqlType): number {
  const trimmed = text.trim();
  if (trimmed === '') return 0;
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(trimmed))
    throw valueErrors.converting(from.name, to.name);
  const value = Number(trimmed);
  if (!Number.isFinite(value)) throw valueErrors.overflow(to.name, from.name);
  return value;
}

const daysWithFraction = (moment: SqlMoment): number =>
  moment.days - day1900 + Number(moment.ticks) / Number(ticksPerDay);
