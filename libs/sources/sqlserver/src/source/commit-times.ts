import { DStreamError } from '@dstream/core';
import { lsnOf, type Lsn } from '../position/log-position.ts';

/** Every zone's distance from UTC is a multiple of this ("Time zones"). */
const zoneStepMinutes = 15;

/**
 * A moment of the server's local clock, read as if it were UTC, in milliseconds since 1970. `minutes` is from the local
 * zone to UTC: the server reads its two clocks one after the other and may count a minute too few, so it is rounded.
 */
export function utcMs(local: Date, minutes: number): number {
  return local.getTime() + Math.round(minutes / zoneStepMinutes) * zoneStepMinutes * 60_000;
}

/** Commit times by start LSN, as the page's first result set brings them. */
export class CommitTimes {
  readonly #times = new Map<Lsn, string>();

  /**
   * @param values start LSN, `tran_end_time` in the server's zone (read as if it were UTC), minutes from it to UTC
   */
  add(values: readonly unknown[]): void {
    const [lsn, local, minutes] = values as [Buffer, Date, number];
    this.#times.set(lsnOf(lsn), new Date(utcMs(local, minutes)).toISOString());
  }

  of(lsn: Lsn): string {
    const time = this.#times.get(lsn);
    if (time === undefined)
      throw new DStreamError('Unexpected', `cdc.lsn_time_mapping has no commit time for 0x${lsn}`);
    return time;
  }
}
