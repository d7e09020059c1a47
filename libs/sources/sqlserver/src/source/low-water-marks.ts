/** How far back each capture instance keeps its history, as the probes say it. */
import { lsnOf, type Lsn } from '../position/log-position.ts';
import { utcMs } from './commit-times.ts';

export interface LowWaterMark {
  readonly lsn: Lsn;
  /** Commit time of the oldest transaction that is kept, UTC; undefined while there is none. */
  readonly atMs: number | undefined;
}

export interface LowWaterMarks {
  /** Of all capture instances that have begun. */
  readonly low: ReadonlyMap<string, LowWaterMark>;
  /**
   * The names of all capture instances that have begun as one text: another text means that the catalogue has changed,
   * or that an instance has come to its first LSN.
   */
  readonly instances: string;
}

/** Result sets of a probe, and from the server's zone to UTC in minutes. */
export interface MarksRead {
  readonly instances: Rows;
  readonly lowTimes: Rows;
  readonly minutes: number;
}

export type Rows = readonly (readonly unknown[])[];

/**
 * Only cleanup moves low-water marks, so as a rule a probe says what the last one said. Then what was made of it is given again: a
 * pass over many tables makes nothing for each of them, and `instances` is the very same text to compare with.
 */
export class RememberedMarks {
  #read: MarksRead = { instances: [], lowTimes: [], minutes: 0 };
  #marks: LowWaterMarks = { low: new Map(), instances: '' };

  of(read: MarksRead): LowWaterMarks {
    if (!isSame(read, this.#read)) this.#marks = marksOf(read);
    this.#read = read;
    return this.#marks;
  }
}

function isSame(a: MarksRead, b: MarksRead): boolean {
  const sameZone = utcMs(epoch, a.minutes) === utcMs(epoch, b.minutes);
  return sameZone && sameRows(a.instances, b.instances) && sameRows(a.lowTimes, b.lowTimes);
}

const epoch = new Date(0);

function sameRows(a: Rows, b: Rows): boolean {
  return a.length === b.length && a.every((row, i) => row.every((value, j) => sameValue(value, b[i]?.[j])));
}

function sameValue(a: unknown, b: unknown): boolean {
  if (Buffer.isBuffer(a)) return Buffer.isBuffer(b) && a.equals(b);
  if (a instanceof Date) return b instanceof Date && a.getTime() === b.getTime();
  return a === b;
}

/** Without the instances whose `start_lsn` is NULL: their low endpoint is not established ("cdc.change_tables"). */
function marksOf({ instances, lowTimes, minutes }: MarksRead): LowWaterMarks {
  const times = new Map(
    lowTimes.flatMap(([bytes, local]): [Lsn, number | undefined][] =>
      Buffer.isBuffer(bytes)
        ? [[lsnOf(bytes), local instanceof Date ? utcMs(local, minutes) : undefined]]
        : [],
    ),
  );
  const low = new Map(
    instances.flatMap(([name, bytes]): [string, LowWaterMark][] => {
      if (!Buffer.isBuffer(bytes)) return [];
      const lsn = lsnOf(bytes);
      return [[String(name), { lsn, atMs: times.get(lsn) }]];
    }),
  );
  return { low, instances: [...low.keys()].sort().join('\n') };
}
