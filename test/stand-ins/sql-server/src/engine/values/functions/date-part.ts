/** The date parts of DATEADD, DATEDIFF, DATEPART and DATENAME, by all their names ("DATEPART"). */
import type { SqlMoment } from '../../interface/engine-session.ts';
import { valueErrors } from '../../errors/value-errors.ts';
import { dayAt, dayOfWeek, dayOfYear, daysOf } from '../basic/calendar.ts';
import { clockOf, localOf } from '../basic/moment.ts';

export type DatePart =
  | 'year'
  | 'quarter'
  | 'month'
  | 'dayofyear'
  | 'day'
  | 'week'
  | 'weekday'
  | 'hour'
  | 'minute'
  | 'second'
  | 'millisecond'
  | 'microsecond'
  | 'nanosecond'
  | 'tzoffset'
  | 'iso_week';

const names: Readonly<Record<DatePart, readonly string[]>> = {
  year: ['yy', 'yyyy'],
  quarter: ['qq', 'q'],
  month: ['mm', 'm'],
  dayofyear: ['dy', 'y'],
  day: ['dd', 'd'],
  week: ['wk', 'ww'],
  weekday: ['dw', 'w'],
  hour: ['hh'],
  minute: ['mi', 'n'],
  second: ['ss', 's'],
  millisecond: ['ms'],
  microsecond: ['mcs'],
  nanosecond: ['ns'],
  tzoffset: ['tz'],
  iso_week: ['isowk', 'isoww'],
};

const parts = new Map(
  Object.entries(names).flatMap(([part, short]) => [part, ...short].map((name) => [name, part as DatePart])),
);

/** Error 155 for what is no date part. */
export function datePartOf(name: string, functionName: string): DatePart {
  const part = parts.get(name.toLowerCase());
  if (part === undefined) throw valueErrors.notADatePart(name, functionName);
  return part;
}

/** Parts that a date has none of. */
export const isClockPart = (part: DatePart): boolean =>
  ['hour', 'minute', 'second', 'millisecond', 'microsecond', 'nanosecond'].includes(part);

const clockReaders: Readonly<Partial<Record<DatePart, (ticks: bigint) => number>>> = {
  hour: (ticks) => clockOf(ticks).hour,
  minute: (ticks) => clockOf(ticks).minute,
  second: (ticks) => clockOf(ticks).second,
  millisecond: (ticks) => Math.floor(clockOf(ticks).fraction / 10_000),
  microsecond: (ticks) => Math.floor(clockOf(ticks).fraction / 10),
  nanosecond: (ticks) => clockOf(ticks).fraction * 100,
};

/** The part of the local time. Weeks begin on Sunday (DATEFIRST 7, us_english). */
export function readDatePart(moment: SqlMoment, part: DatePart): number {
  const local = localOf(moment);
  const clock = clockReaders[part];
  if (clock) return clock(local.ticks);
  if (part === 'tzoffset') return moment.offsetMinutes ?? 0;
  return readCalendarPart(local.days, part);
}

function readCalendarPart(days: number, part: string): number {
  const { year, month, day } = dayAt(days);
  switch (part) {
    case 'year':
      return year;
    case 'quarter':
      return Math.ceil(month / 3);
    case 'month':
      return month;
    case 'dayofyear':
      return dayOfYear(year, month, day);
    case 'week':
      return weekOf(days, year);
    case 'weekday':
      return dayOfWeek(days) + 1;
    case 'iso_week':
      return isoWeekOf(days);
    default:
      return day;
  }
}

function weekOf(days: number, year: number): number {
  const first = daysOf(year, 1, 1) ?? 0;
  return Math.floor((days - first + dayOfWeek(first)) / 7) + 1;
}

/** ISO 8601: the week of a day is that of its Thursday. */
function isoWeekOf(days: number): number {
  const thursday = days - ((dayOfWeek(days) + 6) % 7) + 3;
  const first = daysOf(dayAt(thursday).year, 1, 1) ?? 0;
  return Math.floor((thursday - first) / 7) + 1;
}
