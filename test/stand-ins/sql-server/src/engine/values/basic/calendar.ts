/**
 * The proleptic Gregorian calendar in days since 0001-01-01, as SQL Server's date types count, by arithmetic alone
 * (JavaScript's Date knows neither 100 ns nor years below 100 without traps).
 */

export const ticksPerSecond = 10_000_000n;
export const ticksPerMinute = 600_000_000n;
export const ticksPerDay = 864_000_000_000n;

/** 9999-12-31. */
export const lastDay = 3_652_058;
/** 1753-01-01, the first day of datetime. */
export const day1753 = 639_905;
/** 1900-01-01, day zero of datetime and smalldatetime. */
export const day1900 = 693_595;
/** 1970-01-01. */
export const day1970 = 719_162;
/** 2079-06-06, the last day of smalldatetime. */
export const day2079 = 759_130;

export interface CalendarDay {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
}

const isLeapYear = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;

const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/** 0 for a month that does not exist. */
export function daysInMonth(year: number, month: number): number {
  return month === 2 && isLeapYear(year) ? 29 : (monthDays[month - 1] ?? 0);
}

/** Days of the years before `year`, which starts at 1. */
const daysBeforeYear = (year: number): number => {
  const y = year - 1;
  return y * 365 + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400);
};

/** Undefined when that day does not exist in the years 1 to 9999. */
export function daysOf(year: number, month: number, day: number): number | undefined {
  if (year < 1 || year > 9999 || day < 1 || day > daysInMonth(year, month)) return undefined;
  return daysBeforeYear(year) + dayOfYear(year, month, day) - 1;
}

/** 1 to 366. */
export function dayOfYear(year: number, month: number, day: number): number {
  let days = day;
  for (let m = 1; m < month; m++) days += daysInMonth(year, m);
  return days;
}

/**
 * The day of the calendar, by the method of counting from March in eras of 400 years, so that the leap day is the
 * last of its year.
 */
export function dayAt(days: number): CalendarDay {
  const z = days + 306;
  const era = Math.floor(z / 146_097);
  const inEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (inEra - Math.floor(inEra / 1460) + Math.floor(inEra / 36_524) - Math.floor(inEra / 146_096)) / 365,
  );
  const inYear = inEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * inYear + 2) / 153);
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: inYear - Math.floor((153 * shifted + 2) / 5) + 1,
  };
}

/** 0 is Sunday; 0001-01-01 was a Monday. */
export const dayOfWeek = (days: number): number => (days + 1) % 7;
