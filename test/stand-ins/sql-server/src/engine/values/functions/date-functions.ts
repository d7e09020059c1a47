/** Date and time functions ("Date and time data types and functions"). The server's zone is UTC. */
import type { SqlMoment, SqlType, SqlValue } from '../../interface/engine-session.ts';
import { valueErrors } from '../../errors/value-errors.ts';
import { dayAt, daysInMonth, daysOf } from '../basic/calendar.ts';
import { convertValue } from '../conversions/convert-value.ts';
import { monthNames, offsetText } from '../basic/moment-text.ts';
import { fitMoment, localOf, ticksOfClock, withOffset } from '../basic/moment.ts';
import { offsetMinutesOf } from '../basic/parse-moment.ts';
import { familyOf, isCharacter } from '../basic/type-facts.ts';
import { bigintType, intType, lenient, strict, type Arguments } from './arguments.ts';
import { addToMoment, boundariesBetween } from './date-arithmetic.ts';
import { datePartOf, isClockPart, readDatePart, type DatePart } from './date-part.ts';
import type { ScalarFunction } from './scalar-function.ts';

const datetime: SqlType = { name: 'datetime' };
const datetime2: SqlType = { name: 'datetime2', scale: 7 };
const datetimeoffset: SqlType = { name: 'datetimeoffset', scale: 7 };
const date: SqlType = { name: 'date' };

/** Numbers count as datetime; text as `text`. */
const momentType = (type: SqlType | undefined, text: SqlType): SqlType => {
  if (type === undefined || isCharacter(type)) return text;
  return familyOf(type) === 'moment' ? type : datetime;
};

function partFor(args: Arguments, type: SqlType, name: string): DatePart {
  const part = datePartOf(args.text(0), name);
  const missing = type.name === 'date' ? isClockPart(part) : type.name === 'time' && !isClockPart(part);
  if (missing) throw valueErrors.datePartNotSupported(args.text(0).toLowerCase(), name, type.name);
  return part;
}

const dateadd = strict(
  3,
  3,
  ([, , moment]) => momentType(moment, datetime),
  (args) => {
    const type = momentType(args.type(2), datetime);
    const part = partFor(args, type, 'dateadd');
    if (part === 'tzoffset' || part === 'iso_week') throw valueErrors.datePartOutOfRange(part, 'dateadd');
    return addToMoment(part, args.int(1), args.moment(2, type), type);
  },
);

/** Text is read as datetimeoffset, so that every form and digit counts. */
function difference(args: Arguments, name: string): bigint {
  const part = datePartOf(args.text(0), name);
  if (part === 'tzoffset' || part === 'iso_week') throw valueErrors.datePartOutOfRange(part, name);
  const [start, end] = [1, 2].map((at) => args.moment(at, momentType(args.type(at), datetimeoffset)));
  return start && end ? boundariesBetween(part === 'weekday' ? 'day' : part, start, end) : 0n;
}

const datediff = strict(3, 3, intType, (args) => {
  const count = difference(args, 'datediff');
  if (count !== BigInt.asIntN(32, count)) throw valueErrors.dateDiffOverflow('datediff');
  return Number(count);
});

const datediffBig = strict(3, 3, bigintType, (args) => {
  const count = difference(args, 'datediff_big');
  if (count !== BigInt.asIntN(64, count)) throw valueErrors.dateDiffOverflow('datediff_big');
  return count;
});

function readPart(args: Arguments, name: string): { part: DatePart; value: number; moment: SqlMoment } {
  const type = momentType(args.type(1), datetimeoffset);
  const part = partFor(args, type, name);
  const moment = args.moment(1, type);
  return { part, value: readDatePart(moment, part), moment };
}

const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;

const datename = strict(2, 2, { name: 'nvarchar', length: 30 }, (args) => {
  const { part, value, moment } = readPart(args, 'datename');
  if (part === 'month') return monthNames[value - 1] ?? null;
  if (part === 'weekday') return weekdays[value - 1] ?? null;
  return part === 'tzoffset' ? offsetText(moment.offsetMinutes ?? 0) : String(value);
});

const calendarPart = (part: DatePart): ScalarFunction =>
  strict(1, 1, intType, (args) =>
    readDatePart(args.moment(0, momentType(args.type(0), datetimeoffset)), part),
  );

const eomonth = lenient(1, 2, date, ([value = null, months], [type = datetime, monthsType = intType]) => {
  if (value === null) return null;
  const start = localOf(convertValue(value, type, momentType(type, datetime)) as SqlMoment);
  const count =
    months === undefined || months === null ? 0 : Number(convertValue(months, monthsType, intType));
  const moved = addToMoment('month', count, { days: start.days, ticks: 0n }, date);
  const { year, month } = dayAt(moved.days);
  return { days: daysOf(year, month, daysInMonth(year, month)) ?? moved.days, ticks: 0n };
});

const ints = (args: Arguments): readonly number[] => args.values.map((_, at) => args.int(at));

const datefromparts = strict(3, 3, date, (args) => {
  const [year = 0, month = 0, day = 0] = ints(args);
  const days = daysOf(year, month, day);
  if (days === undefined) throw valueErrors.datePartsInvalid('date');
  return { days, ticks: 0n };
});

/** Year, month, day, hour, minute, seconds, fraction in units of the precision, precision (a constant). */
const datetime2fromparts = strict(
  8,
  8,
  (_types, literals) => ({ name: 'datetime2', scale: typeof literals[7] === 'number' ? literals[7] : 7 }),
  (args) => {
    const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, fraction = 0, scale = 7] =
      ints(args);
    const days = daysOf(year, month, day);
    const clock = hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second < 60;
    if (days === undefined || !clock || scale < 0 || scale > 7 || fraction < 0 || fraction >= 10 ** scale)
      throw valueErrors.datePartsInvalid('datetime2');
    return { days, ticks: ticksOfClock(hour, minute, second, fraction * 10 ** (7 - scale)) };
  },
);

const zonedType: ScalarFunction['type'] = ([first]) => ({
  name: 'datetimeoffset',
  scale: first?.scale ?? (first?.name === 'datetime' ? 3 : first?.name === 'smalldatetime' ? 0 : 7),
});

/** Minutes, or a text such as `+02:00`. Error 9812 outside ±14 hours. */
function offsetArgument(args: Arguments): number {
  const text = isCharacter(args.type(1)) ? args.text(1).trim() : undefined;
  if (text !== undefined && !/^[+-]\d{2}:\d{2}$/.test(text)) throw valueErrors.offsetInvalid();
  const offset = text === undefined ? args.int(1) : offsetMinutesOf(text);
  if (Math.abs(offset) > 840) throw valueErrors.offsetInvalid();
  return offset;
}

const switchoffset = strict(2, 2, zonedType, (args) => {
  const { days, ticks } = args.moment(0, { ...datetimeoffset, scale: args.type(0).scale ?? 7 });
  return { days, ticks, offsetMinutes: offsetArgument(args) };
});

const todatetimeoffset = strict(2, 2, zonedType, (args) =>
  withOffset(localOf(args.moment(0, momentType(args.type(0), datetime2))), offsetArgument(args)),
);

/** `value AT TIME ZONE zone`, for UTC only: error 9820 for another zone. */
const atTimeZone = strict(2, 2, zonedType, (args) => {
  if (args.text(1).toUpperCase() !== 'UTC') throw valueErrors.timeZoneInvalid(args.text(1));
  const type = momentType(args.type(0), datetime2);
  const moment = args.moment(0, type);
  return type.name === 'datetimeoffset' ? { ...moment, offsetMinutes: 0 } : withOffset(moment, 0);
});

const now = (type: SqlType, offsetMinutes?: number): ScalarFunction =>
  lenient(0, 0, type, (_values, _types, context): SqlValue => {
    const { days, ticks } = context.nowTicks();
    return fitMoment(
      offsetMinutes === undefined ? { days, ticks } : { days, ticks, offsetMinutes },
      type,
      'datetime2',
    );
  });

export const dateFunctions: readonly (readonly [string, ScalarFunction])[] = [
  ['GETDATE', now(datetime)],
  ['CURRENT_TIMESTAMP', now(datetime)],
  ['GETUTCDATE', now(datetime)],
  ['SYSDATETIME', now(datetime2)],
  ['SYSUTCDATETIME', now(datetime2)],
  ['SYSDATETIMEOFFSET', now(datetimeoffset, 0)],
  ['DATEADD', dateadd],
  ['DATEDIFF', datediff],
  ['DATEDIFF_BIG', datediffBig],
  ['DATEPART', strict(2, 2, intType, (args) => readPart(args, 'datepart').value)],
  ['DATENAME', datename],
  ['YEAR', calendarPart('year')],
  ['MONTH', calendarPart('month')],
  ['DAY', calendarPart('day')],
  ['EOMONTH', eomonth],
  ['DATEFROMPARTS', datefromparts],
  ['DATETIME2FROMPARTS', datetime2fromparts],
  ['SWITCHOFFSET', switchoffset],
  ['TODATETIMEOFFSET', todatetimeoffset],
  ['atTimeZone', atTimeZone],
];
