/**
 * Text read as a date and time ("Date and time data types": ISO 8601, ODBC, alphabetical, numeric and unseparated
 * forms; the language is us_english, the century cut-off 2049).
 */
import { day1900, daysOf } from './calendar.ts';
import { ticksOfClock } from './moment.ts';

export interface ParsedMoment {
  readonly days: number;
  readonly ticks: bigint;
  /** Present when the text names a zone. */
  readonly offsetMinutes?: number;
  readonly hasDate: boolean;
  readonly fractionDigits: number;
}

/** `syntax`: not a date (error 241); `range`: well-formed, but that day or time does not exist (242 or 241). */
export type ParseFailure = 'syntax' | 'range';

export type DateOrder = 'mdy' | 'dmy' | 'ymd';

const dayFirstStyles: ReadonlySet<number> = new Set([3, 4, 5, 6, 13, 103, 104, 105, 106, 113]);
const yearFirstStyles: ReadonlySet<number> = new Set([2, 11, 102, 111]);

/** The order in which a numeric date is read under a style. */
export const dateOrderOf = (style: number | undefined): DateOrder =>
  style === undefined
    ? 'mdy'
    : dayFirstStyles.has(style)
      ? 'dmy'
      : yearFirstStyles.has(style)
        ? 'ymd'
        : 'mdy';

const timePattern =
  /(?:^|[\sT])(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:([.:])(\d{1,9}))?)?)?\s*([AaPp][Mm])?\s*(Z|z|[+-]\d{1,2}:\d{2})?$/;

const odbcPattern = /^\{\s*(?:ts|d|t)\s*'([^']*)'\s*\}$/;

export function parseMoment(text: string, order: DateOrder): ParsedMoment | ParseFailure {
  const trimmed = (odbcPattern.exec(text.trim())?.[1] ?? text).trim();
  if (trimmed === '') return { days: day1900, ticks: 0n, hasDate: true, fractionDigits: 0 };
  const match = timePattern.exec(trimmed);
  // Digits alone are a time only with a colon or with AM/PM: `20200101` and `2020` are dates.
  const isTime = match !== null && (match[2] !== undefined || match[6] !== undefined);
  const dateText = isTime ? trimmed.slice(0, match.index) : trimmed;
  const time = isTime ? readTime(match) : noTime;
  if (time === 'syntax' || time === 'range') return time;
  if (dateText.trim() === '') return { ...time, days: day1900, hasDate: false };
  const days = parseDate(dateText.trim().replace(/\s+/g, ' '), order);
  if (days === 'syntax' || days === 'range') return days;
  return { ...time, days, hasDate: true };
}

type ParsedTime = Omit<ParsedMoment, 'days' | 'hasDate'>;

const noTime: ParsedTime = { ticks: 0n, fractionDigits: 0 };

function readTime(match: RegExpExecArray): ParsedTime | ParseFailure {
  const hour = hourOf(Number(match[1]), match[6]?.toLowerCase());
  const minute = Number(match[2] ?? 0);
  const second = Number(match[3] ?? 0);
  const digits = match[5] ?? '';
  if (hour === undefined || hour > 23 || minute > 59 || second > 59) return 'range';
  if (digits.length > 7 || (match[4] === ':' && digits.length > 3)) return 'syntax';
  // After a colon the digits are milliseconds, after a point a fraction.
  const fraction = match[4] === ':' ? Number(digits) * 10_000 : Number(digits.padEnd(7, '0'));
  const time = { ticks: ticksOfClock(hour, minute, second, fraction), fractionDigits: digits.length };
  const offset = match[7] === undefined ? undefined : offsetMinutesOf(match[7]);
  if (offset === undefined) return time;
  return Math.abs(offset) > 840 ? 'range' : { ...time, offsetMinutes: offset };
}

function hourOf(hour: number, half: string | undefined): number | undefined {
  if (half === undefined) return hour;
  if (hour > 12) return half === 'pm' && hour < 24 ? hour : undefined;
  if (half === 'am') return hour === 12 ? 0 : hour;
  return hour === 12 ? 12 : hour + 12;
}

/** Minutes east of Greenwich of `Z` or `+hh:mm`. */
export function offsetMinutesOf(text: string): number {
  if (text.toLowerCase() === 'z') return 0;
  const [hours = '0', minutes = '0'] = text.slice(1).split(':');
  const size = Number(hours) * 60 + Number(minutes);
  return text.startsWith('-') ? -size : size;
}

function parseDate(text: string, order: DateOrder): number | ParseFailure {
  return isoDate(text) ?? unseparated(text) ?? numeric(text, order) ?? alphabetical(text) ?? 'syntax';
}

const day = (year: number, month: number, date: number): number | ParseFailure =>
  daysOf(year, month, date) ?? 'range';

function isoDate(text: string): number | ParseFailure | undefined {
  const match = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(text);
  return match ? day(Number(match[1]), Number(match[2]), Number(match[3])) : undefined;
}

function unseparated(text: string): number | ParseFailure | undefined {
  if (/^\d{8}$/.test(text))
    return day(Number(text.slice(0, 4)), Number(text.slice(4, 6)), Number(text.slice(6)));
  if (/^\d{6}$/.test(text))
    return day(fullYear(text.slice(0, 2)), Number(text.slice(2, 4)), Number(text.slice(4)));
  if (/^\d{4}$/.test(text)) return day(Number(text), 1, 1);
  return undefined;
}

/** Two digits mean 1950 to 2049, the server's default cut-off. */
function fullYear(text: string): number {
  const year = Number(text);
  if (text.length > 2) return year;
  return year < 50 ? 2000 + year : 1900 + year;
}

function numeric(text: string, order: DateOrder): number | ParseFailure | undefined {
  const match = /^(\d{1,4})([/.-])\s?(\d{1,4})\2\s?(\d{1,4})$/.exec(text);
  if (!match) return undefined;
  const [a, b, c] = [match[1] ?? '', match[3] ?? '', match[4] ?? ''];
  if (a.length > 2) return b.length > 2 || c.length > 2 ? 'syntax' : day(Number(a), Number(b), Number(c));
  if (b.length > 2) return 'syntax';
  if (c.length === 3) return 'syntax';
  if (c.length <= 2 && order === 'ymd') return day(fullYear(a), Number(b), Number(c));
  return order === 'dmy' ? day(fullYear(c), Number(b), Number(a)) : day(fullYear(c), Number(a), Number(b));
}

const monthAt = new Map(
  ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'].map((name, i) => [
    name,
    i + 1,
  ]),
);

const longMonths: ReadonlySet<string> = new Set([
  'january',
  'february',
  'march',
  'april',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
]);

function monthNumber(word: string): number | undefined {
  const lower = word.toLowerCase();
  return lower.length === 3 || longMonths.has(lower) ? monthAt.get(lower.slice(0, 3)) : undefined;
}

/** `Nov 6, 2020`, `6 Nov 2020`, `2020 Nov 6`, `Nov 2020`, `6-Nov-20`: the month's name may stand anywhere. */
function alphabetical(text: string): number | ParseFailure | undefined {
  const parts = text.match(/[A-Za-z]+|\d+/g) ?? [];
  if (!/^[A-Za-z\d\s,./-]+$/.test(text)) return undefined;
  const place = parts.findIndex((part) => /^[A-Za-z]/.test(part));
  const month = monthNumber(parts[place] ?? '');
  const numbers = parts.filter((_, i) => i !== place);
  if (month === undefined || numbers.some((part) => !/^\d/.test(part))) return undefined;
  const [first = '', second] = numbers;
  if (numbers.length > 2 || numbers.length === 0) return undefined;
  if (second === undefined) return first.length === 4 ? day(Number(first), month, 1) : 'syntax';
  if (first.length > 2) return day(Number(first), month, Number(second));
  return second.length === 3 ? 'syntax' : day(fullYear(second), month, Number(first));
}
