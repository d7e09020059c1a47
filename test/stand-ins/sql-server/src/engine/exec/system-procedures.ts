/** The system procedures by name, and who may call them. */
import { KEY_PROCEDURES } from '../catalogue/procedures/key-procedures.ts';
import { TABLE_PROCEDURES } from '../catalogue/procedures/table-procedures.ts';
import { CDC_PROCEDURES } from '../cdc/cdc-procedures.ts';
import type { Procedure } from '../query/procedure.ts';
import { describeUndeclaredParameters } from './undeclared-parameters.ts';

const CATALOGUE: Readonly<Record<string, Procedure>> = {
  ...TABLE_PROCEDURES,
  ...KEY_PROCEDURES,
  sp_describe_undeclared_parameters: describeUndeclaredParameters,
};

/** They show to everyone what he may see. */
const SHOW_WHAT_IS_VISIBLE = new Set(['sp_cdc_help_change_data_capture', 'sp_cdc_get_captured_columns']);

/** `name` in lower case. */
export const systemProcedure = (name: string): Procedure | undefined =>
  CDC_PROCEDURES[name] ?? CATALOGUE[name];

export const isForOwners = (name: string): boolean =>
  CDC_PROCEDURES[name] !== undefined && !SHOW_WHAT_IS_VISIBLE.has(name);
