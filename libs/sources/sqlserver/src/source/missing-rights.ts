/** Which GRANT is missing when SQL Server refuses to show a table's changes: the error itself does not say. */
import { DStreamError, tableName, type CallOptions, type TableId } from '@dstream/core';
import type { SqlClient } from '../client/sql-client.ts';
import { sqlNumbers } from '../client/translate-error.ts';
import { quoteName } from '../sql/quote.ts';
import { gatingRoleStatement, rightsStatement } from '../sql/rights-statement.ts';

/** PermissionDenied with what a person must run. @param captureInstance the one that is read, as far as it is known */
export async function missingRights(
  client: SqlClient,
  table: TableId,
  captureInstance: string | undefined,
  cause: DStreamError,
  o: CallOptions,
): Promise<DStreamError> {
  const grant = await missing(client, table, captureInstance, o);
  // Ten zero bytes for a low-water mark may also mean that the instance is gone: the error says so.
  if (grant === undefined && sqlNumbers(cause).length === 0) return cause;
  const what = grant ?? 'GRANT SELECT ON SCHEMA::cdc TO it, and on all captured columns';
  return new DStreamError(
    'PermissionDenied',
    `the login may not read the changes of ${tableName(table)}: ${what}; then it is read again by itself`,
    { cause },
  );
}

/** The first that is missing: what lies behind it can be asked only when it is there. */
async function missing(
  client: SqlClient,
  { schema, table }: TableId,
  captureInstance: string | undefined,
  o: CallOptions,
): Promise<string | undefined> {
  const name = `${quoteName(schema)}.${quoteName(table)}`;
  const [[rights = []] = []] = await client.query(rightsStatement(schema, table), o);
  if (rights[0] !== 1) return 'GRANT SELECT ON SCHEMA::cdc TO it';
  const role = captureInstance === undefined ? undefined : await gatingRole(client, captureInstance, o);
  if (role !== undefined)
    return `it is not in the gating role of the capture instance: ALTER ROLE ${quoteName(role)} ADD MEMBER it`;
  return rights[1] === 1 ? undefined : `GRANT SELECT ON ${name} TO it, or on all of its captured columns`;
}

/** The role that we lack. */
async function gatingRole(
  client: SqlClient,
  captureInstance: string,
  o: CallOptions,
): Promise<string | undefined> {
  const [[[role, member] = []] = []] = await client.query(gatingRoleStatement(captureInstance), o);
  return typeof role === 'string' && member !== 1 ? role : undefined;
}
