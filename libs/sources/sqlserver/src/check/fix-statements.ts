/**
 * The T-SQL that fixes what is missing, for `--fix-sql`. Each is a batch that names its database and may be run again. Names
 * are quoted as the catalogue spells them. Procedures and their parameters: "sys.sp_cdc_enable_db", "sys.sp_cdc_enable_table",
 * "sys.sp_cdc_add_job", "sys.sp_cdc_change_job", "sys.sp_cdc_start_job", "sp_update_job".
 */
import type { Remedy } from '@dstream/core';
import { literal, quoteName } from '../client/sql-client.ts';

/** A table as the catalogue spells it. */
export interface Name {
  readonly schema: string;
  readonly table: string;
}

/** What a capture instance is made with. */
export interface NewInstance {
  /** Undefined: the default, schema_table. */
  readonly name?: string | undefined;
  /** A unique index without nullable columns, for a table without a primary key. */
  readonly index?: string | undefined;
  readonly role?: string | undefined;
}

const quoted = ({ schema, table }: Name) => `${quoteName(schema)}.${quoteName(table)}`;

/** T-SQL that is run in `database`. */
export function sqlIn(database: string, ...lines: readonly string[]): Remedy {
  return { kind: 'sql', text: [`USE ${quoteName(database)};`, ...lines].join('\n') };
}

export function enableDatabase(database: string): Remedy {
  return sqlIn(
    database,
    '-- By a member of sysadmin; on Azure SQL Database by db_owner.',
    'IF NOT EXISTS (SELECT 1 FROM sys.databases WHERE [name] = DB_NAME() AND [is_cdc_enabled] = 1)',
    '  EXEC sys.sp_cdc_enable_db;',
  );
}

/** Net changes are not used, and would cost an index on the change table. */
function enableTable({ schema, table }: Name, { name, index, role }: NewInstance): string {
  return [
    `EXEC sys.sp_cdc_enable_table @source_schema = ${literal(schema)}, @source_name = ${literal(table)}`,
    `@role_name = ${role === undefined ? 'NULL' : literal(role)}`,
    '@supports_net_changes = 0',
    ...(name === undefined ? [] : [`@capture_instance = ${literal(name)}`]),
    ...(index === undefined ? [] : [`@index_name = ${literal(index)}`]),
  ].join(', ');
}

function captureLines(table: Name, made: NewInstance): readonly string[] {
  return [
    `IF NOT EXISTS (SELECT 1 FROM sys.tables WHERE [object_id] = OBJECT_ID(${literal(quoted(table))}) AND [is_tracked_by_cdc] = 1)`,
    `  ${enableTable(table, made)};`,
  ];
}

export function captureTable(database: string, table: Name, made: NewInstance): Remedy {
  return sqlIn(database, ...captureLines(table, made));
}

/** For a table that is not there, or that we may not see. */
export function showTable(database: string, table: Name, user: string): Remedy {
  const name = quoted(table);
  return sqlIn(
    database,
    `IF OBJECT_ID(${literal(name)}, N'U') IS NULL`,
    `  PRINT ${literal(`There is no table ${name}: correct its name under tables.`)};`,
    'ELSE',
    `  ${grantOnTable(table, user)}`,
  );
}

/** A second instance with all columns of the table; the source goes over to it by itself. At most two are allowed. */
export function captureAnew(
  database: string,
  table: Name,
  made: Required<Pick<NewInstance, 'name'>> & NewInstance,
): Remedy {
  const source = `[source_object_id] = OBJECT_ID(${literal(quoted(table))})`;
  return sqlIn(
    database,
    '-- A second capture instance. Drop the old one when it was read to its end.',
    `IF (SELECT COUNT(*) FROM [cdc].[change_tables] WHERE ${source}) < 2`,
    `  ${enableTable(table, made)};`,
  );
}

function grantOnTable(table: Name, user: string): string {
  return `GRANT SELECT ON ${quoted(table)} TO ${quoteName(user)};`;
}

export function grantTable(database: string, table: Name, user: string): Remedy {
  return sqlIn(database, grantOnTable(table, user));
}

export function grantCdc(database: string, user: string): Remedy {
  return sqlIn(database, `GRANT SELECT ON SCHEMA::cdc TO ${quoteName(user)};`);
}

export function addToRole(database: string, role: string, user: string): Remedy {
  return sqlIn(database, `ALTER ROLE ${quoteName(role)} ADD MEMBER ${quoteName(user)};`);
}

/** Capture's views of the server's state. VIEW DATABASE STATE covers them on all versions ("sys.dm_cdc_errors", permissions). */
export function grantState(database: string, user: string): Remedy {
  return sqlIn(database, `GRANT VIEW DATABASE STATE TO ${quoteName(user)};`);
}

/** The tables of msdb that say how the jobs of capture are set and whether they run. */
export const jobTables = ['cdc_jobs', 'sysjobs', 'sysjobactivity', 'syssessions'] as const;

/** @param login of the server: its user in msdb has the same name */
export function grantJobs(login: string): Remedy {
  const user = quoteName(login);
  return sqlIn(
    'msdb',
    `IF DATABASE_PRINCIPAL_ID(${literal(login)}) IS NULL CREATE USER ${user} FOR LOGIN ${user};`,
    ...jobTables.map((table) => `GRANT SELECT ON [dbo].[${table}] TO ${user};`),
  );
}

/** "sys.dm_server_services", permissions. */
export function grantServerState(login: string): Remedy {
  return sqlIn('master', `GRANT VIEW SERVER STATE TO ${quoteName(login)};`);
}

export type JobType = 'capture' | 'cleanup';

export function addJob(database: string, type: JobType): Remedy {
  return sqlIn(
    database,
    `IF NOT EXISTS (SELECT 1 FROM msdb.dbo.cdc_jobs WHERE [database_id] = DB_ID() AND [job_type] = N'${type}')`,
    `  EXEC sys.sp_cdc_add_job @job_type = N'${type}';`,
  );
}

export function enableJob(database: string, type: JobType, name: string): Remedy {
  const enable = `EXEC msdb.dbo.sp_update_job @job_name = ${literal(name)}, @enabled = 1;`;
  return sqlIn(database, enable, ...(type === 'capture' ? startLines : []));
}

/** Starting a job that runs is an error (22022). A job runs when it was started and not stopped since Agent's last start ("sysjobactivity"). */
const startLines = [
  'IF NOT EXISTS (SELECT 1 FROM msdb.dbo.cdc_jobs AS j JOIN msdb.dbo.sysjobactivity AS a ON a.[job_id] = j.[job_id]',
  "  WHERE j.[database_id] = DB_ID() AND j.[job_type] = N'capture'",
  '  AND a.[session_id] = (SELECT MAX(s.[session_id]) FROM msdb.dbo.syssessions AS s)',
  '  AND a.[start_execution_date] IS NOT NULL AND a.[stop_execution_date] IS NULL)',
  "  EXEC sys.sp_cdc_start_job @job_type = N'capture';",
];

export function startCapture(database: string): Remedy {
  return sqlIn(database, '-- The service SQL Server Agent has to run.', ...startLines);
}

/** A setting of a job, by the name of its parameter. It counts from the job's next start. */
export function changeJob(database: string, type: JobType, setting: string, value: number): Remedy {
  return sqlIn(
    database,
    ...(type === 'capture' ? ['-- It counts when the job is started again.'] : []),
    `EXEC sys.sp_cdc_change_job @job_type = N'${type}', @${setting} = ${value};`,
  );
}
