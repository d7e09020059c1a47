/** Dates and times as text, by the styles of CONVERT ("CAST and CONVERT", date and time styles). */
import type { SqlMoment, SqlType } from '../../interface/engine-session.ts';
import { valueErrors } from '../../errors/value-errors.ts';
import { dayAt, type CalendarDay } from './calendar.ts';
import { clockOf, localOf, type ClockReading } from './moment.ts';
import { secondScale } from './type-facts.ts';

export const monthNames = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;

type MomentText = (moment: SqlMoment) => string;
type DatePart = (day: CalendarDay) => string;
type TimePart = (clock: ClockReading) => string;

interface MomentStyle {
  readonly date?: DatePart;
  readonly time?: (type: SqlType) => TimePart;
  readonly between?: string;
}

const two = (value: number): string => (value < 10 ? `0${value}` : String(value));
const blank = (value: number): string => (value < 10 ? ` ${value}` : String(value));
const four = (value: number): string => String(value).padStart(4, '0');
const shortYear = (year: number): string => two(year % 100);
const monthShort = (month: number): string => (monthNames[month - 1] ?? '').slice(0, 3);

/** Every form has a short year under its number and a long one 100 higher. */
const datePair = (
  style: number,
  form: (year: string, month: string, day: string, d: CalendarDay) => string,
): [number, DatePart][] => [
  [style, (d) => form(shortYear(d.year), two(d.month), two(d.day), d)],
  [style + 100, (d) => form(four(d.year), two(d.month), two(d.day), d)],
];

const isoDate: DatePart = (d) => `${four(d.year)}-${two(d.month)}-${two(d.day)}`;
const monthFirst: DatePart = (d) => `${monthShort(d.month)} ${blank(d.day)} ${four(d.year)}`;
const dayFirst: DatePart = (d) => `${two(d.day)} ${monthShort(d.month)} ${four(d.year)}`;

/** Digits of the second: three for datetime, those of its scale for the newer types. */
const fractionDigits = (type: SqlType): number =>
  type.name === 'datetime' || type.name === 'smalldatetime' ? 3 : secondScale(type);

function fractionOf(type: SqlType, point: string): (fraction: number) => string {
  const digits = fractionDigits(type);
  if (digits === 0) return () => '';
  if (digits === 3) return (fraction) => point + String(Math.round(fraction / 10_000)).padStart(3, '0');
  return (fraction) => point + String(fraction).padStart(7, '0').slice(0, digits);
}

const seconds: TimePart = (c) => `${two(c.hour)}:${two(c.minute)}:${two(c.second)}`;

const withFraction =
  (point: string, whenZero: boolean) =>
  (type: SqlType): TimePart => {
    const fraction = fractionOf(
      type,
      type.name === 'datetime' || type.name === 'smalldatetime' ? point : '.',
    );
    return (c) => seconds(c) + (c.fraction === 0 && !whenZero ? '' : fraction(c.fraction));
  };

const hour12 = (hour: number): string => blank(hour % 12 === 0 ? 12 : hour % 12);
const half = (hour: number): string => (hour < 12 ? 'AM' : 'PM');

const shortClock = (): TimePart => (c) => `${hour12(c.hour)}:${two(c.minute)}${half(c.hour)}`;
const longClock = (type: SqlType): TimePart => {
  const fraction = fractionOf(type, type.name === 'datetime' || type.name === 'smalldatetime' ? ':' : '.');
  return (c) => `${hour12(c.hour)}:${two(c.minute)}:${two(c.second)}${fraction(c.fraction)}${half(c.hour)}`;
};

const dateOnly: readonly [number, DatePart][] = [
  ...datePair(1, (y, m, d) => `${m}/${d}/${y}`),
  ...datePair(2, (y, m, d) => `${y}.${m}.${d}`),
  ...datePair(3, (y, m, d) => `${d}/${m}/${y}`),
  ...datePair(4, (y, m, d) => `${d}.${m}.${y}`),
  ...datePair(5, (y, m, d) => `${d}-${m}-${y}`),
  ...datePair(6, (y, _m, d, day) => `${d} ${monthShort(day.month)} ${y}`),
  ...datePair(7, (y, _m, d, day) => `${monthShort(day.month)} ${d}, ${y}`),
  ...datePair(10, (y, m, d) => `${m}-${d}-${y}`),
  ...datePair(11, (y, m, d) => `${y}/${m}/${d}`),
  ...datePair(12, (y, m, d) => `${y}${m}${d}`),
  [23, isoDate],
];

const canonical: MomentStyle = { date: isoDate, time: () => seconds };
const canonicalFraction: MomentStyle = { date: isoDate, time: withFraction('.', true) };
const wholeClock: MomentStyle = { time: () => seconds };
const iso: MomentStyle = { date: isoDate, time: withFraction('.', false), between: 'T' };

const styles = new Map<number, MomentStyle>([
  ...dateOnly.map(([style, date]): [number, MomentStyle] => [style, { date }]),
  [0, { date: monthFirst, time: shortClock }],
  [100, { date: monthFirst, time: shortClock }],
  [8, wholeClock],
  [24, wholeClock],
  [108, wholeClock],
  [9, { date: monthFirst, time: longClock }],
  [109, { date: monthFirst, time: longClock }],
  [13, { date: dayFirst, time: withFraction(':', true) }],
  [113, { date: dayFirst, time: withFraction(':', true) }],
  [14, { time: withFraction(':', true) }],
  [114, { time: withFraction(':', true) }],
  [20, canonical],
  [120, canonical],
  [21, canonicalFraction],
  [25, canonicalFraction],
  [121, canonicalFraction],
  [
    22,
    {
      date: (d) => `${two(d.month)}/${two(d.day)}/${shortYear(d.year)}`,
      time: () => (c) => `${hour12(c.hour)}:${two(c.minute)}:${two(c.second)} ${half(c.hour)}`,
    },
  ],
  [126, iso],
  [127, iso],
]);

/** Without a style datetime and smalldatetime take 0, the newer types 121. */
const defaultStyle = (type: SqlType): number =>
  type.name === 'datetime' || type.name === 'smalldatetime' ? 0 : 121;

/**
 * Picks the function once. Error 281 for a style that does not exist, that the type has no part of (a date style
 * for a time), or that is not built: 130 and 131, the Hijri calendar.
 */
export function momentText(type: SqlType, style = defaultStyle(type)): MomentText {
  const form = styles.get(style);
  if (form === undefined || (type.name === 'time' && form.time === undefined))
    throw valueErrors.styleInvalid(style, type.name);
  if (type.name === 'date' && form.date !== undefined) {
    const { date } = form;
    return (moment) => date(dayAt(moment.days));
  }
  return zoned(type, style, both(type, form));
}

function both(type: SqlType, form: MomentStyle): MomentText {
  const time = form.time?.(type);
  const date = type.name === 'time' ? undefined : form.date;
  const between = form.between ?? ' ';
  if (time === undefined) return (m) => date?.(dayAt(m.days)) ?? '';
  if (date === undefined) return (m) => time(clockOf(m.ticks));
  return (m) => date(dayAt(m.days)) + between + time(clockOf(m.ticks));
}

/** Style 127 says everything in UTC; the others show the local time and, where there is a time, its offset. */
function zoned(type: SqlType, style: number, local: MomentText): MomentText {
  if (type.name !== 'datetimeoffset') return local;
  if (style === 127) return (moment) => `${local({ days: moment.days, ticks: moment.ticks })}Z`;
  if (styles.get(style)?.time === undefined) return (moment) => local(localOf(moment));
  const gap = style === 126 ? '' : ' ';
  return (moment) => local(localOf(moment)) + gap + offsetText(moment.offsetMinutes ?? 0);
}

export function offsetText(offsetMinutes: number): string {
  const size = Math.abs(offsetMinutes);
  return `${offsetMinutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}
