/** sys.sp_cdc_*: switching capture on and off, its jobs, and cleanup. */
import { errors } from '../errors/errors.ts';
import type { Procedure, ProcedureCall } from '../query/procedure.ts';
import { textOf } from '../query/text-of.ts';
import { lsnFromBytes } from '../storage/log-sequence.ts';
import { disableTable } from './disable-table.ts';
import { disableDatabase, enableDatabase } from './enable-database.ts';
import { enableTable } from './enable-table.ts';
import { enabledCdc } from './enabled-database.ts';
import { addJob, changeJob, dropJob, jobParameters, setCapture } from './job-procedures.ts';
import { BIGINT, BIT, LIST, LSN, NAME } from './procedure-types.ts';

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
  sp_cdc_add_job: { parameters: jobParameters('@start_job'), writes: false, run: addJob },
  sp_cdc_change_job: { parameters: jobParameters(), writes: false, run: changeJob },
  sp_cdc_drop_job: { parameters: [{ name: '@job_type', type: NAME }], writes: false, run: dropJob },
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
};

/** NULL leaves the low-water mark where it is. Error 22964 for an LSN that was never a commit. */
function cleanup({ database, values }: ProcedureCall): void {
  const cdc = enabledCdc(database);
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
