/**
 * The engine's errors, with the numbers, severities and texts of SQL Server (sys.messages, "Database Engine events and
 * errors"). Errors of values (conversion, overflow, division by zero) are made in `values/`.
 */
import { SqlError } from './values/sql-error.ts';

const make = (number: number, message: string, severity = 16, state = 1): SqlError =>
  new SqlError(number, message, severity, state);

/** Adds the line that it was found on to an error of the parser. */
export class SyntaxErrorAt extends SqlError {
  readonly line: number;

  constructor(number: number, severity: number, state: number, message: string, line: number) {
    super(number, message, severity, state);
    this.line = line;
  }
}

const dotted = (name: readonly string[]): string => name.filter((part) => part !== '').join('.');

export const errors = {
  syntax: (near: string, line: number) =>
    new SyntaxErrorAt(102, 15, 1, `Incorrect syntax near '${near}'.`, line),
  syntaxKeyword: (keyword: string, line: number) =>
    new SyntaxErrorAt(156, 15, 1, `Incorrect syntax near the keyword '${keyword}'.`, line),
  unclosedQuote: (text: string, line: number) =>
    new SyntaxErrorAt(
      105,
      15,
      1,
      `Unclosed quotation mark after the character string '${text.slice(0, 128)}'.`,
      line,
    ),
  unclosedComment: (line: number) => new SyntaxErrorAt(113, 15, 1, "Missing end comment mark '*/'.", line),
  unknownType: (name: string, line: number) =>
    new SyntaxErrorAt(2715, 16, 6, `Column, parameter, or variable: Cannot find data type ${name}.`, line),
  unknownSetOption: (name: string, line: number) =>
    new SyntaxErrorAt(195, 15, 5, `'${name}' is not a recognized SET option.`, line),

  undeclared: (name: string) => make(137, `Must declare the scalar variable "${name}".`, 15, 2),
  undeclaredTable: (name: string) => make(1087, `Must declare the table variable "${name}".`, 15, 2),
  declaredTwice: (name: string) =>
    make(
      134,
      `The variable name '${name}' has already been declared. Variable names must be unique within a query batch or stored procedure.`,
      15,
      2,
    ),
  notBoolean: (near: string) =>
    make(
      4145,
      `An expression of non-boolean type specified in a context where a condition is expected, near '${near}'.`,
      15,
    ),
  unknownObject: (name: readonly string[]) => make(208, `Invalid object name '${dotted(name)}'.`),
  unknownColumn: (name: string) => make(207, `Invalid column name '${name}'.`),
  unboundIdentifier: (name: readonly string[]) =>
    make(4104, `The multi-part identifier "${dotted(name)}" could not be bound.`),
  ambiguousColumn: (name: string) => make(209, `Ambiguous column name '${name}'.`),
  duplicateAlias: (name: string) =>
    make(
      1013,
      `The objects "${name}" and "${name}" in the FROM clause have the same exposed names. Use correlation names to distinguish them.`,
    ),
  unknownPrefix: (name: readonly string[]) =>
    make(
      107,
      `The column prefix '${dotted(name)}' does not match with a table name or alias name used in the query.`,
      15,
    ),
  unknownFunction: (name: string) =>
    make(195, `'${name}' is not a recognized built-in function name.`, 15, 10),
  unknownUserFunction: (name: readonly string[]) =>
    make(
      4121,
      `Cannot find either column "${name[0] ?? ''}" or the user-defined function or aggregate "${dotted(name)}", or the name is ambiguous.`,
    ),
  argumentCount: (name: string, count: number) =>
    make(174, `The ${name} function requires ${String(count)} argument(s).`, 15),
  unknownProcedure: (name: readonly string[]) =>
    make(2812, `Could not find stored procedure '${dotted(name)}'.`, 16, 62),
  unknownDatabase: (name: string) =>
    make(911, `Database '${name}' does not exist. Make sure that the name is entered correctly.`),
  databaseExists: (name: string) =>
    make(1801, `Database '${name}' already exists. Choose a different database name.`, 16, 3),
  databaseOffline: (name: string) =>
    make(942, `Database '${name}' cannot be opened because it is offline.`, 14, 4),
  databaseReadOnly: (name: string) =>
    make(3906, `Failed to update database "${name}" because the database is read-only.`, 16, 1),
  cannotDropDatabase: (name: string) =>
    make(
      3701,
      `Cannot drop the database '${name}', because it does not exist or you do not have permission.`,
      11,
    ),
  objectExists: (name: string) =>
    make(2714, `There is already an object named '${name}' in the database.`, 16, 6),
  schemaMissing: (name: string) =>
    make(
      2760,
      `The specified schema name "${name}" either does not exist or you do not have permission to use it.`,
    ),
  schemaNotEmpty: (schema: string, object: string) =>
    make(3729, `Cannot drop schema '${schema}' because it is being referenced by object '${object}'.`),
  cannotDrop: (what: string, name: readonly string[]) =>
    make(
      3701,
      `Cannot drop the ${what} '${dotted(name)}', because it does not exist or you do not have permission.`,
      11,
      5,
    ),
  cannotFind: (name: readonly string[]) =>
    make(
      4902,
      `Cannot find the object "${dotted(name)}" because it does not exist or you do not have permissions.`,
    ),
  cannotFindToTruncate: (name: readonly string[]) =>
    make(
      4701,
      `Cannot find the object "${dotted(name)}" because it does not exist or you do not have permissions.`,
    ),
  truncateCaptured: (name: string) =>
    make(
      4711,
      `Cannot truncate table '${name}' because it is published for replication or enabled for Change Data Capture.`,
    ),
  truncateReferenced: (name: string) =>
    make(4712, `Cannot truncate table '${name}' because it is being referenced by a FOREIGN KEY constraint.`),
  dropReferenced: (name: string) =>
    make(3726, `Could not drop object '${name}' because it is referenced by a FOREIGN KEY constraint.`),
  duplicateColumn: (column: string, table: string) =>
    make(
      2705,
      `Column names in each table must be unique. Column name '${column}' in table '${table}' is specified more than once.`,
      16,
      3,
    ),
  alterColumnMissing: (column: string, table: string) =>
    make(
      4924,
      `ALTER TABLE ALTER COLUMN failed because column '${column}' does not exist in table '${table}'.`,
    ),
  dropColumnMissing: (column: string, table: string) =>
    make(
      4924,
      `ALTER TABLE DROP COLUMN failed because column '${column}' does not exist in table '${table}'.`,
    ),
  columnInUse: (column: string, by: string) =>
    make(5074, `The object '${by}' is dependent on column '${column}'.`),
  addNotNull: (column: string, table: string) =>
    make(
      4901,
      `ALTER TABLE only allows columns to be added that can contain nulls, or have a DEFAULT definition specified, or the column being added is an identity or timestamp column, or alternatively if none of the previous conditions are satisfied the table must be empty to allow addition of this column. Column '${column}' cannot be added to non-empty table '${table}' because it does not satisfy these conditions.`,
    ),
  indexExists: (name: string, table: string) =>
    make(
      1913,
      `The operation failed because an index or statistics with name '${name}' already exists on table '${table}'.`,
    ),
  dropConstraintIndex: (table: string, name: string) =>
    make(
      3723,
      `An explicit DROP INDEX is not allowed on index '${table}.${name}'. It is being used for PRIMARY KEY constraint enforcement.`,
      16,
      4,
    ),
  notConstraint: (name: string) => make(3728, `'${name}' is not a constraint.`),
  severalPrimaryKeys: (table: string) =>
    make(1779, `Table '${table}' already has a primary key defined on it.`, 16, 0),
  primaryKeyNullable: (table: string) =>
    make(8111, `Cannot define PRIMARY KEY constraint on nullable column in table '${table}'.`),
  constraintColumnMissing: (column: string) =>
    make(1911, `Column name '${column}' does not exist in the target table or view.`),
  noReferencedKey: (table: string, constraint: string) =>
    make(
      1776,
      `There are no primary or candidate keys in the referenced table '${table}' that match the referencing column list in the foreign key '${constraint}'.`,
      16,
      0,
    ),
  foreignTableMissing: (constraint: string, table: string) =>
    make(1767, `Foreign key '${constraint}' references invalid table '${table}'.`, 16, 0),

  duplicateKey: (constraint: string, primary: boolean, table: string, values: string) =>
    make(
      2627,
      `Violation of ${primary ? 'PRIMARY' : 'UNIQUE'} KEY constraint '${constraint}'. Cannot insert duplicate key in object '${table}'. The duplicate key value is (${values}).`,
      14,
    ),
  duplicateIndexKey: (index: string, table: string, values: string) =>
    make(
      2601,
      `Cannot insert duplicate key row in object '${table}' with unique index '${index}'. The duplicate key value is (${values}).`,
      14,
    ),
  duplicateInData: (index: string, table: string, values: string) =>
    make(
      1505,
      `The CREATE UNIQUE INDEX statement terminated because a duplicate key was found for the object name '${table}' and the index name '${index}'. The duplicate key value is (${values}).`,
    ),
  constraintConflict: (
    verb: string,
    kind: string,
    constraint: string,
    database: string,
    table: string,
    column?: string,
  ) =>
    make(
      547,
      `The ${verb} statement conflicted with the ${kind} constraint "${constraint}". The conflict occurred in database "${database}", table "${table}"${column === undefined ? '' : `, column '${column}'`}.`,
      16,
      0,
    ),
  nullInsert: (column: string, table: string, verb: string) =>
    make(
      515,
      `Cannot insert the value NULL into column '${column}', table '${table}'; column does not allow nulls. ${verb} fails.`,
      16,
      2,
    ),
  truncated: (table: string, column: string, value: string) =>
    make(
      2628,
      `String or binary data would be truncated in table '${table}', column '${column}'. Truncated value: '${value}'.`,
    ),
  identityInsertOff: (table: string) =>
    make(
      544,
      `Cannot insert explicit value for identity column in table '${table}' when IDENTITY_INSERT is set to OFF.`,
    ),
  identityInsertMissing: (table: string) =>
    make(
      545,
      `Explicit value must be specified for identity column in table '${table}' either when IDENTITY_INSERT is set to ON or when a replication user is inserting into a NOT FOR REPLICATION identity column.`,
    ),
  identityUpdate: (column: string) => make(8102, `Cannot update identity column '${column}'.`),
  noIdentity: (table: string) =>
    make(8106, `Table '${table}' does not have the identity property. Cannot perform SET operation.`),
  identityInsertElsewhere: (held: string, wanted: string) =>
    make(
      8107,
      `IDENTITY_INSERT is already ON for table '${held}'. Cannot perform SET operation for table '${wanted}'.`,
    ),
  identityList: (table: string) =>
    make(
      8101,
      `An explicit value for the identity column in table '${table}' can only be specified when a column list is used and IDENTITY_INSERT is ON.`,
    ),
  timestampInsert: () =>
    make(
      273,
      'Cannot insert an explicit value into a timestamp column. Use INSERT with a column list to exclude the timestamp column, or insert a DEFAULT into the timestamp column.',
    ),
  timestampUpdate: () => make(272, 'Cannot update a timestamp column.'),
  computedChange: (column: string) =>
    make(
      271,
      `The column "${column}" cannot be modified because it is either a computed column or is the result of a UNION operator.`,
    ),
  fewerValues: () =>
    make(
      109,
      'There are more columns in the INSERT statement than values specified in the VALUES clause. The number of values in the VALUES clause must match the number of columns specified in the INSERT statement.',
      15,
    ),
  moreValues: () =>
    make(
      110,
      'There are fewer columns in the INSERT statement than values specified in the VALUES clause. The number of values in the VALUES clause must match the number of columns specified in the INSERT statement.',
      15,
    ),
  selectListLess: () =>
    make(
      120,
      'The select list for the INSERT statement contains fewer items than the insert list. The number of SELECT values must match the number of INSERT columns.',
      15,
    ),
  selectListMore: () =>
    make(
      121,
      'The select list for the INSERT statement contains more items than the insert list. The number of SELECT values must match the number of INSERT columns.',
      15,
    ),
  insertCountMismatch: () =>
    make(213, 'Column name or number of supplied values does not match table definition.'),
  columnTwice: (column: string) =>
    make(
      264,
      `The column name '${column}' is specified more than once in the SET clause or column list of an INSERT. A column cannot be assigned more than one value in the same clause. Modify the clause to make sure that a column is updated only once. If this statement updates or inserts columns into a view, column aliasing can conceal the duplication in your code.`,
    ),
  valuesRowsDiffer: () =>
    make(10709, 'The number of columns for each row in a table value constructor must be the same.'),

  notGrouped: (column: string) =>
    make(
      8120,
      `Column '${column}' is invalid in the select list because it is not contained in either an aggregate function or the GROUP BY clause.`,
    ),
  aggregateInWhere: () =>
    make(
      147,
      'An aggregate may not appear in the WHERE clause unless it is in a subquery contained in a HAVING clause or a select list, and the column being aggregated is an outer reference.',
      15,
    ),
  setOperandCounts: () =>
    make(
      205,
      'All queries combined using a UNION, INTERSECT or EXCEPT operator must have an equal number of expressions in their target lists.',
    ),
  orderByNotInSelect: () =>
    make(145, 'ORDER BY items must appear in the select list if SELECT DISTINCT is specified.', 15),
  orderByNotInUnion: () =>
    make(
      104,
      'ORDER BY items must appear in the select list if the statement contains a UNION, INTERSECT or EXCEPT operator.',
      15,
    ),
  orderByPosition: (position: number) =>
    make(
      108,
      `The ORDER BY position number ${String(position)} is out of range of the number of items in the select list.`,
      15,
    ),
  orderByInSubquery: () =>
    make(
      1033,
      'The ORDER BY clause is invalid in views, inline functions, derived tables, subqueries, and common table expressions, unless TOP, OFFSET or FOR XML is also specified.',
      15,
    ),
  subqueryColumns: () =>
    make(
      116,
      'Only one expression can be specified in the select list when the subquery is not introduced with EXISTS.',
    ),
  subqueryRows: () =>
    make(
      512,
      'Subquery returned more than 1 value. This is not permitted when the subquery follows =, !=, <, <= , >, >= or when the subquery is used as an expression.',
    ),
  columnUnnamed: (index: number, alias: string) =>
    make(8155, `No column name was specified for column ${String(index)} of '${alias}'.`),
  columnsFewer: (alias: string) =>
    make(8158, `'${alias}' has more columns than were specified in the column list.`),
  columnsMore: (alias: string) =>
    make(8159, `'${alias}' has fewer columns than were specified in the column list.`),
  duplicateInDerived: (column: string, alias: string) =>
    make(8156, `The column '${column}' was specified multiple times for '${alias}'.`),
  assignAndReturn: () =>
    make(
      141,
      'A SELECT statement that assigns a value to a variable must not be combined with data-retrieval operations.',
      15,
    ),
  topNegative: () => make(127, 'A TOP N or FETCH rowcount value may not be negative.', 15),
  fetchPositive: () =>
    make(10744, 'The number of rows provided for a FETCH clause must be greater then zero.', 15),
  offsetNegative: () => make(10742, 'The offset specified in a OFFSET clause may not be negative.', 15),
  notAllowed: (what: string) =>
    make(40510, `Statement '${what}' is not supported in this version of SQL Server.`),

  noBeginForCommit: () =>
    make(3902, 'The COMMIT TRANSACTION request has no corresponding BEGIN TRANSACTION.'),
  noBeginForRollback: () =>
    make(3903, 'The ROLLBACK TRANSACTION request has no corresponding BEGIN TRANSACTION.'),
  noBeginForSave: () =>
    make(628, 'Cannot issue SAVE TRANSACTION when there is no active transaction.', 16, 0),
  unknownSavepoint: (name: string) =>
    make(6401, `Cannot roll back ${name}. No transaction or savepoint of that name was found.`),
  systemTable: () => make(259, 'Ad hoc updates to system catalogs are not allowed.'),
  uncommittable: () =>
    make(
      3930,
      'The current transaction cannot be committed and cannot support operations that write to the log file. Roll back the transaction.',
    ),
  notInTransaction: (what: string) =>
    make(226, `${what} statement not allowed within multi-statement transaction.`, 16, 6),
  lockTimeout: () => make(1222, 'Lock request time out period exceeded.', 16, 51),
  deadlock: (spid: number) =>
    make(
      1205,
      `Transaction (Process ID ${String(spid)}) was deadlocked on lock resources with another process and has been chosen as the deadlock victim. Rerun the transaction.`,
      13,
      51,
    ),
  throwOutsideCatch: () =>
    make(
      10704,
      'To rethrow an error, a THROW statement must be used inside a CATCH block. Insert the THROW statement inside a CATCH block, or add error parameters to the THROW statement.',
      15,
    ),
  throwNumber: (number: number) =>
    make(
      35100,
      `Error number ${String(number)} in the THROW statement is outside the valid range. Specify an error number in the valid range of 50000 to 2147483647.`,
      16,
      10,
    ),
  breakOutside: () => make(135, 'Cannot use a BREAK statement outside the scope of a WHILE statement.', 15),
  continueOutside: () =>
    make(136, 'Cannot use a CONTINUE statement outside the scope of a WHILE statement.', 15),
  missingParameter: (procedure: string, name: string) =>
    make(
      201,
      `Procedure or function '${procedure}' expects parameter '${name}', which was not supplied.`,
      16,
      4,
    ),
  missingExecuteParameter: (name: string) =>
    make(8178, `The parameterized query expects the parameter '${name}', which was not supplied.`),
  unknownParameter: (procedure: string, name: string) =>
    make(8145, `${name} is not a parameter for procedure ${procedure}.`, 16, 2),
  tooManyArguments: (procedure: string) =>
    make(8144, `Procedure or function ${procedure} has too many arguments specified.`, 16, 2),
  statementType: () =>
    make(214, `Procedure expects parameter '@statement' of type 'ntext/nchar/nvarchar'.`, 16, 2),
  loginFailed: (user: string) => make(18456, `Login failed for user '${user}'.`, 14, 1),
  cannotOpen: (database: string) =>
    make(4060, `Cannot open database "${database}" requested by the login. The login failed.`, 11, 1),

  rangeOrArguments: () =>
    make(
      313,
      'An insufficient number of arguments were supplied for the procedure or function cdc.fn_cdc_get_all_changes_ ... .',
      16,
      3,
    ),
  netRangeOrArguments: () =>
    make(
      313,
      'An insufficient number of arguments were supplied for the procedure or function cdc.fn_cdc_get_net_changes_ ... .',
      16,
      3,
    ),
  databaseNotEnabled: (database: string) =>
    make(
      22901,
      `The database '${database}' is not enabled for Change Data Capture. Ensure that the correct database context is set and retry the operation. To report on the databases enabled for Change Data Capture, query the is_cdc_enabled column in the sys.databases catalog view.`,
    ),
  databaseCannotEnable: (database: string) =>
    make(
      22902,
      `The database '${database}' cannot be enabled for Change Data Capture. Change Data Capture is not supported on system databases, or on a distribution database.`,
    ),
  databaseAlreadyEnabled: (database: string) =>
    make(
      22906,
      `The database '${database}' is already enabled for Change Data Capture. Ensure that the correct database context is set and retry the operation. To report on the databases enabled for Change Data Capture, query the is_cdc_enabled column in the sys.databases catalog view.`,
    ),
  captureTableMissing: (table: string) =>
    make(
      22931,
      `Source table '${table}' does not exist in the current database. Ensure that the correct database context is set. Specify a valid schema and table name for the database.`,
    ),
  captureNameTaken: (instance: string) =>
    make(
      22926,
      `Could not create a capture instance because the capture instance name '${instance}' already exists in the current database. Specify an explicit unique name for the parameter @capture_instance.`,
    ),
  captureTwoInstances: (table: string) =>
    make(
      22962,
      `Two capture instances already exist for source table '${table}'. A table can have at most two capture instances. If the current tracking options are not appropriate, disable change tracking for the obsolete instance by using sys.sp_cdc_disable_table and retry the operation.`,
    ),
  captureInstanceMissing: (instance: string, table: string) =>
    make(
      22960,
      `Change data capture instance '${instance}' has not been enabled for the source table '${table}'. Use sys.sp_cdc_help_change_data_capture to verify the capture instance name and retry the operation.`,
    ),
  captureNoSuchInstance: (instance: string) =>
    make(
      22918,
      `One or more columns in the list of included columns was not a captured column of the change table ${instance}.`,
    ),
  captureColumnMissing: (column: string, table: string) =>
    make(
      22923,
      `Could not enable Change Data Capture for table '${table}'. The specified column '${column}' in the @captured_column_list parameter could not be found.`,
    ),
  captureNetChangesKey: (table: string) =>
    make(
      22939,
      `The parameter @supports_net_changes is set to 1, but the source table '${table}' does not have a primary key defined and no alternate unique index has been specified.`,
    ),
  captureIndexMissing: (index: string, table: string) =>
    make(
      22929,
      `Could not enable Change Data Capture for the source table '${table}'. The specified index '${index}' is not a unique index of the table.`,
    ),
  cleanupLowWaterMark: (mark: string) =>
    make(
      22964,
      `LSN ${mark}, specified as the new low end point for change table cleanup, is not in the cdc.lsn_time_mapping table.`,
    ),
} as const;
