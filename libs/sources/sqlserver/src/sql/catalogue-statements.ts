/** Questions to the catalogue. Their texts are the same for every table. */
import type { Lsn } from '../position/log-position.ts';
import { literal, quoteName } from './quote.ts';
import { lsnParameter, nameParameter, type Statement } from './statement.ts';

/**
 * The row of the database that we are in. By name: on Azure SQL Database `DB_ID()` is not the number that
 * `sys.databases` shows there ("DB_ID", remarks).
 */
const ownRow = 'FROM sys.databases AS d WHERE d.[name] = DB_NAME()';

/** Result sets: the database's name as the catalogue spells it, and all user tables. */
export const tablesStatement: Statement = {
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
export function tableStatement(schema: string, table: string): Statement {
  return {
    text: [
      `SELECT d.[is_cdc_enabled] ${ownRow}`,
      `SELECT t.[is_tracked_by_cdc] FROM sys.tables AS t ${theTable}`,
    ].join(';\n'),
    parameters: [nameParameter('schema', schema), nameParameter('table', table)],
  };
}

/**
 * The type of the change table's own column, which capture alters with the table's: the system type, which an alias type stands
 * for; of CLR types (240) the type itself. Names in catalogue views have the catalogue's collation, those in tables of the
 * schema cdc the database's: where these differ (Azure SQL Database, contained databases) comparing them is error 468.
 */
const storedColumn =
  'LEFT JOIN sys.columns AS x ON x.[object_id] = c.[object_id] AND x.[name] COLLATE DATABASE_DEFAULT = k.[column_name]\n' +
  'LEFT JOIN sys.types AS y ON y.[user_type_id] = CASE WHEN x.[system_type_id] = 240 THEN x.[user_type_id] ELSE x.[system_type_id] END\n';

const instancesOfTable =
  'FROM [cdc].[change_tables] AS c JOIN sys.tables AS t ON t.[object_id] = c.[source_object_id]\n';

/**
 * How often columns of a change table were altered with those of their table: "required_column_update: the source column
 * change required … a column in the change table to be altered" ("cdc.ddl_history"). The select list converts by type, so it
 * holds as long as this number does.
 */
const columnUpdates =
  '(SELECT COUNT(*) FROM [cdc].[ddl_history] AS h WHERE h.[object_id] = c.[object_id] AND h.[required_column_update] = 1)';

/** One row: the low-water mark of an instance, and its column updates; without the latter when it is gone. */
export function marksText(captureInstance: string): string {
  const name = literal(captureInstance);
  return (
    `SELECT sys.fn_cdc_get_min_lsn(${name}) AS [low],\n` +
    `  (SELECT ${columnUpdates} FROM [cdc].[change_tables] AS c WHERE c.[capture_instance] = ${name}) AS [updates]`
  );
}

/**
 * Result sets: the table's capture instances, the oldest first; their columns; the columns of their keys. The updates are
 * counted before the types are read: a change between the two is noticed when the instance is read.
 */
export function instancesStatement(schema: string, table: string): Statement {
  return {
    text: [
      `SELECT c.[capture_instance], c.[start_lsn], ${columnUpdates} AS [updates] ${instancesOfTable}${theTable}\nORDER BY c.[start_lsn], c.[create_date]`,
      `SELECT c.[capture_instance], k.[column_name], ISNULL(y.[name] COLLATE DATABASE_DEFAULT, k.[column_type]), k.[column_ordinal], k.[is_computed],\n  x.[max_length] ${instancesOfTable}` +
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
export function creationStatement(captureInstance: string, from: Lsn): Statement {
  const mapping = 'FROM [cdc].[lsn_time_mapping] AS m WHERE m.[start_lsn]';
  return {
    text:
      'SELECT c.[create_date], DATEDIFF(minute, GETDATE(), GETUTCDATE()) AS [utc],\n' +
      `  (SELECT TOP (1) m.[tran_end_time] ${mapping} >= @from ORDER BY m.[start_lsn]) AS [next],\n` +
      `  CASE WHEN EXISTS (SELECT 1 ${mapping} = c.[start_lsn]) THEN 1 ELSE 0 END AS [is_transaction]\n` +
      'FROM [cdc].[change_tables] AS c WHERE c.[capture_instance] = @instance',
    parameters: [lsnParameter('from', from), nameParameter('instance', captureInstance)],
  };
}

/** No rows, and 208 when the change table is gone. Unlike `OBJECT_ID` it does not depend on who may see metadata. */
export function changeTableStatement(captureInstance: string): Statement {
  return {
    text: `SELECT TOP (0) [__$start_lsn] FROM [cdc].${quoteName(`${captureInstance}_CT`)}`,
    parameters: [],
  };
}
