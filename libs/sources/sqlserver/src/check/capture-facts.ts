/** How far capture has come, how its jobs are set, whether they run. What may not be read is undefined: it is not known. */
import { DStreamError, type CallOptions } from '@dstream/core';
import type { SqlClient, Statement } from '../client/sql-client.ts';
import { invalidObject, sqlNumbers } from '../client/sql-errors.ts';
import type { JobType } from './fix-statements.ts';
import { engines, type ServerFacts } from './server-facts.ts';

export interface CaptureFacts {
  /** Seconds since the newest commit that capture has read, and since the oldest that is kept; undefined when there is none. */
  readonly newestSeconds: number | undefined;
  readonly oldestSeconds: number | undefined;
  /** Undefined: they may not be read. */
  readonly jobs: readonly JobSettings[] | undefined;
  /** As SQL Server Agent has them. Undefined: they may not be read, or there is no Agent. */
  readonly agentJobs: readonly AgentJob[] | undefined;
  /** Undefined: they may not be read. */
  readonly errors: ScanErrors | undefined;
  /** Its status; undefined when it may not be read or was not asked for. */
  readonly agentStatus: string | undefined;
}

/** "dbo.cdc_jobs". */
export interface JobSettings {
  readonly type: JobType;
  readonly maxTransactions: number;
  readonly maxScans: number;
  readonly continuous: boolean;
  readonly pollingSeconds: number;
  readonly retentionMinutes: number;
}

/** "sysjobs", "sysjobactivity". */
export interface AgentJob {
  readonly type: JobType;
  readonly name: string;
  readonly enabled: boolean;
  readonly runs: boolean;
}

/** "sys.dm_cdc_errors": what went wrong in the last hour. */
export interface ScanErrors {
  readonly count: number;
  readonly newest: string;
}

/** Capture has read nothing for so long that it is to be found out why. Its job scans every five seconds. */
export const staleSeconds = 600;

export async function captureFacts(
  client: SqlClient,
  { engine, readOnly }: ServerFacts,
  o: CallOptions,
): Promise<CaptureFacts> {
  const azure = engine === engines.azureSqlDatabase;
  const [[[newest, oldest] = []] = []] = await client.query(progress, o);
  const newestSeconds = typeof newest === 'number' ? newest : undefined;
  const oldestSeconds = typeof oldest === 'number' ? oldest * 60 : undefined;
  if (readOnly) return { ...notLookedAt, newestSeconds, oldestSeconds };
  const stale = newestSeconds === undefined || newestSeconds > staleSeconds;
  return {
    newestSeconds,
    oldestSeconds,
    jobs: (await readable(client, azure ? azureJobs : jobs, o))?.map(jobOf),
    agentJobs: azure ? undefined : (await readable(client, agentJobs, o))?.map(agentJobOf),
    errors: errorsOf(await readable(client, recentErrors, o)),
    agentStatus: stale && !azure ? statusOf(await readable(client, agentService, o)) : undefined,
  };
}

const notLookedAt = { jobs: undefined, agentJobs: undefined, errors: undefined, agentStatus: undefined };

type Row = readonly unknown[];

/** Not permitted, not there, or there is no way to that database: its rows cannot be read. */
async function readable(
  client: SqlClient,
  text: string,
  o: CallOptions,
): Promise<readonly Row[] | undefined> {
  try {
    return (await client.query({ text, parameters: [] }, o))[0] ?? [];
  } catch (error) {
    const unreadable =
      error instanceof DStreamError &&
      (error.code === 'PermissionDenied' ||
        error.code === 'DatabaseNotFound' ||
        sqlNumbers(error).includes(invalidObject));
    if (unreadable) return undefined;
    throw error;
  }
}

/** By `cdc.lsn_time_mapping`, whose times are in the server's zone as GETDATE() is. */
const progress: Statement = {
  text:
    'SELECT DATEDIFF(second, (SELECT TOP (1) m.[tran_end_time] FROM [cdc].[lsn_time_mapping] AS m ORDER BY m.[start_lsn] DESC), GETDATE()) AS [newest],\n' +
    '  DATEDIFF(minute, (SELECT TOP (1) m.[tran_end_time] FROM [cdc].[lsn_time_mapping] AS m ORDER BY m.[start_lsn]), GETDATE()) AS [oldest]',
  parameters: [],
};

const settings =
  'SELECT j.[job_type], j.[maxtrans], j.[maxscans], j.[continuous], j.[pollinginterval], j.[retention] FROM';
const jobs = `${settings} msdb.dbo.cdc_jobs AS j WHERE j.[database_id] = DB_ID()`;
/** "Change data capture (CDC) with Azure SQL Database": the table is in the schema cdc. */
const azureJobs = `${settings} [cdc].[cdc_jobs] AS j`;

function jobOf([type, maxTransactions, maxScans, continuous, polling, retention]: Row): JobSettings {
  return {
    type: String(type).trim() === 'cleanup' ? 'cleanup' : 'capture',
    maxTransactions: Number(maxTransactions),
    maxScans: Number(maxScans),
    continuous: Boolean(continuous),
    pollingSeconds: Number(polling),
    retentionMinutes: Number(retention),
  };
}

/** The newest session of Agent has the activity of now ("syssessions", "sysjobactivity"). */
const agentJobs =
  'SELECT j.[job_type], s.[name], s.[enabled],\n' +
  '  CASE WHEN a.[start_execution_date] IS NOT NULL AND a.[stop_execution_date] IS NULL THEN 1 ELSE 0 END AS [runs]\n' +
  'FROM msdb.dbo.cdc_jobs AS j JOIN msdb.dbo.sysjobs AS s ON s.[job_id] = j.[job_id]\n' +
  'LEFT JOIN msdb.dbo.sysjobactivity AS a ON a.[job_id] = j.[job_id]\n' +
  '  AND a.[session_id] = (SELECT MAX(x.[session_id]) FROM msdb.dbo.syssessions AS x)\n' +
  'WHERE j.[database_id] = DB_ID()';

function agentJobOf([type, name, enabled, runs]: Row): AgentJob {
  return {
    type: String(type).trim() === 'cleanup' ? 'cleanup' : 'capture',
    name: String(name),
    enabled: Number(enabled) === 1,
    runs: runs === 1,
  };
}

/** `entry_time` is in the server's zone ("sys.dm_cdc_errors"). */
const recentErrors =
  'SELECT e.[error_number], e.[error_message] FROM sys.dm_cdc_errors AS e\n' +
  'WHERE DATEDIFF(minute, e.[entry_time], GETDATE()) <= 60 ORDER BY e.[entry_time] DESC';

function errorsOf(rows: readonly Row[] | undefined): ScanErrors | undefined {
  if (rows === undefined) return undefined;
  const [[number, message] = []] = rows;
  return { count: rows.length, newest: rows.length === 0 ? '' : `${String(number)}, ${String(message)}` };
}

/** "sys.dm_server_services". */
const agentService =
  "SELECT v.[status_desc] FROM sys.dm_server_services AS v WHERE v.[servicename] LIKE N'SQL Server Agent%'";

function statusOf(rows: readonly Row[] | undefined): string | undefined {
  const [[status] = []] = rows ?? [];
  return typeof status === 'string' ? status : undefined;
}
