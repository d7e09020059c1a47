/** The tables of a database and their capture instances, as far as their checks need them: two batches for all of them. */
import type { CallOptions } from '@dstream/core';
import { literal, type SqlClient, type Statement } from '../client/sql-client.ts';
import { columnType, storedColumn } from '../sql/catalogue.ts';
import { knownTypes } from '../sql/column-codec.ts';

/** A table that we may see. */
export interface TableFacts {
  readonly id: number;
  readonly schema: string;
  readonly table: string;
  readonly captured: boolean;
  /** We may read all of its columns. */
  readonly readable: boolean;
  readonly hasPrimaryKey: boolean;
  /** A unique index that may take its place: without nullable columns, filter, and not disabled ("sys.sp_cdc_enable_table", @index_name). */
  readonly uniqueIndex: string | undefined;
}

/** A capture instance. */
export interface InstanceFacts {
  readonly name: string;
  readonly tableId: number;
  readonly role: string | undefined;
  /** As a member, or as db_owner, who needs not be one ("sys.sp_cdc_enable_table", permissions). */
  readonly inRole: boolean;
  readonly keyColumns: number;
  /** Its change table is there. */
  readonly changeTable: boolean;
  /** The change table has `__$command_id`. */
  readonly commandId: boolean;
  /** Columns of the table that were added after those that are captured, or left out at the end. */
  readonly added: readonly string[];
  /** Captured columns that the table does not have any more. */
  readonly dropped: readonly string[];
  /** Captured columns that we may not read. */
  readonly forbidden: readonly string[];
  /** `column type`, of types that are not known. */
  readonly unknownTypes: readonly string[];
  /** text, ntext, image: never in `before`. */
  readonly withoutBefore: readonly string[];
}

export async function tableFacts(client: SqlClient, o: CallOptions): Promise<readonly TableFacts[]> {
  const [rows = []] = await client.query(tablesStatement, o);
  return rows.map(([id, schema, table, captured, readable, primary, unique]) => ({
    id: Number(id),
    schema: String(schema),
    table: String(table),
    captured: captured === true,
    readable: readable === 1,
    hasPrimaryKey: Number(primary) > 0,
    uniqueIndex: typeof unique === 'string' ? unique : undefined,
  }));
}

/** @returns by the id of the table, the oldest first. Needs SELECT on the schema cdc. */
export async function instanceFacts(
  client: SqlClient,
  o: CallOptions,
): Promise<ReadonlyMap<number, readonly InstanceFacts[]>> {
  const [instances = [], added = [], dropped = [], forbidden = [], odd = []] = await client.query(
    instancesStatement,
    o,
  );
  const [isAdded, isDropped, isForbidden] = [added, dropped, forbidden].map(byInstance);
  const types = byInstance(odd);
  const facts = instances.map(
    ([name, tableId, role, member, keyColumns, columns, commandId]): InstanceFacts => {
      const instance = String(name);
      const typed = types(instance);
      const isOld = (column: string) => /\s(text|ntext|image)$/i.test(column);
      return {
        name: instance,
        tableId: Number(tableId),
        role: typeof role === 'string' ? role : undefined,
        inRole: member === 1,
        keyColumns: Number(keyColumns),
        changeTable: Number(columns) > 0,
        commandId: Number(commandId) > 0,
        added: isAdded?.(instance) ?? [],
        dropped: isDropped?.(instance) ?? [],
        forbidden: isForbidden?.(instance) ?? [],
        unknownTypes: typed.filter((column) => !isOld(column)),
        withoutBefore: typed.filter(isOld),
      };
    },
  );
  return Map.groupBy(facts, ({ tableId }) => tableId);
}

/** From rows of instance and text: the texts of an instance. */
function byInstance(rows: readonly (readonly unknown[])[]): (instance: string) => readonly string[] {
  const groups = Map.groupBy(rows, ([instance]) => String(instance));
  return (instance) => (groups.get(instance) ?? []).map(([, text]) => String(text));
}

const ofIndex = 'FROM sys.indexes AS i WHERE i.[object_id] = t.[object_id]';

/** "sys.tables", "sys.indexes", "sys.index_columns", "sys.columns", "HAS_PERMS_BY_NAME". */
const tablesStatement: Statement = {
  text:
    'SELECT t.[object_id], s.[name] AS [schema], t.[name] AS [table], t.[is_tracked_by_cdc],\n' +
    "  HAS_PERMS_BY_NAME(QUOTENAME(s.[name]) + N'.' + QUOTENAME(t.[name]), N'OBJECT', N'SELECT') AS [readable],\n" +
    `  (SELECT COUNT(*) ${ofIndex} AND i.[is_primary_key] = 1) AS [primary],\n` +
    `  (SELECT TOP (1) i.[name] ${ofIndex} AND i.[is_unique] = 1 AND i.[is_primary_key] = 0 AND i.[is_disabled] = 0 AND i.[has_filter] = 0\n` +
    '    AND NOT EXISTS (SELECT 1 FROM sys.index_columns AS k JOIN sys.columns AS x ON x.[object_id] = k.[object_id] AND x.[column_id] = k.[column_id]\n' +
    '      WHERE k.[object_id] = i.[object_id] AND k.[index_id] = i.[index_id] AND k.[is_included_column] = 0 AND x.[is_nullable] = 1)\n' +
    '    ORDER BY i.[index_id]) AS [unique]\n' +
    'FROM sys.tables AS t JOIN sys.schemas AS s ON s.[schema_id] = t.[schema_id]\n' +
    'WHERE t.[is_ms_shipped] = 0 ORDER BY s.[name], t.[name]',
  parameters: [],
};

const instances = '[cdc].[change_tables] AS c';
const captured = `${instances} JOIN [cdc].[captured_columns] AS k ON k.[object_id] = c.[object_id]`;
const changeColumns = 'SELECT COUNT(*) FROM sys.columns AS x WHERE x.[object_id] = c.[object_id]';
const plain = knownTypes.filter((type) => !['text', 'ntext', 'image'].includes(type));

/**
 * Result sets: instances; columns after the captured ones; captured columns that are gone; those we may not read; those of
 * special types. By ids of columns, because names in the catalogue and in the schema cdc may have different collations (468).
 */
const instancesStatement: Statement = {
  text: [
    'SELECT c.[capture_instance], c.[source_object_id], c.[role_name],\n' +
      "  CASE WHEN IS_MEMBER(c.[role_name]) = 1 OR IS_MEMBER(N'db_owner') = 1 THEN 1 ELSE 0 END AS [member],\n" +
      '  (SELECT COUNT(*) FROM [cdc].[index_columns] AS n WHERE n.[object_id] = c.[object_id]) AS [key],\n' +
      `  (${changeColumns}) AS [columns],\n` +
      `  (${changeColumns} AND x.[name] = N'__$command_id') AS [command]\n` +
      `FROM ${instances} ORDER BY c.[start_lsn], c.[create_date]`,
    `SELECT c.[capture_instance], x.[name] FROM ${instances} JOIN sys.columns AS x ON x.[object_id] = c.[source_object_id]\n` +
      'WHERE x.[column_id] > (SELECT MAX(k.[column_id]) FROM [cdc].[captured_columns] AS k WHERE k.[object_id] = c.[object_id])\n' +
      'ORDER BY c.[capture_instance], x.[column_id]',
    `SELECT c.[capture_instance], k.[column_name] FROM ${captured}\n` +
      'WHERE EXISTS (SELECT 1 FROM sys.tables AS t WHERE t.[object_id] = c.[source_object_id])\n' +
      '  AND NOT EXISTS (SELECT 1 FROM sys.columns AS x WHERE x.[object_id] = c.[source_object_id] AND x.[column_id] = k.[column_id])\n' +
      'ORDER BY c.[capture_instance], k.[column_ordinal]',
    `SELECT c.[capture_instance], k.[column_name] FROM ${captured}\n` +
      'JOIN sys.tables AS t ON t.[object_id] = c.[source_object_id] JOIN sys.schemas AS s ON s.[schema_id] = t.[schema_id]\n' +
      "WHERE HAS_PERMS_BY_NAME(QUOTENAME(s.[name]) + N'.' + QUOTENAME(t.[name]), N'OBJECT', N'SELECT') = 0\n" +
      "  AND HAS_PERMS_BY_NAME(QUOTENAME(s.[name]) + N'.' + QUOTENAME(t.[name]), N'OBJECT', N'SELECT', k.[column_name], N'COLUMN') = 0\n" +
      'ORDER BY c.[capture_instance], k.[column_ordinal]',
    `SELECT c.[capture_instance], k.[column_name] + N' ' + ${columnType} FROM ${captured}\n` +
      `${storedColumn}WHERE ${columnType} NOT IN (${plain.map(literal).join(', ')})\n` +
      'ORDER BY c.[capture_instance], k.[column_ordinal]',
  ].join(';\n'),
  parameters: [],
};
