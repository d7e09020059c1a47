/** Queries the catalogue for tables and their capture instances: once, and again when something has changed. */
import { DStreamError, tableName, type CallOptions, type TableId } from '@dstream/core';
import { lsnParameter, nameParameter, type SqlClient, type Statement } from '../client/sql-client.ts';
import { lsnOf, type Lsn } from '../position/log-position.ts';
import { minutesToUtc, utcMs } from './commit-times.ts';

/** A column of a capture instance ("cdc.captured_columns"). */
export interface CapturedColumn {
  readonly name: string;
  /** `column_type` of `cdc.captured_columns`. */
  readonly type: string;
  /** `column_ordinal`: its bit in the update mask. */
  readonly ordinal: number;
  /** `max_length` of the change table's column, in bytes; -1 for the max types, 0 where it is not known. */
  readonly maxBytes?: number;
  /** Computed columns are always NULL in a change table and are left out. */
  readonly computed: boolean;
}

/** A capture instance as the catalogue describes it: never the table itself, which may have changed since. */
export interface CaptureInstance {
  readonly name: string;
  /** `start_lsn` of `cdc.change_tables`: the low endpoint of what is kept; cleanup moves it. */
  readonly startLsn: Lsn;
  readonly columns: readonly CapturedColumn[];
  /** How often capture has altered a column of the change table, because that of the table was. See `columnUpdates`. */
  readonly columnUpdates: number;
  /** Names of the key columns in the order of `cdc.index_columns`; empty without a key. */
  readonly key: readonly string[];
}

/** A table as the catalogue spells it. */
export interface CatalogueTable {
  readonly schema: string;
  readonly table: string;
  readonly captured: boolean;
}

/** The tables that a database has. */
export interface CataloguedDatabase {
  /** Its name, in the catalogue's spelling. */
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
 * CdcNotEnabled, TableNotFound or TableNotCaptured: faults that a person must fix.
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
      `${name} does not exist, or the login cannot see it: correct the name under tables, or grant SELECT on it`,
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

/** Distinguishes an instance that was created after a position from one that was cleaned up past it. Milliseconds, one clock. */
export interface Creation {
  readonly createdAtMs: number;
  /** Commit time of the first transaction from the position on, of those whose times are kept. */
  readonly nextAtMs: number | undefined;
  /** Cleanup moves the low-water mark to a transaction of `cdc.lsn_time_mapping` ("sys.sp_cdc_cleanup_change_table"). */
  readonly lowIsTransaction: boolean;
}

/** When an instance was created, and what was committed from `from` on. Undefined when the instance is gone. */
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

/** "The database to which the caller is connected can always be viewed in sys.databases": so its row is there. */
function theRow(rows: readonly (readonly unknown[])[], database: string): readonly unknown[] {
  const [row] = rows;
  if (row !== undefined) return row;
  throw new DStreamError(
    'Unexpected',
    `sys.databases has no row for the database "${database}" that we are connected to: whether it has change data capture is not known`,
  );
}

/**
 * The row of the database that we are in. By name: on Azure SQL Database `DB_ID()` is not the number that
 * `sys.databases` shows there ("DB_ID", remarks).
 */
const ownRow = 'FROM sys.databases AS d WHERE d.[name] = DB_NAME()';

/** Result sets: the database's name as the catalogue spells it, and all user tables. */
const tablesStatement: Statement = {
  text: [
    `SELECT d.[name] ${ownRow}`,
    'SELECT s.[name] AS [schema], t.[name] AS [table], t.[is_tracked_by_cdc]\n' +
      'FROM sys.tables AS t JOIN sys.schemas AS s ON s.[schema_id] = t.[schema_id]\n' +
      'ORDER BY s.[name], t.[name]',
  ].join(';\n'),
  parameters: [],
};

const theTable =
  'JOIN sys.schemas AS s ON s.[schema_id] = t.[schema_id]\nWHERE s.[name] = @schema AND t.[name] = @table';

/** Result sets: whether the database has CDC, and the table with whether it is captured. */
function tableStatement(schema: string, table: string): Statement {
  return {
    text: [
      `SELECT d.[is_cdc_enabled] ${ownRow}`,
      `SELECT t.[is_tracked_by_cdc] FROM sys.tables AS t ${theTable}`,
    ].join(';\n'),
    parameters: [nameParameter('schema', schema), nameParameter('table', table)],
  };
}

/**
 * The type of the change table's own column, which capture alters with the table's: the system type, also for an alias
 * type; of CLR types (240) the type itself. Names in catalogue views have the catalogue's collation, those in tables of the
 * schema cdc the database's: where these differ (Azure SQL Database, contained databases) comparing them is error 468.
 */
export const storedColumn =
  'LEFT JOIN sys.columns AS x ON x.[object_id] = c.[object_id] AND x.[name] COLLATE DATABASE_DEFAULT = k.[column_name]\n' +
  'LEFT JOIN sys.types AS y ON y.[user_type_id] = CASE WHEN x.[system_type_id] = 240 THEN x.[user_type_id] ELSE x.[system_type_id] END\n';

/** The type of a captured column: of the change table's own column, where that is visible. With `storedColumn`. */
export const columnType = 'ISNULL(y.[name] COLLATE DATABASE_DEFAULT, k.[column_type])';

const instancesOfTable =
  'FROM [cdc].[change_tables] AS c JOIN sys.tables AS t ON t.[object_id] = c.[source_object_id]\n';

/**
 * How often columns of a change table were altered with those of their table: "required_column_update: the source column
 * change required … a column in the change table to be altered" ("cdc.ddl_history"). The select list converts by type, so it
 * holds as long as this number does.
 */
export const columnUpdates =
  '(SELECT COUNT(*) FROM [cdc].[ddl_history] AS h WHERE h.[object_id] = c.[object_id] AND h.[required_column_update] = 1)';

/**
 * Result sets: the table's capture instances, the oldest first; their columns; the columns of their keys. The updates are
 * counted before the types are read: a change between the two is noticed when the instance is read.
 */
function instancesStatement(schema: string, table: string): Statement {
  return {
    text: [
      `SELECT c.[capture_instance], c.[start_lsn], ${columnUpdates} AS [updates] ${instancesOfTable}${theTable}\nORDER BY c.[start_lsn], c.[create_date]`,
      `SELECT c.[capture_instance], k.[column_name], ${columnType}, k.[column_ordinal], k.[is_computed],\n  x.[max_length] ${instancesOfTable}` +
        `JOIN [cdc].[captured_columns] AS k ON k.[object_id] = c.[object_id]\n` +
        storedColumn +
        `${theTable}\n` +
        'ORDER BY c.[capture_instance], k.[column_ordinal]',
      `SELECT c.[capture_instance], k.[column_name] ${instancesOfTable}` +
        `JOIN [cdc].[index_columns] AS k ON k.[object_id] = c.[object_id]\n${theTable}\n` +
        'ORDER BY c.[capture_instance], k.[index_ordinal]',
    ].join(';\n'),
    parameters: [nameParameter('schema', schema), nameParameter('table', table)],
  };
}

/**
 * When an instance was created, minutes from the server's zone to UTC, the commit time of the first transaction from @from on,
 * and whether the instance's low-water mark is itself a transaction's. Times are in the server's zone.
 */
function creationStatement(captureInstance: string, from: Lsn): Statement {
  const mapping = 'FROM [cdc].[lsn_time_mapping] AS m WHERE m.[start_lsn]';
  return {
    text:
      `SELECT c.[create_date], ${minutesToUtc},\n` +
      `  (SELECT TOP (1) m.[tran_end_time] ${mapping} >= @from ORDER BY m.[start_lsn]) AS [next],\n` +
      `  CASE WHEN EXISTS (SELECT 1 ${mapping} = c.[start_lsn]) THEN 1 ELSE 0 END AS [is_transaction]\n` +
      'FROM [cdc].[change_tables] AS c WHERE c.[capture_instance] = @instance',
    parameters: [lsnParameter('from', from), nameParameter('instance', captureInstance)],
  };
}
