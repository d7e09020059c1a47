/** sys.sp_cdc_enable_table: makes a capture instance. */
import type { SqlValue } from '../interface/engine-session.ts';
import { errors } from '../errors/errors.ts';
import type { ProcedureCall } from '../query/procedure.ts';
import { splitName } from '../query/split-name.ts';
import { textOf } from '../query/text-of.ts';
import { type Index, sameName, type Table } from '../storage/table.ts';
import { type CapturedColumn, CaptureInstance } from '../storage/capture-instance.ts';
import { enabledCdc } from './enabled-database.ts';

/** Errors 22931, 22926, 22962, 22929, 22923, 22939. */
export function enableTable(call: ProcedureCall): void {
  const { database, state, transaction, values } = call;
  const cdc = enabledCdc(database);
  const [schema, source] = [textOf(values['@source_schema']), textOf(values['@source_name'])];
  const table = database.table(schema, source);
  const full = `${schema}.${source}`;
  if (table === undefined) throw errors.captureTableMissing(full);
  const name = textOf(values['@capture_instance']) || `${table.schema}_${table.name}`;
  if (cdc.instance(name) !== undefined) throw errors.captureNameTaken(name);
  if (cdc.instancesOf(table).length >= 2) throw errors.captureTwoInstances(full);
  const index = identifyingIndex(table, values['@index_name'], full);
  const net = values['@supports_net_changes'];
  if (net === true && index === undefined) throw errors.captureNetChangesKey(full);
  const instance = new CaptureInstance({
    name,
    table,
    objectId: state.newObjectId(),
    columns: capturedColumns(table, values['@captured_column_list'], full),
    supportsNetChanges: typeof net === 'boolean' ? net : index !== undefined,
    roleName: typeof values['@role_name'] === 'string' ? values['@role_name'] : null,
    indexName: index?.name ?? null,
    indexColumns: (index?.columns ?? []).map((column) => ({
      name: column,
      columnId: table.columns[table.position(column) ?? -1]?.id ?? 0,
    })),
    createdMs: state.nowMs(),
    createdLsn: database.log.commit(),
  });
  if (instance.roleName !== null) makeRole(instance.roleName, call);
  cdc.instances.set(cdc.fold(name), instance);
  transaction.onRollback(() => cdc.instances.delete(cdc.fold(name)));
  // Enabling is itself a transaction that the scan of the log meets: the max LSN is never below the new low-water mark.
  cdc.add({ lsn: instance.createdLsn, beginMs: state.nowMs(), endMs: state.nowMs(), transactionId: 0n }, []);
  state.capture(database);
  state.version++;
}

/** A gating role that is not there is made ("sys.sp_cdc_enable_table", @role_name). */
function makeRole(name: string, { database, transaction }: ProcedureCall): void {
  const { security } = database;
  if (security.has(name)) return;
  security.addRole(name);
  transaction.onRollback(() => security.remove(name));
}

function identifyingIndex(table: Table, given: SqlValue | undefined, full: string): Index | undefined {
  if (typeof given !== 'string') return table.primaryKey;
  const found = table.indexes.find((index) => index.unique && sameName(table, index.name, given));
  if (found === undefined) throw errors.captureIndexMissing(given, full);
  return found;
}

function capturedColumns(table: Table, list: SqlValue | undefined, full: string): readonly CapturedColumn[] {
  const wanted =
    typeof list === 'string'
      ? list.split(/,(?![^[]*\])/).map((item) => splitName(item.trim())[0]?.trim() ?? '')
      : undefined;
  const missing = wanted?.find((name) => table.position(name) === undefined);
  if (missing !== undefined) throw errors.captureColumnMissing(missing, full);
  return table.columns
    .filter((column) => wanted === undefined || wanted.some((name) => sameName(table, column.name, name)))
    .map(({ name, type, id, computed }, i) => ({
      name,
      type,
      columnId: id,
      ordinal: i + 1,
      computed: computed !== undefined,
    }));
}
