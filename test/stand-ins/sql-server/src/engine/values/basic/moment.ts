/** Moments of the date and time types: rounding to each type's grain, zones, seconds. */
import type { SqlMoment, SqlType } from '../../interface/engine-session.ts';
import { valueErrors } from '../../errors/value-errors.ts';
import { day1753, day1900, day2079, lastDay, ticksPerDay, ticksPerMinute } from './calendar.ts';
import { divideRounded, powerOfTen } from './decimal.ts';
import { secondScale, plainNameOf } from './type-facts.ts';

/** Carries ticks beyond a day into the days. */
export function normalisedMoment(days: number, ticks: bigint, offsetMinutes?: number): SqlMoment {
  let carry = ticks / ticksPerDay;
  if (ticks < carry * ticksPerDay) carry--;
  const moment = { days: days + Number(carry), ticks: ticks - carry * ticksPerDay };
  return offsetMinutes === undefined ? moment : { ...moment, offsetMinutes };
}

/** What the clock on the wall of a datetimeoffset shows; other moments as they are. */
export function localOf(moment: SqlMoment): SqlMoment {
  if (moment.offsetMinutes === undefined) return moment;
  return normalisedMoment(moment.days, moment.ticks + BigInt(moment.offsetMinutes) * ticksPerMinute);
}

/** A local moment with its offset, as datetimeoffset keeps it (UTC). */
export const withOffset = (local: SqlMoment, offsetMinutes: number): SqlMoment =>
  normalisedMoment(local.days, local.ticks - BigInt(offsetMinutes) * ticksPerMinute, offsetMinutes);

export function roundTicks(ticks: bigint, scale: number): bigint {
  if (scale >= 7) return ticks;
  const grain = powerOfTen(7 - scale);
  return divideRounded(ticks, grain) * grain;
}

/** Units of 1/300 s, the grain of datetime ("datetime": .000, .003 or .007). */
export const threeHundredths = (ticks: bigint): bigint => divideRounded(ticks * 3n, 100_000n);

/** The tick that stands for a number of 1/300 s. */
export const ticksOfThreeHundredths = (units: bigint): bigint => divideRounded(units * 100_000n, 3n);

/**
 * Brings a local moment into the grain and range of a type. `from` is named in error 242. For datetimeoffset the
 * moment is UTC with its offset.
 */
export function fitMoment(moment: SqlMoment, type: SqlType, from: string): SqlMoment {
  switch (plainNameOf(type)) {
    case 'date':
      return { days: inRange(moment.days, 0, lastDay, from, type), ticks: 0n };
    case 'time':
      return { days: 0, ticks: roundTicks(moment.ticks, secondScale(type)) % ticksPerDay };
    case 'datetime': {
      const rounded = normalisedMoment(moment.days, ticksOfThreeHundredths(threeHundredths(moment.ticks)));
      inRange(rounded.days, day1753, lastDay, from, type);
      return rounded;
    }
    case 'smalldatetime': {
      const rounded = normalisedMoment(moment.days, wholeMinute(moment.ticks));
      inRange(rounded.days, day1900, day2079, from, type);
      return rounded;
    }
    default: {
      const ticks = roundTicks(moment.ticks, secondScale(type));
      const rounded = normalisedMoment(moment.days, ticks, moment.offsetMinutes);
      // Rounding the last instant of year 9999 up has nowhere to go: it is cut off.
      if (rounded.days > lastDay && moment.days === lastDay) return cutOff(moment, secondScale(type));
      inRange(rounded.days, 0, lastDay, from, type);
      return rounded;
    }
  }
}

function inRange(days: number, least: number, most: number, from: string, type: SqlType): number {
  if (days < least || days > most) throw valueErrors.dateOutOfRange(from, type.name);
  return days;
}

/** Up from 29.999 s, as the documentation of smalldatetime says. */
const wholeMinute = (ticks: bigint): bigint =>
  ((ticksOfThreeHundredths(threeHundredths(ticks)) + 300_020_000n) / ticksPerMinute) * ticksPerMinute;

const cutOff = (moment: SqlMoment, scale: number): SqlMoment => ({
  ...moment,
  ticks: (moment.ticks / powerOfTen(7 - scale)) * powerOfTen(7 - scale),
});

export interface ClockReading {
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** 100 ns within the second. */
  readonly fraction: number;
}

export function clockOf(ticks: bigint): ClockReading {
  const all = Number(ticks);
  const fraction = all % 10_000_000;
  const seconds = (all - fraction) / 10_000_000;
  return {
    hour: Math.floor(seconds / 3600),
    minute: Math.floor(seconds / 60) % 60,
    second: seconds % 60,
    fraction,
  };
}

export const ticksOfClock = (hour: number, minute: number, second: number, fraction: number): bigint =>
  BigInt(((hour * 60 + minute) * 60 + second) * 10_000_000 + fraction);
