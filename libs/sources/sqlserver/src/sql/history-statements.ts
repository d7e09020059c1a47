/** Questions about the history that the database is in. */
import type { Lsn } from '../position/log-position.ts';
import { lsnParameter, type Statement } from './statement.ts';

const mapping = 'FROM [cdc].[lsn_time_mapping] AS m';

/** The commit time of the entry @seen, in the server's zone; minutes from there to UTC; the oldest entry there is. */
export function entryStatement(seen: Lsn): Statement {
  return {
    text:
      `SELECT (SELECT TOP (1) m.[tran_end_time] ${mapping} WHERE m.[start_lsn] = @seen) AS [at],\n` +
      '  DATEDIFF(minute, GETDATE(), GETUTCDATE()) AS [utc],\n' +
      `  (SELECT TOP (1) m.[start_lsn] ${mapping} ORDER BY m.[start_lsn]) AS [oldest]`,
    parameters: [lsnParameter('seen', seen)],
  };
}

/**
 * The fork of the log that the database is on, and its first one: a restore begins another ("Recovery Paths"). No row for a
 * login that lacks VIEW ANY DATABASE, which public has by default; no such view on Azure SQL Database.
 */
export const forkStatement: Statement = {
  text: 'SELECT [recovery_fork_guid], [first_recovery_fork_guid] FROM sys.database_recovery_status WHERE [database_id] = DB_ID()',
  parameters: [],
};
