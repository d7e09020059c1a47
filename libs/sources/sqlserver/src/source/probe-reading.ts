/** What a probe's result sets say. */
import { DStreamError } from '@dstream/core';
import { lsnOf, type Lsn } from '../position/log-position.ts';
import { probeResults, type ProbedTable } from '../sql/probe-statement.ts';
import { utcMs } from './commit-times.ts';
import type { LowWaterMarks, RememberedMarks, Rows } from './low-water-marks.ts';

/** For metrics: nothing is decided by them. */
export interface ProbeTimes {
  /** Commit time of the max LSN, UTC, milliseconds since 1970. */
  readonly maxAtMs: number | undefined;
  /** The server's now minus that. */
  readonly captureLagMs: number | undefined;
}

/** An entry of the log's times. */
export interface Mark {
  readonly lsn: Lsn;
  /** In the server's zone, as if it were UTC: to be compared with what the server says later, and with nothing else. */
  readonly at: number;
}

export interface ProbeReading extends LowWaterMarks {
  /** `sys.fn_cdc_get_max_lsn()`, asked first; undefined while capture has not run yet. */
  readonly max: Lsn | undefined;
  readonly times: ProbeTimes;
  /** The entry of the max LSN, to be asked for by the next probe. */
  readonly mark: Mark | undefined;
  /** Time of the entry that this probe asked for; undefined when there is none. */
  readonly markedAt: number | undefined;
  /** Capture instances whose change table holds anything after the table's position. */
  readonly moved: ReadonlySet<string | undefined>;
}

/** @param marks remembers what the last probe said; the low-water marks are what is asked last */
export function readProbe(
  sets: readonly Rows[],
  covered: readonly ProbedTable[],
  marks: RememberedMarks,
): ProbeReading {
  const [max, at, now, minutes, marked] = sets[probeResults.max]?.[0] ?? [];
  const toUtc = (local: unknown) => (local instanceof Date ? utcMs(local, Number(minutes)) : undefined);
  const [instances, lowTimes] = [sets[probeResults.instances] ?? [], sets[probeResults.lowTimes] ?? []];
  return {
    max: Buffer.isBuffer(max) ? lsnOf(max) : undefined,
    mark: markOf(max, at),
    markedAt: marked instanceof Date ? marked.getTime() : undefined,
    times: timesOf(toUtc(at), toUtc(now)),
    moved: movedOf(sets[probeResults.moved]?.[0]?.[0], covered),
    ...marks.of({ instances, lowTimes, minutes: Number(minutes) }),
  };
}

function markOf(max: unknown, at: unknown): Mark | undefined {
  return Buffer.isBuffer(max) && at instanceof Date ? { lsn: lsnOf(max), at: at.getTime() } : undefined;
}

function movedOf(numbers: unknown, covered: readonly ProbedTable[]): ReadonlySet<string | undefined> {
  if (typeof numbers !== 'string')
    throw new DStreamError('Unexpected', 'a probe did not say which tables have moved');
  const moved = numbers.split(',').filter((number) => number !== '');
  return new Set(moved.map((number) => covered[Number(number)]?.captureInstance));
}

/** `tran_end_time` is rounded to three milliseconds ("datetime"), so the newest may lie after the server's now. */
function timesOf(maxAtMs: number | undefined, nowMs: number | undefined): ProbeTimes {
  const known = maxAtMs !== undefined && nowMs !== undefined;
  return { maxAtMs, captureLagMs: known ? Math.max(0, nowMs - maxAtMs) : undefined };
}
