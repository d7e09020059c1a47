/** What the catalogue says about a table's capture instances: asked once, and again when something has changed. */
import { DStreamError, tableName, type CallOptions, type TableId } from '@dstream/core';
import type { SqlClient } from '../client/sql-client.ts';
import { invalidObject } from '../client/sql-errors.ts';
import { sqlNumbers } from '../client/translate-error.ts';
import { lsnOf, type Lsn } from '../position/log-position.ts';
import type { CaptureInstance } from '../sql/capture-instance.ts';
import {
  changeTableStatement,
  creationStatement,
  instancesStatement,
  tablesStatement,
  tableStatement,
} from '../sql/catalogue-statements.ts';
import { utcMs } from './commit-times.ts';
import type { Creation } from './gap.ts';
import type { CatalogueTable } from './table-settings.ts';

export interface CataloguedDatabase {
  /** In the catalogue's spelling. */
  readonly database: string;
  readonly tables: readonly CatalogueTable[];
}

/** All user tables. @param database its name as configured, for messages */
export async function tablesOfDatabase(
  client: SqlClient,
  database: string,
  o: CallOptions,
): Promise<CataloguedDatabase> {
  const [own = [], tables = []] = await client.query(tablesStatement, o);
  return {
    database: String(theRow(own, database)[0]),
    tables: tables.map(([schema, table, captured]) => ({
      schema: String(schema),
      table: String(table),
      captured: captured === true,
    })),
  };
}

/** A table's capture instances, the oldest first: SQL Server allows two. */
export type CaptureInstances = readonly [CaptureInstance, ...CaptureInstance[]];

/**
 * Undefined while none of the table's instances has begun: it is captured, but its first LSN is not known yet. Throws
 * CdcNotEnabled, TableNotFound or TableNotCaptured: faults that a person mends.
 */
export async function captureInstancesOf(
  client: SqlClient,
  table: TableId,
  o: CallOptions,
): Promise<CaptureInstances | undefined> {
  const [own = [], [found] = []] = await client.query(tableStatement(table.schema, table.table), o);
  const name = `the table ${tableName(table)} of the database "${table.database}"`;
  if (theRow(own, table.database)[0] !== true)
    throw new DStreamError(
      'CdcNotEnabled',
      `change data capture is not enabled on the database "${table.database}": run sys.sp_cdc_enable_db in it`,
    );
  if (found === undefined)
    throw new DStreamError(
      'TableNotFound',
      `${name} does not exist, or the login cannot see it: mend the name under tables, or grant SELECT on it`,
    );
  const instances = found[0] === true ? await readInstances(client, table, o) : [];
  if (instances.length === 0)
    throw new DStreamError('TableNotCaptured', `${name} is not captured: run sys.sp_cdc_enable_table for it`);
  const [first, ...others] = instances.filter(hasBegun);
  return first && [first, ...others];
}

/** `start_lsn` of `cdc.change_tables`: "NULL = the low endpoint hasn't been established". */
type Catalogued = Omit<CaptureInstance, 'startLsn'> & { readonly startLsn: Lsn | undefined };

function hasBegun(instance: Catalogued): instance is CaptureInstance {
  return instance.startLsn !== undefined;
}

async function readInstances(client: SqlClient, table: TableId, o: CallOptions): Promise<Catalogued[]> {
  const [instances = [], columns = [], keys = []] = await client.query(
    instancesStatement(table.schema, table.table),
    o,
  );
  return instances.map(([name, startLsn, updates]) => ({
    name: String(name),
    startLsn: Buffer.isBuffer(startLsn) ? lsnOf(startLsn) : undefined,
    columnUpdates: Number(updates),
    columns: columns
      .filter(([instance]) => instance === name)
      .map(([, column, type, ordinal, computed, maxBytes]) => ({
        name: String(column),
        type: String(type),
        ordinal: Number(ordinal),
        computed: computed === true,
        maxBytes: Number(maxBytes ?? 0),
      })),
    key: keys.filter(([instance]) => instance === name).map(([, column]) => String(column)),
  }));
}

/** What is known of an instance's creation, and when that was, UTC; undefined when the instance is gone. */
export async function creationOf(
  client: SqlClient,
  captureInstance: string,
  from: Lsn,
  o: CallOptions,
): Promise<Creation | undefined> {
  const [[row] = []] = await client.query(creationStatement(captureInstance, from), o);
  if (row === undefined) return undefined;
  const [created, minutes, next, isTransaction] = row;
  const ms = (local: unknown) => (local instanceof Date ? utcMs(local, Number(minutes)) : undefined);
  return {
    createdAtMs: ms(created) ?? 0,
    nextAtMs: ms(next),
    lowIsTransaction: isTransaction === 1,
  };
}

/** Whether an instance that the catalogue still names has lost its change table. */
export async function isChangeTableGone(
  client: SqlClient,
  captureInstance: string,
  o: CallOptions,
): Promise<boolean> {
  try {
    await client.query(changeTableStatement(captureInstance), o);
    return false;
  } catch (error) {
    if (sqlNumbers(error).includes(invalidObject)) return true;
    throw error;
  }
}

/** "The database to which the caller is connected can always be viewed in sys.databases": so its row is there. */
function theRow(rows: readonly (readonly unknown[])[], database: string): readonly unknown[] {
  const [row] = rows;
  if (row !== undefined) return row;
  throw new DStreamError(
    'Unexpected',
    `sys.databases has no row for the database "${database}" that we are connected to: whether it has change data capture is not known`,
  );
}
