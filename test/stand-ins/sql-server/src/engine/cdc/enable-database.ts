/** sys.sp_cdc_enable_db and sys.sp_cdc_disable_db. */
import { errors } from '../errors/errors.ts';
import type { ProcedureCall } from '../query/procedure.ts';
import { CdcDatabase } from '../storage/cdc-database.ts';
import { enabledCdc } from './enabled-database.ts';

export function enableDatabase({ database, state, transaction }: ProcedureCall): void {
  if (database.system) throw errors.databaseCannotEnable(database.name);
  if (database.cdc !== undefined) throw errors.databaseAlreadyEnabled(database.name);
  database.cdc = new CdcDatabase(database.collation.fold);
  const hadSchema = database.schema('cdc') !== undefined;
  if (!hadSchema) database.addSchema('cdc');
  state.version++;
  transaction.onRollback(() => {
    database.cdc = undefined;
    if (!hadSchema) database.schemas.delete('cdc');
  });
}

export function disableDatabase({ database, state, transaction }: ProcedureCall): void {
  const cdc = enabledCdc(database);
  database.cdc = undefined;
  database.schemas.delete('cdc');
  state.version++;
  transaction.onRollback(() => {
    database.cdc = cdc;
    database.addSchema('cdc');
  });
}
