/** DATEADD and DATEDIFF ("DATEADD", "DATEDIFF"). */
import type { SqlMoment, SqlType } from '../../interface/engine-session.ts';
import { valueErrors } from '../../errors/value-errors.ts';
import {
  dayAt,
  daysInMonth,
  daysOf,
  lastDay,
  ticksPerDay,
  ticksPerMinute,
  ticksPerSecond,
} from '../basic/calendar.ts';
import { fitMoment, localOf, normalisedMoment, withOffset } from '../basic/moment.ts';
import type { DatePart } from './date-part.ts';

const dayUnits: Readonly<Partial<Record<DatePart, number>>> = { day: 1, dayofyear: 1, weekday: 1, week: 7 };
const monthUnits: Readonly<Partial<Record<DatePart, number>>> = { year: 12, quarter: 3, month: 1 };
/** In 100 ns; nanoseconds are finer and are rounded. */
const tickUnits: Readonly<Partial<Record<DatePart, bigint>>> = {
  hour: ticksPerMinute * 60n,
  minute: ticksPerMinute,
  second: ticksPerSecond,
  millisecond: 10_000n,
  microsecond: 10n,
};

/** Error 9810 for a part that the type has not, 517 when the result leaves the range of the type. */
export function addToMoment(part: DatePart, count: number, moment: SqlMoment, type: SqlType): SqlMoment {
  const local = localOf(moment);
  const moved = type.name === 'time' ? wrapped(move(part, count, local)) : move(part, count, local);
  if (moved === undefined || moved.days < 0 || moved.days > lastDay)
    throw valueErrors.dateOverflow(type.name);
  const placed = moment.offsetMinutes === undefined ? moved : withOffset(moved, moment.offsetMinutes);
  try {
    return fitMoment(placed, type, type.name);
  } catch {
    throw valueErrors.dateOverflow(type.name);
  }
}

const wrapped = (moment: SqlMoment | undefined): SqlMoment | undefined => moment && { ...moment, days: 0 };

function move(part: DatePart, count: number, { days, ticks }: SqlMoment): SqlMoment | undefined {
  const months = monthUnits[part];
  if (months !== undefined) return addMonths(days, ticks, count * months);
  const dayUnit = dayUnits[part];
  if (dayUnit !== undefined) return { days: days + count * dayUnit, ticks };
  const unit = tickUnits[part];
  const added = unit === undefined ? BigInt(Math.round(count / 100)) : BigInt(count) * unit;
  return normalisedMoment(days, ticks + added);
}

/** The last day of a shorter month stands for those it lacks. */
function addMonths(days: number, ticks: bigint, count: number): SqlMoment | undefined {
  const { year, month, day } = dayAt(days);
  const index = year * 12 + month - 1 + count;
  const [toYear, toMonth] = [Math.floor(index / 12), (((index % 12) + 12) % 12) + 1];
  const moved = daysOf(toYear, toMonth, Math.min(day, daysInMonth(toYear, toMonth)));
  return moved === undefined ? undefined : { days: moved, ticks };
}

/** Boundaries of the part between the two, both in UTC when they have an offset. */
export function boundariesBetween(part: DatePart, start: SqlMoment, end: SqlMoment): bigint {
  return boundary(part, end) - boundary(part, start);
}

/** The number of the last boundary at or before the moment. */
function boundary(part: DatePart, { days, ticks }: SqlMoment): bigint {
  const months = monthUnits[part];
  if (months !== undefined) {
    const { year, month } = dayAt(days);
    return BigInt(Math.floor((year * 12 + month - 1) / months));
  }
  // A week begins on Sunday, whatever DATEFIRST says; 0001-01-01 was a Monday.
  if (part === 'week') return BigInt(Math.floor((days + 1) / 7));
  if (dayUnits[part] !== undefined) return BigInt(days);
  const all = BigInt(days) * ticksPerDay + ticks;
  const unit = tickUnits[part];
  return unit === undefined ? all * 100n : all / unit;
}
