import type { CheckResult } from '@dstream/core';
import { expect, test } from 'vitest';
import type { AgentJob, CaptureFacts, JobSettings } from './capture-facts.ts';
import { judgeCapture } from './judge-capture.ts';
import type { ServerFacts } from './server-facts.ts';

const server: ServerFacts = {
  version: '16.0.4135.4',
  edition: 'Standard Edition (64-bit)',
  engine: 2,
  database: 'shop',
  cdcEnabled: true,
  readOnly: false,
  serviceObjective: undefined,
  user: 'reader',
  login: 'reader_login',
  minutesToUtc: 0,
  mayReadCdc: true,
};

const capture: JobSettings = {
  type: 'capture',
  maxTransactions: 500,
  maxScans: 10,
  continuous: true,
  pollingSeconds: 5,
  retentionMinutes: 0,
};
const cleanup: JobSettings = { ...capture, type: 'cleanup', continuous: false, retentionMinutes: 4_320 };
const captureJob: AgentJob = { type: 'capture', name: 'cdc.shop_capture', enabled: true, runs: true };
const cleanupJob: AgentJob = { type: 'cleanup', name: 'cdc.shop_cleanup', enabled: true, runs: false };

const good: CaptureFacts = {
  newestSeconds: 3,
  oldestSeconds: 7_200,
  jobs: [capture, cleanup],
  agentJobs: [captureJob, cleanupJob],
  errors: { count: 0, newest: '' },
  agentStatus: undefined,
};

/** What is not right. */
function judged(facts: Partial<CaptureFacts>, more: Partial<ServerFacts> = {}): readonly CheckResult[] {
  const results = [...judgeCapture({ ...good, ...facts }, { ...server, ...more })];
  return results.filter(({ outcome }) => outcome !== 'passed');
}

const sql = (...lines: string[]) => ({ kind: 'sql', text: lines.join('\n') });
const advice = (text: string) => ({ kind: 'advice', text });
const starts = [
  'IF NOT EXISTS (SELECT 1 FROM msdb.dbo.cdc_jobs AS j JOIN msdb.dbo.sysjobactivity AS a ON a.[job_id] = j.[job_id]',
  "  WHERE j.[database_id] = DB_ID() AND j.[job_type] = N'capture'",
  '  AND a.[session_id] = (SELECT MAX(s.[session_id]) FROM msdb.dbo.syssessions AS s)',
  '  AND a.[start_execution_date] IS NOT NULL AND a.[stop_execution_date] IS NULL)',
  "  EXEC sys.sp_cdc_start_job @job_type = N'capture';",
];
const started = sql('USE [shop];', '-- The service SQL Server Agent has to run.', ...starts);

test('capture that runs passes', () => {
  expect(judged({})).toEqual([]);
});

test('capture that runs with nothing to read passes, however old the newest commit is', () => {
  expect(judged({ newestSeconds: 86_400 })).toEqual([]);
});

test('no capture job', () => {
  expect(judged({ jobs: [cleanup], agentJobs: [cleanupJob] })).toEqual([
    {
      outcome: 'failed',
      check: 'sqlserver.capture-job',
      message: 'the database "shop" has no capture job',
      remedy: sql(
        'USE [shop];',
        "IF NOT EXISTS (SELECT 1 FROM msdb.dbo.cdc_jobs WHERE [database_id] = DB_ID() AND [job_type] = N'capture')",
        "  EXEC sys.sp_cdc_add_job @job_type = N'capture';",
      ),
    },
  ]);
});

test('a capture job that is disabled', () => {
  expect(judged({ agentJobs: [{ ...captureJob, enabled: false, runs: false }, cleanupJob] })).toEqual([
    {
      outcome: 'failed',
      check: 'sqlserver.capture-job',
      message: 'the capture job "cdc.shop_capture" is disabled',
      remedy: sql(
        'USE [shop];',
        "EXEC msdb.dbo.sp_update_job @job_name = N'cdc.shop_capture', @enabled = 1;",
        ...starts,
      ),
    },
  ]);
});

test('a capture job that does not run, though Agent does', () => {
  const stopped = { agentJobs: [{ ...captureJob, runs: false }, cleanupJob], agentStatus: 'Running' };
  expect(judged({ ...stopped, newestSeconds: 7_200 })).toEqual([
    {
      outcome: 'failed',
      check: 'sqlserver.capture-job',
      message: 'the capture job "cdc.shop_capture" does not run',
      remedy: started,
    },
  ]);
});

test('Agent that does not run', () => {
  const [agent] = judged({ newestSeconds: undefined, agentJobs: undefined, agentStatus: 'Stopped' });
  expect(agent).toEqual({
    outcome: 'failed',
    check: 'sqlserver.agent',
    message: 'SQL Server Agent is not running (Stopped), so capture is not running either',
    remedy: advice(
      'start the service SQL Server Agent (on Linux: mssql-conf set sqlagent.enabled true) and let it start with the machine',
    ),
  });
});

test('without a right to look, a capture that stands still is warned of, and which right shows more', () => {
  expect(judged({ newestSeconds: 10_800, agentJobs: undefined, jobs: undefined, errors: undefined })).toEqual(
    [
      {
        outcome: 'warned',
        check: 'sqlserver.agent',
        message:
          'cannot tell whether SQL Server Agent is running: reader_login may not read sys.dm_server_services',
        remedy: sql('USE [master];', 'GRANT VIEW SERVER STATE TO [reader_login];'),
      },
      {
        outcome: 'warned',
        check: 'sqlserver.capture-job',
        message:
          'the newest commit that capture has read was 3 hours ago: it does not run, or nothing was committed since',
        remedy: started,
      },
      {
        outcome: 'warned',
        check: 'sqlserver.capture-errors',
        message: 'errors of capture are not known: reader may not read sys.dm_cdc_errors',
        remedy: sql('USE [shop];', 'GRANT VIEW DATABASE STATE TO [reader];'),
      },
      {
        outcome: 'warned',
        check: 'sqlserver.retention',
        message:
          'how long changes are kept is not known: reader_login may not read msdb.dbo.cdc_jobs; the oldest change that is kept is 2 hours old',
        remedy: sql(
          'USE [msdb];',
          "IF DATABASE_PRINCIPAL_ID(N'reader_login') IS NULL CREATE USER [reader_login] FOR LOGIN [reader_login];",
          'GRANT SELECT ON [dbo].[cdc_jobs] TO [reader_login];',
          'GRANT SELECT ON [dbo].[sysjobs] TO [reader_login];',
          'GRANT SELECT ON [dbo].[sysjobactivity] TO [reader_login];',
          'GRANT SELECT ON [dbo].[syssessions] TO [reader_login];',
        ),
      },
    ],
  );
});

test('capture that has never read the log', () => {
  expect(judged({ newestSeconds: undefined })).toEqual([
    {
      outcome: 'failed',
      check: 'sqlserver.capture-job',
      message: 'capture has not read the transaction log yet: cdc.lsn_time_mapping is empty',
      remedy: started,
    },
  ]);
});

test('the same on Azure SQL Database, which has a scheduler of its own', () => {
  const azure = { engine: 5 };
  expect(judged({ newestSeconds: undefined, agentJobs: undefined }, azure)).toEqual([
    {
      outcome: 'failed',
      check: 'sqlserver.capture-job',
      message: 'capture has not read the transaction log yet: cdc.lsn_time_mapping is empty',
      remedy: advice(
        'wait a minute and check again; if it persists, look at sys.dm_cdc_errors: the scheduler of Azure SQL Database starts capture by itself',
      ),
    },
  ]);
});

test('a replica is judged by what has arrived: its own jobs do not capture', () => {
  const replica = { readOnly: true };
  const facts = { jobs: undefined, agentJobs: undefined, errors: undefined };
  const remedy = advice('run dstream check against the primary replica: its jobs capture and clean up');
  const check = 'sqlserver.capture-job';
  expect(judged(facts, replica)).toEqual([]);
  expect(judged({ ...facts, newestSeconds: 3_600 }, replica)).toEqual([
    {
      outcome: 'warned',
      check,
      message: 'the newest captured commit that has arrived at this replica was 1 hour ago',
      remedy,
    },
  ]);
  expect(judged({ ...facts, newestSeconds: undefined }, replica)).toEqual([
    {
      outcome: 'failed',
      check,
      message: 'no captured commit has arrived at this replica: cdc.lsn_time_mapping is empty',
      remedy,
    },
  ]);
});

test('errors of capture', () => {
  expect(judged({ errors: { count: 2, newest: '9002, the log is full' } })).toEqual([
    {
      outcome: 'warned',
      check: 'sqlserver.capture-errors',
      message: 'capture had 2 errors in the last hour, the newest: 9002, the log is full',
      remedy: advice(
        'look the number up in "Known limitations, issues and errors with CDC"; a full log or change table has to be given space',
      ),
    },
  ]);
});

test('a retention of less than a day', () => {
  expect(judged({ jobs: [capture, { ...cleanup, retentionMinutes: 720 }] })).toEqual([
    {
      outcome: 'warned',
      check: 'sqlserver.retention',
      message: 'changes are kept for 12 hours: a longer outage of the ingester loses some',
      remedy: sql('USE [shop];', "EXEC sys.sp_cdc_change_job @job_type = N'cleanup', @retention = 4320;"),
    },
  ]);
});

test('no cleanup job', () => {
  expect(judged({ jobs: [capture] })).toEqual([
    {
      outcome: 'warned',
      check: 'sqlserver.cleanup-job',
      message: 'the database "shop" has no cleanup job: change tables grow without end',
      remedy: sql(
        'USE [shop];',
        "IF NOT EXISTS (SELECT 1 FROM msdb.dbo.cdc_jobs WHERE [database_id] = DB_ID() AND [job_type] = N'cleanup')",
        "  EXEC sys.sp_cdc_add_job @job_type = N'cleanup';",
      ),
    },
  ]);
});

test('a cleanup job that is disabled', () => {
  expect(judged({ agentJobs: [captureJob, { ...cleanupJob, enabled: false }] })).toEqual([
    {
      outcome: 'warned',
      check: 'sqlserver.cleanup-job',
      message: 'the cleanup job "cdc.shop_cleanup" is disabled: change tables grow without end',
      remedy: sql(
        'USE [shop];',
        "EXEC msdb.dbo.sp_update_job @job_name = N'cdc.shop_cleanup', @enabled = 1;",
      ),
    },
  ]);
});

test('a capture job that ends, and one that rests long', () => {
  expect(judged({ jobs: [{ ...capture, continuous: false }, cleanup] })).toEqual([
    {
      outcome: 'warned',
      check: 'sqlserver.capture-settings',
      message:
        'the capture job ends after each run (continuous is 0): changes arrive only when it is started again',
      remedy: sql(
        'USE [shop];',
        '-- It counts when the job is started again.',
        "EXEC sys.sp_cdc_change_job @job_type = N'capture', @continuous = 1;",
      ),
    },
  ]);
  expect(judged({ jobs: [{ ...capture, pollingSeconds: 300 }, cleanup] })).toEqual([
    {
      outcome: 'warned',
      check: 'sqlserver.capture-settings',
      message: 'capture waits 5 minutes between scans: changes are delayed by as much',
      remedy: sql(
        'USE [shop];',
        '-- It counts when the job is started again.',
        "EXEC sys.sp_cdc_change_job @job_type = N'capture', @pollinginterval = 5;",
      ),
    },
  ]);
});
