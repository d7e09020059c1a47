/** Wall clock milliseconds as SQL Server's moments. The server's zone is UTC. */
import type { SqlMoment } from '../../interface/engine-session.ts';
import { day1970 } from './calendar.ts';
import { fitMoment } from './moment.ts';

const MS_PER_DAY = 86_400_000;

export function momentOf(ms: number): SqlMoment {
  const days = Math.floor(ms / MS_PER_DAY);
  const rest = ms - days * MS_PER_DAY;
  return { days: day1970 + days, ticks: BigInt(Math.round(rest * 10_000)) };
}

export function msOf({ days, ticks }: SqlMoment): number {
  return (days - day1970) * MS_PER_DAY + Number(ticks) / 10_000;
}

/** Rounded to what datetime holds. */
export const datetimeOf = (ms: number): SqlMoment =>
  fitMoment(momentOf(ms), { name: 'datetime' }, 'datetime2');
