/** Change data capture. */
import { sqlError } from './sql-error.ts';

export const captureErrors = {
  /** What the functions of CDC answer to a range outside of theirs and to an unknown option, too. */
  tooFewArguments: (name: string) =>
    sqlError(
      313,
      `An insufficient number of arguments were supplied for the procedure or function ${name}.`,
      16,
      3,
    ),
  databaseNotEnabled: (database: string) =>
    sqlError(
      22901,
      `The database '${database}' is not enabled for Change Data Capture. Ensure that the correct database context is set and retry the operation. To report on the databases enabled for Change Data Capture, query the is_cdc_enabled column in the sys.databases catalog view.`,
    ),
  databaseCannotEnable: (database: string) =>
    sqlError(
      22902,
      `The database '${database}' cannot be enabled for Change Data Capture. Change Data Capture is not supported on system databases, or on a distribution database.`,
    ),
  databaseAlreadyEnabled: (database: string) =>
    sqlError(
      22906,
      `The database '${database}' is already enabled for Change Data Capture. Ensure that the correct database context is set and retry the operation. To report on the databases enabled for Change Data Capture, query the is_cdc_enabled column in the sys.databases catalog view.`,
    ),
  captureTableMissing: (table: string) =>
    sqlError(
      22931,
      `Source table '${table}' does not exist in the current database. Ensure that the correct database context is set. Specify a valid schema and table name for the database.`,
    ),
  captureNameTaken: (instance: string) =>
    sqlError(
      22926,
      `Could not create a capture instance because the capture instance name '${instance}' already exists in the current database. Specify an explicit unique name for the parameter @capture_instance.`,
    ),
  captureTwoInstances: (table: string) =>
    sqlError(
      22962,
      `Two capture instances already exist for source table '${table}'. A table can have at most two capture instances. If the current tracking options are not appropriate, disable change tracking for the obsolete instance by using sys.sp_cdc_disable_table and retry the operation.`,
    ),
  captureInstanceMissing: (instance: string, table: string) =>
    sqlError(
      22960,
      `Change data capture instance '${instance}' has not been enabled for the source table '${table}'. Use sys.sp_cdc_help_change_data_capture to verify the capture instance name and retry the operation.`,
    ),
  captureColumnMissing: (column: string, table: string) =>
    sqlError(
      22923,
      `Could not enable Change Data Capture for table '${table}'. The specified column '${column}' in the @captured_column_list parameter could not be found.`,
    ),
  captureNetChangesKey: (table: string) =>
    sqlError(
      22939,
      `The parameter @supports_net_changes is set to 1, but the source table '${table}' does not have a primary key defined and no alternate unique index has been specified.`,
    ),
  captureIndexMissing: (index: string, table: string) =>
    sqlError(
      22929,
      `Could not enable Change Data Capture for the source table '${table}'. The specified index '${index}' is not a unique index of the table.`,
    ),
  captureNotVisible: () => sqlError(22981, 'Object does not exist or access is denied.'),
  cleanupLowWaterMark: (mark: string) =>
    sqlError(
      22964,
      `LSN ${mark}, specified as the new low end point for change table cleanup, is not in the cdc.lsn_time_mapping table.`,
    ),
} as const;
