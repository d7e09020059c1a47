/** sys.sp_cdc_disable_table, and what goes with a table that is dropped. */
import { errors } from '../errors/errors.ts';
import type { ProcedureCall } from '../query/procedure.ts';
import { textOf } from '../query/text-of.ts';
import type { CaptureInstance } from '../storage/capture-instance.ts';
import type { CdcDatabase } from '../storage/cdc-database.ts';
import { enabledCdc } from './enabled-database.ts';

/** `all` names every instance of the table. Error 22960. */
export function disableTable({ database, state, transaction, values }: ProcedureCall): void {
  const cdc = enabledCdc(database);
  const full = `${textOf(values['@source_schema'])}.${textOf(values['@source_name'])}`;
  const table = database.table(textOf(values['@source_schema']), textOf(values['@source_name']));
  if (table === undefined) throw errors.captureTableMissing(full);
  const name = cdc.fold(textOf(values['@capture_instance']));
  const gone = cdc
    .instancesOf(table)
    .filter((instance) => name.toLowerCase() === 'all' || cdc.fold(instance.name) === name);
  if (gone.length === 0) throw errors.captureInstanceMissing(textOf(values['@capture_instance']), full);
  dropCaptures(cdc, gone, transaction);
  state.version++;
}

export function dropCaptures(
  cdc: CdcDatabase,
  gone: readonly CaptureInstance[],
  transaction: ProcedureCall['transaction'],
): void {
  for (const instance of gone) {
    cdc.instances.delete(cdc.fold(instance.name));
    transaction.onRollback(() => cdc.instances.set(cdc.fold(instance.name), instance));
  }
}
