/** The system procedures by name, and who may call them. */
import { CDC_PROCEDURES } from '../cdc/cdc-procedures.ts';
import { updateJob } from '../cdc/job-procedures.ts';
import { FOREIGN_PROCEDURES } from '../foreign/foreign-procedures.ts';
import type { Procedure } from '../query/procedure.ts';

/** `name` in lower case. */
export const systemProcedure = (name: string): Procedure | undefined =>
  CDC_PROCEDURES[name] ?? (name === 'sp_update_job' ? updateJob : FOREIGN_PROCEDURES[name]);

/** The others show to everyone what he may see. */
export const isForOwners = (name: string): boolean =>
  CDC_PROCEDURES[name] !== undefined || name === 'sp_cdc_help_jobs';
