/**
 * Finds the cause of an error of reading, by queries to the catalogue. A range that is out of bounds (313) and a
 * missing object or column may mean that history was cleaned up, or that CDC or the capture instance is gone; a
 * permission error does not name the missing permission.
 */
import { DStreamError, tableName, type CallOptions, type Log, type TableId } from '@dstream/core';
import type { SqlClient } from '../client/sql-client.ts';
import { badRange, invalidColumn, invalidObject } from '../client/sql-errors.ts';
import { sqlNumbers } from '../client/sql-errors.ts';
import { neededFrom, type LogPosition } from '../position/log-position.ts';
import { quoteName } from '../client/sql-client.ts';
import { nameParameter, type Statement } from '../client/sql-client.ts';
import { creationOf } from '../sql/catalogue.ts';
import { createdAnew, gapBelow, missingBefore } from './gap.ts';
import type { TableInstances } from './table-instances.ts';

/** The table whose reading failed. */
export interface ReadTable {
  readonly client: SqlClient;
  readonly table: TableId;
  readonly instances: TableInstances;
  readonly log: Log;
}

/** The error that a person or the caller can act on: CaptureChanged means that reading again is enough. What cannot be queried leaves the error as it is. */
export async function diagnose(
  error: unknown,
  position: LogPosition | undefined,
  of: ReadTable,
  o: CallOptions,
): Promise<unknown> {
  if (!(error instanceof DStreamError)) return error;
  if (error.code === 'HistoryLost' && position !== undefined) return lostHistory(error, position, of, o);
  if (error.code === 'PermissionDenied') return deniedPermission(error, of, o);
  if (!sqlNumbers(error).some((n) => n === badRange || n === invalidObject || n === invalidColumn))
    return error;
  return changedCapture(error, position, of, o);
}

async function changedCapture(
  error: DStreamError,
  position: LogPosition | undefined,
  of: ReadTable,
  o: CallOptions,
): Promise<DStreamError> {
  const { client, table, instances } = of;
  instances.forget();
  const { captureInstance, startLsn } = await instances.select(position, o);
  const gap = position && gapBelow(table, position, { captureInstance, low: startLsn });
  if (gap !== undefined && position !== undefined) return lostHistory(gap, position, of, o);
  const [name, numbers] = [tableName(table), sqlNumbers(error)];
  if (
    numbers.includes(invalidObject) &&
    (await lacks('__$start_lsn', captureInstance, invalidObject, client, o))
  )
    return changeTableGone(name, captureInstance, error);
  if (position?.mode === 'direct' && numbers.includes(invalidColumn))
    if (await lacks('__$command_id', captureInstance, invalidColumn, client, o))
      return noCommandId(name, captureInstance, error);
  const changed = `the capture of ${name} changed while it was read; reading it again`;
  return new DStreamError('CaptureChanged', changed, { cause: error });
}

/** Distinguishes an instance that was created anew from one that was cleaned up. */
async function lostHistory(
  error: DStreamError,
  position: LogPosition,
  { client, table, instances, log }: ReadTable,
  o: CallOptions,
): Promise<DStreamError> {
  try {
    instances.forget();
    const { captureInstance, startLsn } = await instances.select(position, o);
    const creation = await creationOf(client, captureInstance, neededFrom(position), o);
    if (creation === undefined || !createdAnew(creation)) return error;
    const at = new Date(creation.createdAtMs).toISOString();
    return missingBefore(table, position, { captureInstance, low: startLsn }, at);
  } catch (cause) {
    o.signal.throwIfAborted();
    log.debug('could not query why history is lost', { error: cause });
    return error;
  }
}

async function deniedPermission(
  error: DStreamError,
  { client, table, instances, log }: ReadTable,
  o: CallOptions,
): Promise<DStreamError> {
  try {
    return await missingPermission(client, table, instances.captureInstance, error, o);
  } catch (cause) {
    o.signal.throwIfAborted();
    log.debug('could not query which permission is missing', { error: cause });
    return error;
  }
}

/**
 * Whether a query for a column of an instance's change table fails with `number`. `OBJECT_ID` would depend on who may see
 * metadata.
 */
async function lacks(
  column: string,
  captureInstance: string,
  number: number,
  client: SqlClient,
  o: CallOptions,
): Promise<boolean> {
  const text = `SELECT TOP (0) [${column}] FROM [cdc].${quoteName(`${captureInstance}_CT`)}`;
  try {
    await client.query({ text, parameters: [] }, o);
    return false;
  } catch (error) {
    if (sqlNumbers(error).includes(number)) return true;
    throw error;
  }
}

function changeTableGone(name: string, captureInstance: string, cause: DStreamError): DStreamError {
  return new DStreamError(
    'TableNotCaptured',
    `the capture instance ${captureInstance} of ${name} is registered, but its change table is gone: run ` +
      'sys.sp_cdc_disable_table and sys.sp_cdc_enable_table for it',
    { cause },
  );
}

/** Change tables that an older SQL Server made do not have `__$command_id`, which direct mode orders by. */
function noCommandId(name: string, captureInstance: string, cause: DStreamError): DStreamError {
  return new DStreamError(
    'TableNotCaptured',
    `the change table of the capture instance ${captureInstance} of ${name} has no __$command_id: it was made by an older SQL Server ` +
      'and cannot be read directly; set read.mode to "functions", or add a second capture instance and drop this one when it was read to its end',
    { cause },
  );
}

/** PermissionDenied with what a person must run. @param captureInstance the one that is read, as far as it is known */
async function missingPermission(
  client: SqlClient,
  table: TableId,
  captureInstance: string | undefined,
  cause: DStreamError,
  o: CallOptions,
): Promise<DStreamError> {
  const grant = await missingGrant(client, table, captureInstance, o);
  // Ten zero bytes for a low-water mark may also mean that the instance is gone: the error names both causes.
  if (grant === undefined && sqlNumbers(cause).length === 0) return cause;
  const what = grant ?? `run ${grantOnCdc} and ${grantOn(table)}`;
  return new DStreamError(
    'PermissionDenied',
    `the login may not read the changes of ${tableName(table)}: ${what}; the table resumes automatically after the grant`,
    { cause },
  );
}

const grantOnCdc = 'GRANT SELECT ON SCHEMA::cdc TO [USER]';

function grantOn({ schema, table }: TableId): string {
  return `GRANT SELECT ON ${quoteName(schema)}.${quoteName(table)} TO [USER]`;
}

/** The first that is missing, with the statement that grants it: the later ones can be queried only when it was granted. */
async function missingGrant(
  client: SqlClient,
  table: TableId,
  captureInstance: string | undefined,
  o: CallOptions,
): Promise<string | undefined> {
  const [[rights = []] = []] = await client.query(permissionsStatement(table), o);
  if (rights[0] !== 1) return `run ${grantOnCdc}`;
  const role = captureInstance === undefined ? undefined : await gatingRole(client, captureInstance, o);
  if (role !== undefined)
    return `it is not in the gating role of the capture instance; run ALTER ROLE ${quoteName(role)} ADD MEMBER [USER]`;
  return rights[1] === 1 ? undefined : `run ${grantOn(table)}, or grant all of its captured columns`;
}

/** The gating role, unless the login is a member. */
async function gatingRole(
  client: SqlClient,
  captureInstance: string,
  o: CallOptions,
): Promise<string | undefined> {
  const [[[role, member] = []] = []] = await client.query(gatingRoleStatement(captureInstance), o);
  return typeof role === 'string' && member !== 1 ? role : undefined;
}

/**
 * Whether we may read the schema cdc, and the table. Querying the catalogue of CDC does not help: it is in that schema.
 */
function permissionsStatement({ schema, table }: TableId): Statement {
  return {
    text:
      "SELECT HAS_PERMS_BY_NAME(N'cdc', N'SCHEMA', N'SELECT') AS [cdc],\n" +
      "  HAS_PERMS_BY_NAME(QUOTENAME(@schema) + N'.' + QUOTENAME(@table), N'OBJECT', N'SELECT') AS [table]",
    parameters: [nameParameter('schema', schema), nameParameter('table', table)],
  };
}

/** The gating role of a capture instance, NULL without one, and whether we are in it. */
function gatingRoleStatement(captureInstance: string): Statement {
  return {
    text:
      'SELECT c.[role_name], IS_MEMBER(c.[role_name]) AS [member]\n' +
      'FROM [cdc].[change_tables] AS c WHERE c.[capture_instance] = @instance',
    parameters: [nameParameter('instance', captureInstance)],
  };
}
