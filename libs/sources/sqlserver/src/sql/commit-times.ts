/** `cdc.lsn_time_mapping`: when transactions were committed. Its times are in the server's local zone and are made UTC here. */
import { DStreamError, type CallOptions } from '@dstream/core';
import { lsnParameter, type SqlClient, type Statement } from '../client/sql-client.ts';
import { lsnOf, type Lsn } from '../position/log-position.ts';

/** Selects the minutes from the server's zone to UTC. Works on SQL Server 2016 and Azure (README, "Decisions"). */
export const minutesToUtc = 'DATEDIFF(minute, GETDATE(), GETUTCDATE()) AS [utc]';

/** Every zone's distance from UTC is a multiple of this ("Time zones"). */
const zoneStepMinutes = 15;

/**
 * A time of the server's local clock, read as if it were UTC, in milliseconds since 1970. `minutes` is `minutesToUtc`: the
 * server reads its two clocks one after the other and may count a minute too few, so it is rounded.
 */
export function utcMs(local: Date, minutes: number): number {
  return local.getTime() + Math.round(minutes / zoneStepMinutes) * zoneStepMinutes * 60_000;
}

/**
 * The commit times of the transactions of a page, in the order of their LSNs. Driven by the LSNs of the page's own rows,
 * because between two of them any number of other transactions may lie. NOLOCK as for the rows: capture locks the whole
 * change table while it writes a large transaction, which must not hold up what was written before.
 */
export function commitTimesText(changeTable: string): string {
  return (
    `SELECT TOP (@n) m.[start_lsn], m.[tran_end_time], ${minutesToUtc}\n` +
    'FROM [cdc].[lsn_time_mapping] AS m\n' +
    'WHERE m.[start_lsn] >= @from AND m.[start_lsn] <= @to\n' +
    `  AND EXISTS (SELECT 1 FROM ${changeTable} AS c WITH (NOLOCK) WHERE c.[__$start_lsn] = m.[start_lsn])\n` +
    'ORDER BY m.[start_lsn]'
  );
}

/** Commit times by start LSN, as a page brings them. */
export class CommitTimes {
  readonly #times = new Map<Lsn, string>();

  /** @param values start LSN, `tran_end_time` in the server's zone (read as if it were UTC), minutes from it to UTC */
  add(values: readonly unknown[]): void {
    const [lsn, local, minutes] = values as [Buffer, Date, number];
    this.#times.set(lsnOf(lsn), new Date(utcMs(local, minutes)).toISOString());
  }

  /** UTC, ISO 8601. */
  of(lsn: Lsn): string {
    const time = this.#times.get(lsn);
    if (time === undefined)
      throw new DStreamError('Unexpected', `cdc.lsn_time_mapping has no commit time for 0x${lsn}`);
    return time;
  }
}

/** What the database returned for an entry that an earlier connection saw. */
export interface FoundEntry {
  /** Commit time of the entry with that LSN, UTC, milliseconds since 1970; undefined when there is none. */
  readonly atMs: number | undefined;
  /** The oldest entry that cleanup has left. */
  readonly oldest: Lsn | undefined;
}

/** Looks an entry up by its LSN. */
export async function findEntry(client: SqlClient, lsn: Lsn, o: CallOptions): Promise<FoundEntry> {
  const [[row] = []] = await client.query(entryStatement(lsn), o);
  const [at, minutes, oldest] = row ?? [];
  return {
    atMs: at instanceof Date ? utcMs(at, Number(minutes)) : undefined,
    oldest: Buffer.isBuffer(oldest) ? lsnOf(oldest) : undefined,
  };
}

const mapping = 'FROM [cdc].[lsn_time_mapping] AS m';

function entryStatement(seen: Lsn): Statement {
  return {
    text:
      `SELECT (SELECT TOP (1) m.[tran_end_time] ${mapping} WHERE m.[start_lsn] = @seen) AS [at],\n` +
      `  ${minutesToUtc},\n` +
      `  (SELECT TOP (1) m.[start_lsn] ${mapping} ORDER BY m.[start_lsn]) AS [oldest]`,
    parameters: [lsnParameter('seen', seen)],
  };
}
