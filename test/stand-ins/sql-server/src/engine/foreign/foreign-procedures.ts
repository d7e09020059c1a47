/** Procedures that only clients of other languages call, by name: their drivers, and who asks a database what it has. */
import type { Procedure } from '../query/procedure.ts';
import { helpChangeDataCapture } from './help-procedure.ts';
import { KEY_PROCEDURES } from './key-procedures.ts';
import { getCapturedColumns, helpJobs } from './listing-procedures.ts';
import { TABLE_PROCEDURES } from './table-procedures.ts';
import { describeUndeclaredParameters } from './undeclared-parameters.ts';

export const FOREIGN_PROCEDURES: Readonly<Record<string, Procedure>> = {
  ...TABLE_PROCEDURES,
  ...KEY_PROCEDURES,
  sp_describe_undeclared_parameters: describeUndeclaredParameters,
  sp_cdc_help_jobs: helpJobs,
  sp_cdc_get_captured_columns: getCapturedColumns,
  sp_cdc_help_change_data_capture: helpChangeDataCapture,
};
