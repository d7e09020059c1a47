/** sp_tables, sp_columns and sp_special_columns. */
import type { SqlType, SqlValue } from '../interface/engine-session.ts';
import type { Procedure, ProcedureCall } from '../query/procedure.ts';
import type { Column, Table } from '../storage/table.ts';
import { types } from '../catalogue/view.ts';
import { listing } from '../catalogue/listing.ts';
import {
  byFullName,
  NAME,
  nameFilter,
  oneTableParameters,
  requireOwnDatabase,
  tableNamed,
  visibleTablesOf,
} from './named-tables.ts';
import { odbcType } from './odbc-type.ts';

const remarks: SqlType = { name: 'varchar', length: 254 };

const tables = listing(
  [
    { name: '@table_name', type: NAME },
    { name: '@table_owner', type: NAME },
    { name: '@table_qualifier', type: types.sysname },
    { name: '@table_type', type: { name: 'varchar', length: 100 } },
    { name: '@fUsePattern', type: types.bit },
  ],
  {
    TABLE_QUALIFIER: types.sysname,
    TABLE_OWNER: types.sysname,
    TABLE_NAME: types.sysname,
    TABLE_TYPE: { name: 'varchar', length: 32 },
    REMARKS: remarks,
  },
  function* (call) {
    const { values, database } = call;
    requireOwnDatabase(call, values['@table_qualifier']);
    const wanted = values['@table_type'];
    if (typeof wanted === 'string' && !wanted.toUpperCase().includes("'TABLE'")) return;
    for (const table of matchingTables(call))
      yield {
        TABLE_QUALIFIER: database.name,
        TABLE_OWNER: table.schema,
        TABLE_NAME: table.name,
        TABLE_TYPE: 'TABLE',
      };
  },
);

function matchingTables(call: ProcedureCall): Table[] {
  const { values } = call;
  const usePattern = values['@fUsePattern'] !== false;
  const isName = nameFilter(call, values['@table_name'], usePattern);
  const isOwner = nameFilter(call, values['@table_owner'], usePattern);
  return visibleTablesOf(call)
    .filter((table) => isName(table.name) && isOwner(table.schema))
    .sort(byFullName);
}

const columnShape = {
  TABLE_QUALIFIER: types.sysname,
  TABLE_OWNER: types.sysname,
  TABLE_NAME: types.sysname,
  COLUMN_NAME: types.sysname,
  DATA_TYPE: types.smallint,
  TYPE_NAME: types.sysname,
  PRECISION: types.int,
  LENGTH: types.int,
  SCALE: types.smallint,
  RADIX: types.smallint,
  NULLABLE: types.smallint,
  REMARKS: remarks,
  COLUMN_DEF: types.text,
  SQL_DATA_TYPE: types.smallint,
  SQL_DATETIME_SUB: types.smallint,
  CHAR_OCTET_LENGTH: types.int,
  ORDINAL_POSITION: types.int,
  IS_NULLABLE: remarks,
} as const;

const columnShape100 = {
  ...columnShape,
  SS_IS_SPARSE: types.smallint,
  SS_IS_COLUMN_SET: types.smallint,
  SS_IS_COMPUTED: types.smallint,
  SS_IS_IDENTITY: types.smallint,
  SS_UDT_CATALOG_NAME: types.sysname,
  SS_UDT_SCHEMA_NAME: types.sysname,
  SS_UDT_ASSEMBLY_TYPE_NAME: { name: 'nvarchar', length: 'max' },
  SS_XML_SCHEMACOLLECTION_CATALOG_NAME: types.sysname,
  SS_XML_SCHEMACOLLECTION_SCHEMA_NAME: types.sysname,
  SS_XML_SCHEMACOLLECTION_NAME: types.sysname,
  SS_DATA_TYPE: types.tinyint,
} as const;

const columnParameters = [
  ...oneTableParameters,
  { name: '@column_name', type: NAME },
] as const satisfies Procedure['parameters'];

const versionParameters = [
  { name: '@ODBCVer', type: types.int },
  { name: '@fUsePattern', type: types.bit },
] as const satisfies Procedure['parameters'];

const columns = listing(
  [...columnParameters, ...versionParameters],
  { ...columnShape, SS_DATA_TYPE: types.tinyint },
  columnRows,
);

/** `@NameScope` asks for sparse columns and column sets: there are none. */
const columns100 = listing(
  [...columnParameters, { name: '@NameScope', type: types.int }, ...versionParameters],
  columnShape100,
  columnRows,
);

function* columnRows(call: ProcedureCall) {
  const { values } = call;
  requireOwnDatabase(call, values['@table_qualifier']);
  const isColumn = nameFilter(call, values['@column_name'], values['@fUsePattern'] !== false);
  for (const table of matchingTables(call))
    for (const [i, column] of table.columns.entries())
      if (isColumn(column.name))
        yield { ...tableName(call, table), ...columnRow(column, i + 1, odbcVersion(call)) };
}

const tableName = ({ database }: ProcedureCall, { schema, name }: Table) => ({
  TABLE_QUALIFIER: database.name,
  TABLE_OWNER: schema,
  TABLE_NAME: name,
});

/** 2 unless given ("sp_columns"). */
const odbcVersion = ({ values }: ProcedureCall): number => Number(values['@ODBCVer'] ?? 2);

function columnRow(column: Column, ordinal: number, version: number) {
  const { name, type, nullable, identity, computed } = column;
  const odbc = odbcType(type, nullable, version);
  const isClr = ['hierarchyid', 'geography', 'geometry'].includes(type.name);
  return {
    COLUMN_NAME: name,
    TYPE_NAME: typeName(column),
    ...sizes(odbc),
    RADIX: odbc.radix,
    NULLABLE: nullable ? 1 : 0,
    SQL_DATA_TYPE: odbc.sqlDataType,
    SQL_DATETIME_SUB: odbc.dateTimeSub,
    CHAR_OCTET_LENGTH: odbc.octetLength,
    ORDINAL_POSITION: ordinal,
    IS_NULLABLE: nullable ? 'YES' : 'NO',
    SS_IS_SPARSE: 0,
    SS_IS_COLUMN_SET: 0,
    SS_IS_COMPUTED: computed === undefined ? 0 : 1,
    SS_IS_IDENTITY: identity === undefined ? 0 : 1,
    SS_UDT_SCHEMA_NAME: isClr ? 'sys' : null,
    SS_DATA_TYPE: odbc.serverType,
  };
}

function typeName({ type, alias, identity }: Column): string {
  const name = alias?.name ?? type.name;
  return identity === undefined ? name : `${name} identity`;
}

const sizes = (odbc: ReturnType<typeof odbcType>) => ({
  DATA_TYPE: odbc.dataType,
  PRECISION: odbc.precision,
  LENGTH: odbc.length,
  SCALE: odbc.scale,
});

/** R: what names a row best, the primary key or else a unique index; V: what every update changes. */
const specialColumns = listing(
  [
    ...oneTableParameters,
    { name: '@col_type', type: { name: 'char', length: 1 } },
    { name: '@scope', type: { name: 'char', length: 1 } },
    { name: '@nullable', type: { name: 'char', length: 1 } },
    { name: '@ODBCVer', type: types.int },
  ],
  {
    SCOPE: types.smallint,
    COLUMN_NAME: types.sysname,
    DATA_TYPE: types.smallint,
    TYPE_NAME: types.sysname,
    PRECISION: types.int,
    LENGTH: types.int,
    SCALE: types.smallint,
    PSEUDO_COLUMN: types.smallint,
  },
  function* (call) {
    const table = tableNamed(call);
    if (table === undefined) return;
    const isVersion = call.values['@col_type'] === 'V';
    const takesNull = call.values['@nullable'] !== 'O';
    const found = isVersion ? versionColumns(table) : keyColumns(table, takesNull);
    for (const column of found)
      yield {
        SCOPE: isVersion ? null : scopeCode(call.values['@scope']),
        COLUMN_NAME: column.name,
        TYPE_NAME: typeName(column),
        ...sizes(odbcType(column.type, column.nullable, odbcVersion(call))),
        PSEUDO_COLUMN: 1,
      };
  },
);

/** SQL_SCOPE_CURROW for C, SQL_SCOPE_TRANSACTION for T, which is the default. */
const scopeCode = (scope: SqlValue | undefined): number => (scope === 'C' ? 0 : 1);

const versionColumns = (table: Table): Column[] =>
  table.columns.filter(({ type }) => type.name === 'timestamp');

function keyColumns(table: Table, takesNull: boolean): Column[] {
  const ofIndex = (names: readonly string[]): Column[] =>
    names.flatMap((name) => table.columns[table.position(name) ?? -1] ?? []);
  const unique = [table.primaryKey, ...table.indexes.filter((index) => index.unique)]
    .filter((index) => index !== undefined)
    .map((index) => ofIndex(index.columns));
  return unique.find((found) => takesNull || found.every(({ nullable }) => !nullable)) ?? [];
}

export const TABLE_PROCEDURES: Readonly<Record<string, Procedure>> = {
  sp_tables: tables,
  sp_columns: columns,
  sp_columns_100: columns100,
  sp_special_columns: specialColumns,
  sp_special_columns_100: specialColumns,
};
