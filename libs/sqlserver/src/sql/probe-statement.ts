/** Which tables have moved: one statement for all tables of a database (DESIGN 8, "Reading"). */
import { highestLsn, type Lsn } from '../rows/lsn.ts';
import { quoteName } from './quote.ts';
import { lsnParameter, type Statement } from './statement.ts';

export interface ProbedTable {
  readonly captureInstance: string;
  /** All up to here has been read. Undefined for a table that is not due: it is asked about nothing. */
  readonly scanned: Lsn | undefined;
}

/** Milliseconds that a probe waits for a lock: cleanup and capture lock whole change tables now and then. */
const lockTimeoutMs = 5_000;

/**
 * What a probe answers, by number of its result set. `max`: the LSN, its commit time, the server's now (both in its local
 * zone), minutes from that zone to UTC. `instances`: name, low-water mark. `lowTimes`: low-water mark, commit time of the
 * first transaction from there on.
 */
export const probeResults = { max: 0, moved: 1, instances: 2, lowTimes: 3 } as const;

const mapping = 'FROM [cdc].[lsn_time_mapping] AS m';

/**
 * Four result sets, in this order for a reason. The max LSN first: what the tables are asked after it is known, so
 * "nothing new" holds up to it. The low-water marks after the tables: when one has not passed a table's position then, cleanup
 * took nothing that the table's answer should have shown. The text depends on the set of tables alone.
 *
 * The times ride along, for metrics: a seek each in the clustered index of `cdc.lsn_time_mapping`. Cleanup moves all instances
 * to one low-water mark, so there are few of them. That of an instance that was never cleaned up is not in there: hence the
 * first entry from it on.
 *
 * A locked change table fails the probe with 1222 after five seconds instead of holding up all tables. The setting
 * is of the connection, so it is undone for the statements after it; a batch goes on after a 1222.
 */
export function probeStatement(tables: readonly ProbedTable[]): Statement {
  const branches = tables.map(({ captureInstance }, i) => {
    const changeTable = `[cdc].${quoteName(`${captureInstance}_CT`)}`;
    return `SELECT ${i} AS [i], CASE WHEN EXISTS (SELECT 1 FROM ${changeTable} WHERE [__$start_lsn] > @p${i}) THEN 1 ELSE 0 END AS [moved]`;
  });
  return {
    text: [
      `SET LOCK_TIMEOUT ${lockTimeoutMs}`,
      'DECLARE @max binary(10) = sys.fn_cdc_get_max_lsn()',
      `SELECT @max AS [max], (SELECT TOP (1) m.[tran_end_time] ${mapping} WHERE m.[start_lsn] = @max) AS [at], GETDATE() AS [now],\n` +
        '  DATEDIFF(minute, GETDATE(), GETUTCDATE()) AS [utc]',
      branches.join('\nUNION ALL ') || 'SELECT 0 AS [i], 0 AS [moved]',
      'SELECT [capture_instance], [start_lsn] FROM [cdc].[change_tables]',
      `SELECT d.[start_lsn], (SELECT TOP (1) m.[tran_end_time] ${mapping} WHERE m.[start_lsn] >= d.[start_lsn] ORDER BY m.[start_lsn]) AS [at]\n` +
        'FROM (SELECT DISTINCT c.[start_lsn] FROM [cdc].[change_tables] AS c) AS d',
      'SET LOCK_TIMEOUT -1',
    ].join(';\n'),
    parameters: tables.map(({ scanned }, i) => lsnParameter(`p${i}`, scanned ?? highestLsn)),
  };
}
