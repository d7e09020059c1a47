/** sys.sp_cdc_help_jobs and sys.sp_cdc_get_captured_columns. */
import { listing } from '../catalogue/listing.ts';
import { characterLength, precisionOf, scaleOf } from '../values/basic/type-ids.ts';
import { types } from '../catalogue/view.ts';
import type { SqlType } from '../interface/engine-session.ts';
import { errors } from '../errors/errors.ts';
import { textOf } from '../query/text-of.ts';
import { mayReadCapture } from '../security/capture-access.ts';
import { familyOf } from '../values/index.ts';
import { enabledCdc } from '../cdc/enabled-database.ts';
import { jobDefaults, jobName } from '../storage/capture-jobs.ts';
import { BIGINT, BIT, NAME } from '../cdc/procedure-types.ts';

export const helpJobs = listing(
  [],
  {
    job_id: types.guid,
    job_type: { name: 'nvarchar', length: 20 },
    job_name: NAME,
    maxtrans: types.int,
    maxscans: types.int,
    continuous: BIT,
    pollinginterval: BIGINT,
    retention: BIGINT,
    threshold: BIGINT,
  },
  function* ({ database }) {
    const { jobs, pollingSeconds, retentionMinutes, continuous } = enabledCdc(database);
    const [capture, cleanup] = [jobs.get('capture'), jobs.get('cleanup')];
    const common = {
      maxtrans: 0,
      maxscans: 0,
      continuous: false,
      pollinginterval: 0n,
      retention: 0n,
      threshold: 0n,
    };
    if (capture !== undefined)
      yield {
        ...common,
        job_id: capture.id,
        job_type: 'capture',
        job_name: jobName(database.name, 'capture'),
        maxtrans: jobDefaults.maxtrans,
        maxscans: jobDefaults.maxscans,
        continuous,
        pollinginterval: BigInt(pollingSeconds),
      };
    if (cleanup !== undefined)
      yield {
        ...common,
        job_id: cleanup.id,
        job_type: 'cleanup',
        job_name: jobName(database.name, 'cleanup'),
        retention: BigInt(retentionMinutes),
        threshold: jobDefaults.threshold,
      };
  },
);

/** Error 22981 for an instance that is not there or may not be read. */
export const getCapturedColumns = listing(
  [{ name: '@capture_instance', type: NAME, required: true }],
  {
    source_schema: NAME,
    source_table: NAME,
    capture_instance: NAME,
    column_name: NAME,
    column_id: types.int,
    ordinal_position: types.int,
    data_type: NAME,
    character_maximum_length: types.int,
    numeric_precision: types.tinyint,
    numeric_precision_radix: types.smallint,
    numeric_scale: types.int,
    datetime_precision: types.smallint,
  },
  function* ({ database, access, values }) {
    const instance = enabledCdc(database).instance(textOf(values['@capture_instance']));
    if (instance === undefined || !mayReadCapture(access, instance)) throw errors.captureNotVisible();
    for (const { name, columnId, ordinal, type } of instance.columns)
      yield {
        source_schema: instance.table.schema,
        source_table: instance.table.name,
        capture_instance: instance.name,
        column_name: name,
        column_id: columnId,
        ordinal_position: ordinal,
        data_type: type.name,
        ...describe(type),
      };
  },
);

function describe(type: SqlType) {
  const family = familyOf(type);
  if (family === 'moment') return { datetime_precision: scaleOf(type) };
  if (family === 'character' || family === 'binary')
    return { character_maximum_length: characterLength(type) };
  if (family === 'float') return { numeric_precision: precisionOf(type), numeric_precision_radix: 2 };
  if (!['integer', 'decimal', 'money'].includes(family)) return {};
  return { numeric_precision: precisionOf(type), numeric_precision_radix: 10, numeric_scale: scaleOf(type) };
}
