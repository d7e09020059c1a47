/** The probe: which tables have new changes, how far capture has come, and how far back history is kept (README, "How a table is read"). */
import { DStreamError } from '@dstream/core';
import { lsnParameter, lsnsParameter, quoteName, type Statement } from '../client/sql-client.ts';
import { highestLsn, lsnBytes, lsnOf, zeroLsn, type Lsn } from '../position/log-position.ts';
import { minutesToUtc, utcMs } from './commit-times.ts';

/** A table as the statement names it. */
export interface ProbedTable {
  readonly captureInstance: string;
  /** The probe checks for changes after this LSN. Undefined for a table that is not due: its change table is not queried. */
  readonly completeUpTo: Lsn | undefined;
}

/** Milliseconds that a probe waits for a lock. */
const lockTimeoutMs = 5_000;

/**
 * The result sets of a probe, by number. `max`: the LSN, its commit time, the server's now (both in its local
 * zone), minutes from that zone to UTC, the commit time of the entry @seen. `changed`: numbers of tables, each followed by a comma. `instances`: name, low-water mark.
 * `lowTimes`: low-water mark, commit time of the first transaction from there on.
 */
const probeResults = { max: 0, changed: 1, instances: 2, lowTimes: 3 } as const;

const mapping = 'FROM [cdc].[lsn_time_mapping] AS m';
const lsnLength = 10;

/**
 * Four result sets, in this order for a reason. The max LSN first: what the tables are asked after it is known, so
 * "nothing new" holds up to it. The low-water marks after the tables: when one has not passed a table's position then, cleanup
 * took nothing that the table's answer should have shown. The text depends on the set of tables alone, and is kept while
 * that stays the same.
 *
 * One small statement a table instead of a union of all: compiling it costs the server as much a table at 1,000 tables as at
 * ten, and one whose change table has grown is compiled anew alone. All positions are one parameter, so there is no number of
 * tables at which parameters run out (2,100). NOLOCK as in CDC's own functions: what lies up to the max LSN was committed by capture
 * and is never changed, what lies above it may be seen too early, and then the page up to the max LSN is empty. So
 * neither capture nor cleanup, which lock whole change tables now and then, keep the probe waiting.
 *
 * The times ride along, for metrics: a seek each in the clustered index of `cdc.lsn_time_mapping`. Cleanup moves all instances
 * to one low-water mark, so there are few of them. That of an instance that was never cleaned up is not in there: hence the
 * first entry from it on.
 *
 * A change table that is being dropped or altered is locked for NOLOCK too: it fails the probe with 1222 after five seconds instead of
 * holding up all tables. The setting is of the connection, so it is undone for the statements after it; a batch continues after a 1222.
 */
export class ProbeStatements {
  #names = '';
  #text = probeText([]);

  /** @param seen the LSN of an entry of `cdc.lsn_time_mapping` that an earlier probe found: in a restored database it has another time, or is gone */
  of(tables: readonly ProbedTable[], seen: Lsn = zeroLsn): Statement {
    const names = tables.map(({ captureInstance }) => captureInstance).join('\n');
    if (names !== this.#names) {
      this.#names = names;
      this.#text = probeText(tables);
    }
    return {
      text: this.#text,
      parameters: [lsnsParameter('at', positionsOf(tables)), lsnParameter('seen', seen)],
    };
  }
}

function positionsOf(tables: readonly ProbedTable[]): Buffer {
  return Buffer.concat(tables.map(({ completeUpTo }) => lsnBytes(completeUpTo ?? highestLsn)));
}

function probeText(tables: readonly ProbedTable[]): string {
  return [
    `SET LOCK_TIMEOUT ${lockTimeoutMs}`,
    'DECLARE @max binary(10) = sys.fn_cdc_get_max_lsn()',
    `SELECT @max AS [max], (SELECT TOP (1) m.[tran_end_time] ${mapping} WHERE m.[start_lsn] = @max) AS [at], GETDATE() AS [now],\n` +
      `  ${minutesToUtc}, (SELECT TOP (1) m.[tran_end_time] ${mapping} WHERE m.[start_lsn] = @seen) AS [seen]`,
    "DECLARE @changed varchar(max) = ''",
    ...tables.map(checkText),
    'SELECT @changed AS [changed]',
    'SELECT [capture_instance], [start_lsn] FROM [cdc].[change_tables]',
    `SELECT d.[start_lsn], (SELECT TOP (1) m.[tran_end_time] ${mapping} WHERE m.[start_lsn] >= d.[start_lsn] ORDER BY m.[start_lsn]) AS [at]\n` +
      'FROM (SELECT DISTINCT c.[start_lsn] FROM [cdc].[change_tables] AS c) AS d',
    'SET LOCK_TIMEOUT -1',
  ].join(';\n');
}

/** binary(10), as the column is: compared with varbinary the column would be converted, and nothing could be sought. */
function checkText({ captureInstance }: ProbedTable, i: number): string {
  const changeTable = `[cdc].${quoteName(`${captureInstance}_CT`)}`;
  const position = `CONVERT(binary(10), SUBSTRING(@at, ${1 + i * lsnLength}, ${lsnLength}))`;
  return `IF EXISTS (SELECT 1 FROM ${changeTable} WITH (NOLOCK) WHERE [__$start_lsn] > ${position}) SET @changed += '${i},'`;
}

/** Times for metrics only: no decision depends on them. */
export interface ProbeTimes {
  /** Commit time of the max LSN, UTC, milliseconds since 1970. */
  readonly maxAtMs: number | undefined;
  /** The server's now minus that. */
  readonly captureLagMs: number | undefined;
}

/** The newest entry of `cdc.lsn_time_mapping` that a probe found. The next probe looks it up: another time, or none, means a restore. */
export interface SeenEntry {
  readonly lsn: Lsn;
  /** In the server's zone, as if it were UTC: to be compared with what a later probe returns for the entry, and with nothing else. */
  readonly at: number;
}

/** What the result sets of a probe mean. */
export interface ProbeReading extends LowWaterMarks {
  /** `sys.fn_cdc_get_max_lsn()`, asked first; undefined while capture has not run yet. */
  readonly max: Lsn | undefined;
  readonly times: ProbeTimes;
  /** The entry of the max LSN, to be asked for by the next probe. */
  readonly newestEntry: SeenEntry | undefined;
  /** Time of the entry that this probe asked for; undefined when there is none. */
  readonly seenAt: number | undefined;
  /** Capture instances whose change table holds anything after the table's position. */
  readonly withNewChanges: ReadonlySet<string | undefined>;
}

/** @param marks keeps what the last probe returned; the low-water marks are queried last */
export function parseProbe(
  sets: readonly Rows[],
  covered: readonly ProbedTable[],
  marks: LowWaterMarkCache,
): ProbeReading {
  const [max, at, now, minutes, seenAt] = sets[probeResults.max]?.[0] ?? [];
  const toUtc = (local: unknown) => (local instanceof Date ? utcMs(local, Number(minutes)) : undefined);
  const [instances, lowTimes] = [sets[probeResults.instances] ?? [], sets[probeResults.lowTimes] ?? []];
  return {
    max: Buffer.isBuffer(max) ? lsnOf(max) : undefined,
    newestEntry: entryOf(max, at),
    seenAt: seenAt instanceof Date ? seenAt.getTime() : undefined,
    times: timesOf(toUtc(at), toUtc(now)),
    withNewChanges: namesOf(sets[probeResults.changed]?.[0]?.[0], covered),
    ...marks.of({ instances, lowTimes, minutes: Number(minutes) }),
  };
}

function entryOf(max: unknown, at: unknown): SeenEntry | undefined {
  return Buffer.isBuffer(max) && at instanceof Date ? { lsn: lsnOf(max), at: at.getTime() } : undefined;
}

function namesOf(numbers: unknown, covered: readonly ProbedTable[]): ReadonlySet<string | undefined> {
  if (typeof numbers !== 'string')
    throw new DStreamError('Unexpected', 'a probe did not return which tables have new changes');
  const found = numbers.split(',').filter((number) => number !== '');
  return new Set(found.map((number) => covered[Number(number)]?.captureInstance));
}

/** `tran_end_time` is rounded to three milliseconds ("datetime"), so the newest may lie after the server's now. */
function timesOf(maxAtMs: number | undefined, nowMs: number | undefined): ProbeTimes {
  const known = maxAtMs !== undefined && nowMs !== undefined;
  return { maxAtMs, captureLagMs: known ? Math.max(0, nowMs - maxAtMs) : undefined };
}

/** The low end of what a capture instance keeps. */
export interface LowWaterMark {
  readonly lsn: Lsn;
  /** Commit time of the oldest transaction that is kept, UTC; undefined while there is none. */
  readonly atMs: number | undefined;
}

/** The low-water marks of a database, as one probe returned them. */
export interface LowWaterMarks {
  /** All capture instances that have begun, by name. */
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

type Rows = readonly (readonly unknown[])[];

/**
 * Only cleanup moves low-water marks, so as a rule a probe returns what the last one returned. Then the same object is given again: a
 * pass over many tables allocates nothing for each of them, and `instances` is the very same text to compare with.
 */
export class LowWaterMarkCache {
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
