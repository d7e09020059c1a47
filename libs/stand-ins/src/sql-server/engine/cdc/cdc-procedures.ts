/** sys.sp_cdc_*: switching capture on and off, cleanup, and what there is. */
import type { SqlType, SqlValue } from '../engine-session.ts';
import { errors } from '../errors.ts';
import type { Procedure, ProcedureCall } from '../exec/procedure.ts';
import { textOf } from '../query/text-of.ts';
import { splitName } from '../query/engine-functions.ts';
import type { Database } from '../storage/database.ts';
import { lsnFromBytes, lsnToBytes } from '../storage/log-sequence.ts';
import type { Index, Table } from '../storage/table.ts';
import { CaptureInstance, type CapturedColumn } from './capture-instance.ts';
import { CdcDatabase } from './cdc-database.ts';

const NAME: SqlType = { name: 'nvarchar', length: 128 };
const LIST: SqlType = { name: 'nvarchar', length: 'max' };
const BIT: SqlType = { name: 'bit' };
const BIGINT: SqlType = { name: 'bigint' };
const LSN: SqlType = { name: 'binary', length: 10 };

export const CDC_PROCEDURES: Readonly<Record<string, Procedure>> = {
  sp_cdc_enable_db: { parameters: [], writes: true, run: enableDatabase },
  sp_cdc_disable_db: { parameters: [], writes: true, run: disableDatabase },
  sp_cdc_enable_table: {
    parameters: [
      { name: '@source_schema', type: NAME, required: true },
      { name: '@source_name', type: NAME, required: true },
      { name: '@capture_instance', type: NAME },
      { name: '@supports_net_changes', type: BIT },
      { name: '@role_name', type: NAME, required: true },
      { name: '@index_name', type: NAME },
      { name: '@captured_column_list', type: LIST },
      { name: '@filegroup_name', type: NAME },
      { name: '@allow_partition_switch', type: BIT },
    ],
    writes: true,
    run: enableTable,
  },
  sp_cdc_disable_table: {
    parameters: [
      { name: '@source_schema', type: NAME, required: true },
      { name: '@source_name', type: NAME, required: true },
      { name: '@capture_instance', type: NAME, required: true },
    ],
    writes: true,
    run: disableTable,
  },
  sp_cdc_cleanup_change_table: {
    parameters: [
      { name: '@capture_instance', type: NAME, required: true },
      { name: '@low_water_mark', type: LSN, required: true },
      { name: '@threshold', type: BIGINT },
    ],
    writes: true,
    run: cleanup,
  },
  sp_cdc_add_job: { parameters: jobParameters('@start_job'), writes: false, run: requireEnabled },
  sp_cdc_change_job: { parameters: jobParameters(), writes: false, run: changeJob },
  sp_cdc_drop_job: { parameters: [{ name: '@job_type', type: NAME }], writes: false, run: requireEnabled },
  sp_cdc_start_job: {
    parameters: [{ name: '@job_type', type: NAME }],
    writes: false,
    run: (call) => setCapture(call, true),
  },
  sp_cdc_stop_job: {
    parameters: [{ name: '@job_type', type: NAME }],
    writes: false,
    run: (call) => setCapture(call, false),
  },
  sp_cdc_help_change_data_capture: {
    parameters: [
      { name: '@source_schema', type: NAME },
      { name: '@source_name', type: NAME },
    ],
    writes: false,
    run: help,
  },
};

function jobParameters(...more: readonly string[]): Procedure['parameters'] {
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

/** Error 22901. */
function enabled(database: Database): CdcDatabase {
  if (database.cdc === undefined) throw errors.databaseNotEnabled(database.name);
  return database.cdc;
}

function requireEnabled({ database }: ProcedureCall): void {
  enabled(database);
}

/** The capture job is one for the whole server: stopping it anywhere stops it everywhere. */
function setCapture({ database, state, values }: ProcedureCall, runs: boolean): void {
  enabled(database);
  if (textOf(values['@job_type']).toLowerCase() === 'cleanup') return;
  state.captureRuns = runs;
  state.captureAll();
}

function changeJob({ database, values }: ProcedureCall): void {
  const cdc = enabled(database);
  if (typeof values['@retention'] === 'bigint') cdc.retentionMinutes = Number(values['@retention']);
  if (typeof values['@pollinginterval'] === 'bigint') cdc.pollingSeconds = Number(values['@pollinginterval']);
}

function enableDatabase({ database, state, transaction }: ProcedureCall): void {
  if (database.system) throw errors.databaseCannotEnable(database.name);
  if (database.cdc !== undefined) throw errors.databaseAlreadyEnabled(database.name);
  database.cdc = new CdcDatabase();
  const hadSchema = database.schema('cdc') !== undefined;
  if (!hadSchema) database.addSchema('cdc');
  state.version++;
  transaction.onRollback(() => {
    database.cdc = undefined;
    if (!hadSchema) database.schemas.delete('cdc');
  });
}

function disableDatabase({ database, state, transaction }: ProcedureCall): void {
  const cdc = enabled(database);
  database.cdc = undefined;
  database.schemas.delete('cdc');
  state.version++;
  transaction.onRollback(() => {
    database.cdc = cdc;
    database.addSchema('cdc');
  });
}

/** Errors 22931, 22926, 22962, 22929, 22923, 22939. */
function enableTable(call: ProcedureCall): void {
  const { database, state, transaction, values } = call;
  const cdc = enabled(database);
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
  cdc.instances.set(name.toLowerCase(), instance);
  transaction.onRollback(() => cdc.instances.delete(name.toLowerCase()));
  // Enabling is itself a transaction that the scan of the log meets: the max LSN is never below the new low-water mark.
  cdc.add({ lsn: instance.createdLsn, beginMs: state.nowMs(), endMs: state.nowMs(), transactionId: 0n }, []);
  state.capture(database);
  state.version++;
}

function identifyingIndex(table: Table, given: SqlValue | undefined, full: string): Index | undefined {
  if (typeof given !== 'string') return table.primaryKey;
  const found = table.indexes.find(
    (index) => index.unique && index.name.toLowerCase() === given.toLowerCase(),
  );
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
  const lower = wanted?.map((name) => name.toLowerCase());
  return table.columns
    .filter((column) => lower === undefined || lower.includes(column.name.toLowerCase()))
    .map(({ name, type, id, computed }, i) => ({
      name,
      type,
      columnId: id,
      ordinal: i + 1,
      computed: computed !== undefined,
    }));
}

/** `all` names every instance of the table. Error 22960. */
function disableTable({ database, state, transaction, values }: ProcedureCall): void {
  const cdc = enabled(database);
  const full = `${textOf(values['@source_schema'])}.${textOf(values['@source_name'])}`;
  const table = database.table(textOf(values['@source_schema']), textOf(values['@source_name']));
  if (table === undefined) throw errors.captureTableMissing(full);
  const name = textOf(values['@capture_instance']).toLowerCase();
  const gone = cdc
    .instancesOf(table)
    .filter((instance) => name === 'all' || instance.name.toLowerCase() === name);
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
    cdc.instances.delete(instance.name.toLowerCase());
    transaction.onRollback(() => cdc.instances.set(instance.name.toLowerCase(), instance));
  }
}

/** NULL leaves the low-water mark where it is. Error 22964 for an LSN that was never a commit. */
function cleanup({ database, values }: ProcedureCall): void {
  const cdc = enabled(database);
  const name = textOf(values['@capture_instance']);
  const instance = cdc.instance(name);
  if (instance === undefined) throw errors.captureInstanceMissing(name, name);
  const mark = values['@low_water_mark'];
  if (!(mark instanceof Uint8Array)) return;
  const lsn = lsnFromBytes(mark);
  if (cdc.mapping[cdc.mappingAt(lsn)]?.lsn !== lsn)
    throw errors.cleanupLowWaterMark(`0x${Buffer.from(mark).toString('hex').toUpperCase()}`);
  cdc.cleanUp(instance, lsn);
}

function help(call: ProcedureCall): void {
  const { database, values } = call;
  const cdc = enabled(database);
  const column = (name: string, type: SqlType) => ({ name, type, nullable: true });
  const wantedSchema = values['@source_schema'];
  const wantedName = values['@source_name'];
  call.emit({
    kind: 'columns',
    columns: [
      column('source_schema', NAME),
      column('source_table', NAME),
      column('capture_instance', NAME),
      column('object_id', { name: 'int' }),
      column('source_object_id', { name: 'int' }),
      column('start_lsn', LSN),
      column('end_lsn', LSN),
      column('supports_net_changes', BIT),
      column('has_drop_pending', BIT),
      column('role_name', NAME),
      column('index_name', NAME),
      column('filegroup_name', NAME),
      column('index_column_list', LIST),
      column('captured_column_list', LIST),
    ],
  });
  let count = 0;
  for (const instance of cdc.instances.values()) {
    if (
      typeof wantedSchema === 'string' &&
      instance.table.schema.toLowerCase() !== wantedSchema.toLowerCase()
    )
      continue;
    if (typeof wantedName === 'string' && instance.table.name.toLowerCase() !== wantedName.toLowerCase())
      continue;
    count++;
    call.emit({ kind: 'row', values: helpRow(instance) });
  }
  call.emit({ kind: 'done', count, inProcedure: true });
}

function helpRow(instance: CaptureInstance): readonly SqlValue[] {
  const quoted = (columns: readonly { readonly name: string }[]): string =>
    columns.map(({ name }) => `[${name}]`).join(', ');
  return [
    instance.table.schema,
    instance.table.name,
    instance.name,
    instance.objectId,
    instance.table.id,
    lsnToBytes(instance.lowLsn),
    null,
    instance.supportsNetChanges,
    null,
    instance.roleName,
    instance.indexName,
    null,
    instance.indexColumns.length === 0 ? null : quoted(instance.indexColumns),
    quoted(instance.columns),
  ];
}
