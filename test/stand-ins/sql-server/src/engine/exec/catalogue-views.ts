/** All views of the catalogue by schema and name. */
import type { CaptureInstance } from '../storage/capture-instance.ts';
import {
  capturedColumns,
  cdcIndexColumns,
  changeTables,
  ddlHistory,
  lsnTimeMapping,
} from '../catalogue/cdc-views.ts';
import { changeTableView } from '../catalogue/change-table-view.ts';
import type { VirtualTable } from '../query/table-like.ts';
import type { Database } from '../storage/database.ts';
import { columns, computedColumns, informationColumns, systemTypes } from '../catalogue/column-views.ts';
import { keyColumnUsage, tableConstraints } from '../foreign/constraint-views.ts';
import {
  foreignKeyColumns,
  foreignKeys,
  indexColumns,
  indexes,
  keyConstraints,
} from '../foreign/index-views.ts';
import {
  databases,
  informationTables,
  objects,
  recoveryStatus,
  schemas,
  tables,
} from '../catalogue/object-views.ts';
import {
  databasePermissions,
  databasePrincipals,
  roleMembers,
  serverPrincipals,
} from '../foreign/principal-views.ts';
import { logScanSessions, sessions } from '../foreign/session-views.ts';
import { captureErrors, MSDB, serverServices } from '../catalogue/job-views.ts';
import type { MakeView, ViewContext } from '../catalogue/view.ts';

const SYS: Readonly<Record<string, MakeView>> = {
  databases,
  database_recovery_status: recoveryStatus,
  schemas,
  server_principals: serverPrincipals,
  database_principals: databasePrincipals,
  database_role_members: roleMembers,
  database_permissions: databasePermissions,
  tables,
  objects,
  all_objects: objects,
  columns,
  all_columns: columns,
  types: systemTypes,
  computed_columns: computedColumns,
  indexes,
  index_columns: indexColumns,
  key_constraints: keyConstraints,
  foreign_keys: foreignKeys,
  foreign_key_columns: foreignKeyColumns,
  dm_exec_sessions: sessions,
  dm_cdc_log_scan_sessions: logScanSessions,
  dm_cdc_errors: captureErrors,
  dm_server_services: serverServices,
};

const INFORMATION_SCHEMA: Readonly<Record<string, MakeView>> = {
  TABLES: informationTables,
  COLUMNS: informationColumns,
  TABLE_CONSTRAINTS: tableConstraints,
  KEY_COLUMN_USAGE: keyColumnUsage,
};

const CDC: Readonly<Record<string, MakeView>> = {
  change_tables: changeTables,
  captured_columns: capturedColumns,
  index_columns: cdcIndexColumns,
  ddl_history: ddlHistory,
};

/** The instance whose change table has the name. */
export const captureOf = (name: string, { cdc }: Database): CaptureInstance | undefined =>
  cdc?.fold(name.slice(-'_CT'.length)) === cdc?.fold('_CT')
    ? cdc?.instance(name.slice(0, -'_CT'.length))
    : undefined;

export function findView(schema: string, name: string, context: ViewContext): VirtualTable | undefined {
  const { fold } = context.database.collation;
  const key = fold(name);
  switch (fold(schema)) {
    case 'sys':
      return SYS[key]?.(context);
    case fold('INFORMATION_SCHEMA'):
      return Object.entries(INFORMATION_SCHEMA).find(([known]) => fold(known) === key)?.[1](context);
    case 'cdc':
      return cdcView(key, context);
    case 'dbo':
      return context.database.name === 'msdb' ? MSDB[key]?.(context) : undefined;
    default:
      return undefined;
  }
}

/** Before CDC is enabled on the database none of them exists. */
function cdcView(key: string, context: ViewContext): VirtualTable | undefined {
  const { cdc } = context.database;
  if (cdc === undefined) return undefined;
  if (key === 'lsn_time_mapping') return lsnTimeMapping(cdc);
  return CDC[key]?.(context) ?? changeTableOf(key, context.database);
}

function changeTableOf(key: string, database: Database): VirtualTable | undefined {
  const instance = captureOf(key, database);
  return instance === undefined || instance.changeTableGone ? undefined : changeTableView(instance);
}
