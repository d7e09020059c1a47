/** What the facts of capture mean: its job, its service, cleanup and retention. Pure. */
import type { CheckResult } from '@dstream/core';
import { staleSeconds, type AgentJob, type CaptureFacts, type JobSettings } from './capture-facts.ts';
import {
  addJob,
  changeJob,
  enableJob,
  grantJobs,
  grantServerState,
  grantState,
  startCapture,
} from './fix-statements.ts';
import { counted, failed, passed, shownSeconds, warned } from './results.ts';
import { engines, type ServerFacts } from './server-facts.ts';

export function* judgeCapture(facts: CaptureFacts, server: ServerFacts): Generator<CheckResult> {
  if (server.readOnly) {
    yield judgeReplica(facts);
    return;
  }
  const azure = server.engine === engines.azureSqlDatabase;
  if (!azure) yield judgeAgent(facts, server);
  yield judgeCaptureJob(facts, server, azure);
  yield judgeErrors(facts, server);
  if (facts.jobs === undefined) yield unknownJobs(facts, server, azure);
  else yield* judgeSettings(facts.jobs, facts.agentJobs, server, azure);
}

/** Jobs and errors are those of the primary, which alone captures: here only what has arrived is seen. */
function judgeReplica({ newestSeconds }: CaptureFacts): CheckResult {
  const check = 'capture-job';
  const remedy = 'run dstream check against the primary replica: its jobs capture and clean up';
  if (newestSeconds === undefined)
    return failed(
      check,
      'no captured commit has arrived at this replica: cdc.lsn_time_mapping is empty',
      remedy,
    );
  const message = `the newest captured commit that has arrived at this replica was ${shownSeconds(newestSeconds)} ago`;
  return newestSeconds <= staleSeconds ? passed(check, message) : warned(check, message, remedy);
}

const isUpToDate = ({ newestSeconds }: CaptureFacts) =>
  newestSeconds !== undefined && newestSeconds <= staleSeconds;

/** Without rights to look at the service: where capture is up to date it runs, because it runs the job. */
function judgeAgent(facts: CaptureFacts, { login }: ServerFacts): CheckResult {
  const check = 'agent';
  const { agentStatus: status } = facts;
  const runs = facts.agentJobs?.some((job) => job.type === 'capture' && job.runs) === true;
  if (isUpToDate(facts) || runs || status === 'Running') return passed(check, 'SQL Server Agent is running');
  return status === undefined
    ? warned(
        check,
        `cannot tell whether SQL Server Agent is running: ${login} may not read sys.dm_server_services`,
        grantServerState(login),
      )
    : failed(
        check,
        `SQL Server Agent is not running (${status}), so capture is not running either`,
        'start the service SQL Server Agent (on Linux: mssql-conf set sqlagent.enabled true) and let it start with the machine',
      );
}

function judgeCaptureJob(facts: CaptureFacts, server: ServerFacts, azure: boolean): CheckResult {
  return faultOfJob(facts, server, azure) ?? judgeProgress(facts, server, azure);
}

/** A job that is missing, disabled or stopped, as far as the jobs may be seen. */
function faultOfJob(facts: CaptureFacts, { database }: ServerFacts, azure: boolean): CheckResult | undefined {
  const check = 'capture-job';
  const { jobs } = facts;
  const settings = jobs?.find(({ type }) => type === 'capture');
  const job = facts.agentJobs?.find(({ type }) => type === 'capture');
  if (jobs !== undefined && !azure && settings === undefined)
    return failed(check, `the database "${database}" has no capture job`, addJob(database, 'capture'));
  if (job?.enabled === false)
    return failed(
      check,
      `the capture job "${job.name}" is disabled`,
      enableJob(database, 'capture', job.name),
    );
  if (job?.runs === false && (settings?.continuous !== false || !isUpToDate(facts)))
    return failed(check, `the capture job "${job.name}" does not run`, startCapture(database));
  return undefined;
}

/** What capture has read tells whether it runs, also where the job may not be seen. */
function judgeProgress(facts: CaptureFacts, { database }: ServerFacts, azure: boolean): CheckResult {
  const check = 'capture-job';
  const { newestSeconds } = facts;
  const job = facts.agentJobs?.find(({ type }) => type === 'capture');
  const remedy = azure
    ? 'wait a minute and check again; if it persists, look at sys.dm_cdc_errors: the scheduler of Azure SQL Database starts capture by itself'
    : startCapture(database);
  if (newestSeconds === undefined)
    return failed(
      check,
      'capture has not read the transaction log yet: cdc.lsn_time_mapping is empty',
      remedy,
    );
  const last = `${shownSeconds(newestSeconds)} ago`;
  if (isUpToDate(facts) || job?.runs === true)
    return passed(check, `capture runs: the newest commit that it has read was ${last}`);
  return warned(
    check,
    `the newest commit that capture has read was ${last}: it does not run, or nothing was committed since`,
    remedy,
  );
}

function judgeErrors({ errors }: CaptureFacts, { database, user }: ServerFacts): CheckResult {
  const check = 'capture-errors';
  if (errors === undefined)
    return warned(
      check,
      `errors of capture are not known: ${user} may not read sys.dm_cdc_errors`,
      grantState(database, user),
    );
  if (errors.count === 0) return passed(check, 'capture had no error in the last hour');
  return warned(
    check,
    `capture had ${counted(errors.count, 'error')} in the last hour, the newest: ${errors.newest}`,
    'look the number up in "Known limitations, issues and errors with CDC"; a full log or change table has to be given space',
  );
}

function unknownJobs(
  { oldestSeconds }: CaptureFacts,
  { login, database, user }: ServerFacts,
  azure: boolean,
): CheckResult {
  const kept =
    oldestSeconds === undefined
      ? 'nothing is kept yet'
      : `the oldest change that is kept is ${shownSeconds(oldestSeconds)} old`;
  return warned(
    'retention',
    `how long changes are kept is not known: ${azure ? user : login} may not read ${azure ? 'cdc' : 'msdb.dbo'}.cdc_jobs; ${kept}`,
    azure ? `run SELECT retention FROM cdc.cdc_jobs in ${database} as its owner` : grantJobs(login),
  );
}

function* judgeSettings(
  jobs: readonly JobSettings[],
  agentJobs: readonly AgentJob[] | undefined,
  { database }: ServerFacts,
  azure: boolean,
): Generator<CheckResult> {
  const capture = jobs.find(({ type }) => type === 'capture');
  if (capture !== undefined && !azure) yield judgeScans(capture, database);
  const cleanup = jobs.find(({ type }) => type === 'cleanup');
  const job = agentJobs?.find(({ type }) => type === 'cleanup');
  if (cleanup === undefined)
    yield warned(
      'cleanup-job',
      `the database "${database}" has no cleanup job: change tables grow without end`,
      addJob(database, 'cleanup'),
    );
  else if (job?.enabled === false)
    yield warned(
      'cleanup-job',
      `the cleanup job "${job.name}" is disabled: change tables grow without end`,
      enableJob(database, 'cleanup', job.name),
    );
  else yield judgeRetention(cleanup.retentionMinutes * 60, database);
}

/** "sys.sp_cdc_add_job": by default 500 transactions a scan, ten scans in a row, then five seconds of rest. */
function judgeScans(
  { maxTransactions, maxScans, continuous, pollingSeconds }: JobSettings,
  database: string,
): CheckResult {
  const check = 'capture-settings';
  if (!continuous)
    return warned(
      check,
      'the capture job ends after each run (continuous is 0): changes arrive only when it is started again',
      changeJob(database, 'capture', 'continuous', 1),
    );
  const every = `${shownSeconds(pollingSeconds)} between scans`;
  if (pollingSeconds > 60)
    return warned(
      check,
      `capture waits ${every}: changes are delayed by as much`,
      changeJob(database, 'capture', 'pollinginterval', 5),
    );
  return passed(check, `${every}, up to ${maxTransactions} × ${maxScans} transactions at a time`);
}

/** Less is lost in an outage from one evening to the next. Three days are the default ("sys.sp_cdc_add_job"). */
const shortestRetentionSeconds = 86_400;
const usualRetentionMinutes = 4_320;

function judgeRetention(seconds: number, database: string): CheckResult {
  const check = 'retention';
  const kept = `changes are kept for ${shownSeconds(seconds)}: a longer outage of the ingester loses some`;
  return seconds < shortestRetentionSeconds
    ? warned(check, kept, changeJob(database, 'cleanup', 'retention', usualRetentionMinutes))
    : passed(check, kept);
}
