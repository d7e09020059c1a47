/** Conversion to the date and time types. */
import type { SqlDecimal, SqlMoment, SqlType, SqlValue } from '../../interface/engine-session.ts';
import { valueErrors } from '../../errors/value-errors.ts';
import { day1900, ticksPerDay } from '../basic/calendar.ts';
import { decimalToNumber } from '../basic/decimal.ts';
import { fitMoment, localOf, normalisedMoment, ticksOfThreeHundredths, withOffset } from '../basic/moment.ts';
import { dateOrderOf, parseMoment, type DateOrder, type ParsedMoment } from '../basic/parse-moment.ts';
import { plainFamilyOf } from '../basic/type-facts.ts';
import type { Convert } from './convert.ts';
import { momentOfBytes } from './moment-bytes.ts';

export function toMoment(from: SqlType, to: SqlType, style?: number): Convert {
  switch (plainFamilyOf(from)) {
    case 'moment':
      return betweenMoments(from, to);
    case 'character':
      return fromText(from, to, dateOrderOf(style));
    case 'integer':
    case 'float':
    case 'bit':
      return (value) => fitMoment(momentOfDays(Number(value)), to, from.name);
    case 'decimal':
    case 'money':
      return (value) => fitMoment(momentOfDays(decimalToNumber(value as SqlDecimal)), to, from.name);
    case 'binary':
      return (value) => fitMoment(momentOfBytes(value as Uint8Array, to, from), to, from.name);
    default:
      throw valueErrors.conversionNotAllowed(from.name, to.name);
  }
}

function betweenMoments(from: SqlType, to: SqlType): Convert {
  const local: (value: SqlValue) => SqlMoment =
    from.name === 'time'
      ? (value) => ({ days: day1900, ticks: (value as SqlMoment).ticks })
      : (value) => localOf(value as SqlMoment);
  if (to.name !== 'datetimeoffset') return (value) => fitMoment(local(value), to, from.name);
  if (from.name === 'datetimeoffset') return (value) => fitMoment(value as SqlMoment, to, from.name);
  return (value) => fitMoment(withOffset(local(value), 0), to, from.name);
}

/** datetime and smalldatetime know neither more than three digits of the second nor a zone other than Z. */
function fromText(from: SqlType, to: SqlType, order: DateOrder): Convert {
  const old = to.name === 'datetime' || to.name === 'smalldatetime';
  return (value) => {
    const parsed = parseMoment(value as string, order);
    if (parsed === 'range' && old) throw valueErrors.dateOutOfRange(from.name, to.name);
    if (typeof parsed === 'string') throw syntaxError(to);
    if (old && (parsed.fractionDigits > 3 || (parsed.offsetMinutes ?? 0) !== 0)) throw syntaxError(to);
    return fitMoment(readAs(parsed, to), to, from.name);
  };
}

const readAs = (parsed: ParsedMoment, to: SqlType): SqlMoment =>
  to.name === 'datetimeoffset'
    ? withOffset(parsed, parsed.offsetMinutes ?? 0)
    : { days: parsed.days, ticks: parsed.ticks };

const syntaxError = (to: SqlType): Error =>
  to.name === 'smalldatetime' ? valueErrors.smalldatetimeSyntax() : valueErrors.dateSyntax();

/** Days since 1900-01-01, with their fraction, to the nearest 1/300 s. */
export function momentOfDays(days: number): SqlMoment {
  const whole = Math.floor(days);
  const units = BigInt(Math.round((days - whole) * 86_400 * 300));
  return normalisedMoment(day1900 + whole, ticksOfThreeHundredths(units) % (ticksPerDay + 1n));
}
