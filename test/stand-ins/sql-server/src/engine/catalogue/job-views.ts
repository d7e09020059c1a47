/**
 * The jobs of capture as tables of msdb show them, the services of the server, and errors of capture, of which there are none here
 * ("dbo.cdc_jobs", "dbo.sysjobs", "dbo.sysjobactivity", "dbo.syssessions", "sys.dm_server_services", "sys.dm_cdc_errors").
 */
import { datetimeOf } from '../values/basic/moments.ts';
import type { SqlType } from '../interface/engine-session.ts';
import type { ServerState } from '../server/server-state.ts';
import { jobDefaults, jobName, jobTypes, type CaptureJob, type JobType } from '../storage/capture-jobs.ts';
import type { Database } from '../storage/database.ts';
import { types, view, type MakeView } from './view.ts';

interface ListedJob {
  readonly database: Database;
  readonly type: JobType;
  readonly job: CaptureJob;
}

function* jobsOf({ databases }: ServerState): Generator<ListedJob> {
  for (const database of databases.values())
    for (const type of jobTypes) {
      const job = database.cdc?.jobs.get(type);
      if (job !== undefined) yield { database, type, job };
    }
}

const cdcJobs: MakeView = view(
  {
    database_id: types.int,
    job_type: { name: 'nvarchar', length: 20 } satisfies SqlType,
    job_id: types.guid,
    maxtrans: types.int,
    maxscans: types.int,
    continuous: types.bit,
    pollinginterval: types.bigint,
    retention: types.bigint,
    threshold: types.bigint,
  },
  function* ({ state }) {
    for (const { database, type, job } of jobsOf(state)) {
      const common = { database_id: database.id, job_type: type, job_id: job.id };
      const { pollingSeconds, retentionMinutes, continuous } = database.cdc ?? jobDefaults;
      yield type === 'capture'
        ? {
            ...common,
            maxtrans: jobDefaults.maxtrans,
            maxscans: jobDefaults.maxscans,
            continuous,
            pollinginterval: BigInt(pollingSeconds),
            retention: 0n,
            threshold: 0n,
          }
        : {
            ...common,
            maxtrans: 0,
            maxscans: 0,
            continuous: false,
            pollinginterval: 0n,
            retention: BigInt(retentionMinutes),
            threshold: jobDefaults.threshold,
          };
    }
  },
);

const sysJobs: MakeView = view(
  { job_id: types.guid, name: types.sysname, enabled: types.tinyint, date_created: types.datetime },
  function* ({ state }) {
    for (const { database, type, job } of jobsOf(state))
      yield {
        job_id: job.id,
        name: jobName(database.name, type),
        enabled: job.enabled ? 1 : 0,
        date_created: datetimeOf(database.createdMs),
      };
  },
);

/** Of the only start of Agent. */
const AGENT_SESSION = 1;

/** The capture job runs all the time, the cleanup job once a night: never at the moment. */
const sysJobActivity: MakeView = view(
  {
    session_id: types.int,
    job_id: types.guid,
    start_execution_date: types.datetime,
    stop_execution_date: types.datetime,
  },
  function* ({ state }) {
    for (const { type, job } of jobsOf(state)) {
      const runs = type === 'capture' && job.enabled && state.captureRuns;
      yield {
        session_id: AGENT_SESSION,
        job_id: job.id,
        start_execution_date: datetimeOf(state.startedMs),
        stop_execution_date: runs ? null : datetimeOf(state.nowMs()),
      };
    }
  },
);

const sysSessions: MakeView = view(
  { session_id: types.int, agent_start_date: types.datetime },
  function* ({ state }) {
    yield { session_id: AGENT_SESSION, agent_start_date: datetimeOf(state.startedMs) };
  },
);

/** The tables in `dbo` of msdb. */
export const MSDB: Readonly<Record<string, MakeView>> = {
  cdc_jobs: cdcJobs,
  sysjobs: sysJobs,
  sysjobactivity: sysJobActivity,
  syssessions: sysSessions,
};

export const serverServices: MakeView = view(
  { servicename: types.sysname, status: types.int, status_desc: types.sysname },
  function* () {
    yield { servicename: 'SQL Server (MSSQLSERVER)', status: 4, status_desc: 'Running' };
    yield { servicename: 'SQL Server Agent (MSSQLSERVER)', status: 4, status_desc: 'Running' };
  },
);

export const captureErrors: MakeView = view(
  {
    session_id: types.int,
    phase_number: types.int,
    entry_time: types.datetime,
    error_number: types.int,
    error_severity: types.int,
    error_state: types.int,
    error_message: { name: 'nvarchar', length: 1024 } satisfies SqlType,
    start_lsn: types.lsnText,
    begin_lsn: types.lsnText,
    sequence_value: types.lsnText,
  },
  () => [],
);
