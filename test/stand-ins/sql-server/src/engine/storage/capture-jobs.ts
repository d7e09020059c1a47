/** The capture and the cleanup job of a database, as SQL Server Agent has them. */
import { randomUUID } from 'node:crypto';

export type JobType = 'capture' | 'cleanup';

export const jobTypes: readonly JobType[] = ['capture', 'cleanup'];

export interface CaptureJob {
  readonly id: string;
  enabled: boolean;
}

/** Of a job that is added without arguments ("sys.sp_cdc_add_job"). */
export const jobDefaults = {
  maxtrans: 500,
  maxscans: 10,
  threshold: 5000n,
  pollingSeconds: 5,
  retentionMinutes: 4320,
  continuous: true,
} as const;

export const newJob = (): CaptureJob => ({ id: randomUUID().toUpperCase(), enabled: true });

/** "sys.sp_cdc_help_jobs", `job_name`. */
export const jobName = (database: string, type: JobType): string => `cdc.${database}_${type}`;
