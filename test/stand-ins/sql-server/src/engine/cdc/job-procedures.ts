/** The capture and the cleanup job: their settings, starting and stopping. */
import type { Procedure, ProcedureCall } from '../query/procedure.ts';
import { textOf } from '../query/text-of.ts';
import { errors } from '../errors/errors.ts';
import { jobName, jobTypes, newJob, type JobType } from '../storage/capture-jobs.ts';
import { enabledCdc } from './enabled-database.ts';
import { BIGINT, NAME } from './procedure-types.ts';

export function jobParameters(...more: readonly string[]): Procedure['parameters'] {
  const names = [
    '@maxtrans',
    '@maxscans',
    '@continuous',
    '@pollinginterval',
    '@retention',
    '@threshold',
    ...more,
  ];
  return [{ name: '@job_type', type: NAME }, ...names.map((name) => ({ name, type: BIGINT }))];
}

/** The capture job is one for the whole server: stopping it anywhere stops it everywhere. */
export function setCapture({ database, state, values }: ProcedureCall, runs: boolean): void {
  enabledCdc(database);
  if (textOf(values['@job_type']).toLowerCase() === 'cleanup') return;
  state.captureRuns = runs;
  state.captureAll();
}

export function changeJob({ database, values }: ProcedureCall): void {
  const cdc = enabledCdc(database);
  if (typeof values['@retention'] === 'bigint') cdc.retentionMinutes = Number(values['@retention']);
  if (typeof values['@pollinginterval'] === 'bigint') cdc.pollingSeconds = Number(values['@pollinginterval']);
  if (typeof values['@continuous'] === 'bigint') cdc.continuous = values['@continuous'] !== 0n;
}

function jobType(values: ProcedureCall['values']): JobType {
  return textOf(values['@job_type']).toLowerCase() === 'cleanup' ? 'cleanup' : 'capture';
}

/** It starts at once unless told otherwise ("sys.sp_cdc_add_job", @start_job). */
export function addJob({ database, state, values }: ProcedureCall): void {
  const { jobs } = enabledCdc(database);
  const type = jobType(values);
  if (!jobs.has(type)) jobs.set(type, newJob());
  state.captureAll();
}

export function dropJob({ database, values }: ProcedureCall): void {
  enabledCdc(database).jobs.delete(jobType(values));
}

/** "dbo.sp_update_job", as far as it enables and disables. */
export const updateJob: Procedure = {
  parameters: [
    { name: '@job_name', type: NAME, required: true },
    { name: '@enabled', type: BIGINT },
  ],
  writes: false,
  run({ database: msdb, state, access, values }) {
    if (!access.owner) throw errors.permissionDenied('EXECUTE', 'sp_update_job', msdb.name, 'dbo');
    const name = textOf(values['@job_name']).toLowerCase();
    for (const database of state.databases.values())
      for (const type of jobTypes) {
        const job = database.cdc?.jobs.get(type);
        if (job !== undefined && jobName(database.name, type).toLowerCase() === name)
          job.enabled = values['@enabled'] !== 0n;
      }
  },
};
