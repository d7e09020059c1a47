/**
 * The errors of SQL Server that the engine raises, with the server's own numbers, severities and texts
 * (sys.messages, English; "Database Engine events and errors" in the documentation).
 */

/** An error of the T-SQL engine. The engine adds line and procedure and sends it as a message. */
export class SqlError extends Error {
  override readonly name = 'SqlError';
  readonly number: number;
  /** 11–16 the user's mistake, 17–19 the server's resources, 20 and above ends the connection. */
  readonly severity: number;
  readonly state: number;

  constructor(number: number, message: string, severity = 16, state = 1) {
    super(message);
    this.number = number;
    this.severity = severity;
    this.state = state;
  }
}

const error = (number: number, message: string, severity?: number, state?: number): SqlError =>
  new SqlError(number, message, severity, state);

/** Makers by meaning. What is quoted in the text is a parameter, in the order in which it appears. */
export const sqlErrors = {
  // text and names
  syntaxNear: (near: string) => error(102, `Incorrect syntax near '${near}'.`, 15),
  unclosedQuote: (text: string) =>
    error(105, `Unclosed quotation mark after the character string '${text}'.`, 15),
  keywordSyntax: (keyword: string) => error(156, `Incorrect syntax near the keyword '${keyword}'.`, 15),
  scalarVariableNotDeclared: (name: string) =>
    error(137, `Must declare the scalar variable "${name}".`, 15, 2),
  tableVariableNotDeclared: (name: string) =>
    error(1087, `Must declare the table variable "${name}".`, 15, 2),
  variableDeclaredTwice: (name: string) =>
    error(
      134,
      `The variable name '${name}' has already been declared. Variable names must be unique within a query batch or stored procedure.`,
      15,
      2,
    ),
  notAFunction: (name: string) => error(195, `'${name}' is not a recognized built-in function name.`, 15, 10),
  functionArgumentCount: (name: string, count: number) =>
    error(174, `The ${name} function requires ${count} argument(s).`, 15),
  functionArgumentRange: (name: string, least: number, most: number) =>
    error(189, `The ${name} function requires ${least} to ${most} arguments.`, 15),
  notADatePart: (part: string, name: string) =>
    error(155, `'${part}' is not a recognized ${name} option.`, 15),
  datePartNotSupported: (part: string, name: string, type: string) =>
    error(9810, `The datepart ${part} is not supported by date function ${name} for data type ${type}.`),
  datePartOutOfRange: (part: string, name: string) =>
    error(9834, `The datepart ${part} is not supported by date function ${name}.`),
  invalidObject: (name: string) => error(208, `Invalid object name '${name}'.`),
  invalidColumn: (name: string) => error(207, `Invalid column name '${name}'.`),
  ambiguousColumn: (name: string) => error(209, `Ambiguous column name '${name}'.`),
  objectExists: (name: string) =>
    error(2714, `There is already an object named '${name}' in the database.`, 16, 6),
  procedureNotFound: (name: string) => error(2812, `Could not find stored procedure '${name}'.`, 16, 62),
  schemaNotFound: (name: string) =>
    error(
      2760,
      `The specified schema name "${name}" either does not exist or you do not have permission to use it.`,
    ),
  cannotDrop: (kind: string, name: string) =>
    error(
      3701,
      `Cannot drop the ${kind} '${name}', because it does not exist or you do not have permission.`,
      11,
      5,
    ),
  cannotTruncateReferenced: (table: string) =>
    error(
      4712,
      `Cannot truncate table '${table}' because it is being referenced by a FOREIGN KEY constraint.`,
    ),
  cannotTruncatePublished: (table: string) =>
    error(
      4711,
      `Cannot truncate table '${table}' because it is published for replication or enabled for Change Data Capture.`,
    ),
  multipartNotBound: (name: string) => error(4104, `The multi-part identifier "${name}" could not be bound.`),
  functionNotFound: (column: string, name: string) =>
    error(
      4121,
      `Cannot find either column "${column}" or the user-defined function or aggregate "${name}", or the name is ambiguous.`,
    ),
  notInGroupBy: (column: string) =>
    error(
      8120,
      `Column '${column}' is invalid in the select list because it is not contained in either an aggregate function or the GROUP BY clause.`,
    ),
  databaseNotFound: (name: string) =>
    error(911, `Database '${name}' does not exist. Make sure that the name is entered correctly.`),
  permissionDenied: (permission: string, object: string, database: string, schema: string) =>
    error(
      229,
      `The ${permission} permission was denied on the object '${object}', database '${database}', schema '${schema}'.`,
      14,
      5,
    ),

  // statements and rows
  procedureParameterMissing: (procedure: string, parameter: string) =>
    error(
      201,
      `Procedure or function '${procedure}' expects parameter '${parameter}', which was not supplied.`,
      16,
      4,
    ),
  notAParameter: (parameter: string, procedure: string) =>
    error(8145, `${parameter} is not a parameter for procedure ${procedure}.`),
  tooManyArguments: (procedure: string) =>
    error(8144, `Procedure or function ${procedure} has too many arguments specified.`, 16, 2),
  columnCountMismatch: () =>
    error(213, 'Column name or number of supplied values does not match table definition.'),
  moreColumnsThanValues: () =>
    error(
      109,
      'There are more columns in the INSERT statement than values specified in the VALUES clause. The number of values in the VALUES clause must match the number of columns specified in the INSERT statement.',
      15,
    ),
  fewerColumnsThanValues: () =>
    error(
      110,
      'There are fewer columns in the INSERT statement than values specified in the VALUES clause. The number of values in the VALUES clause must match the number of columns specified in the INSERT statement.',
      15,
    ),
  nestingLevel: () =>
    error(217, 'Maximum stored procedure, function, trigger, or view nesting level exceeded (limit 32).'),
  /** The misleading error of the CDC functions for an LSN out of range ("cdc.fn_cdc_get_all_changes"). */
  insufficientArguments: (name: string) =>
    error(
      313,
      `An insufficient number of arguments were supplied for the procedure or function ${name} ... .`,
      16,
      3,
    ),
  subqueryReturnedMore: () =>
    error(
      512,
      'Subquery returned more than 1 value. This is not permitted when the subquery follows =, !=, <, <= , >, >= or when the subquery is used as an expression.',
    ),
  nullNotAllowed: (column: string, table: string, statement: string) =>
    error(
      515,
      `Cannot insert the value NULL into column '${column}', table '${table}'; column does not allow nulls. ${statement} fails.`,
      16,
      2,
    ),
  identityInsertOff: (table: string) =>
    error(
      544,
      `Cannot insert explicit value for identity column in table '${table}' when IDENTITY_INSERT is set to OFF.`,
    ),
  identityUpdate: (column: string) => error(8102, `Cannot update identity column '${column}'.`),
  cannotModifyColumn: (column: string) =>
    error(
      271,
      `The column "${column}" cannot be modified because it is either a computed column or is the result of a UNION operator.`,
    ),
  cannotInsertTimestamp: () =>
    error(
      273,
      'Cannot insert an explicit value into a timestamp column. Use INSERT with a column list to exclude the timestamp column, or insert a DEFAULT into the timestamp column.',
    ),
  cannotUpdateTimestamp: () => error(272, 'Cannot update a timestamp column.'),
  constraintConflict: (
    statement: string,
    kind: string,
    constraint: string,
    database: string,
    table: string,
    column?: string,
  ) =>
    error(
      547,
      `The ${statement} statement conflicted with the ${kind} constraint "${constraint}". The conflict occurred in database "${database}", table "${table}"${column === undefined ? '' : `, column '${column}'`}.`,
      16,
      0,
    ),
  duplicateIndexKey: (table: string, index: string, key: string) =>
    error(
      2601,
      `Cannot insert duplicate key row in object '${table}' with unique index '${index}'. The duplicate key value is ${key}.`,
      14,
    ),
  duplicateKey: (kind: string, constraint: string, table: string, key: string) =>
    error(
      2627,
      `Violation of ${kind} constraint '${constraint}'. Cannot insert duplicate key in object '${table}'. The duplicate key value is ${key}.`,
      14,
    ),
  stringTruncated: (table: string, column: string, value: string) =>
    error(
      2628,
      `String or binary data would be truncated in table '${table}', column '${column}'. Truncated value: '${value}'.`,
    ),
  dataTruncated: () => error(8152, 'String or binary data would be truncated.', 16, 30),

  // transactions and sessions
  lockTimeout: () => error(1222, 'Lock request time out period exceeded.', 16, 45),
  deadlock: (processId: number) =>
    error(
      1205,
      `Transaction (Process ID ${processId}) was deadlocked on lock resources with another process and has been chosen as the deadlock victim. Rerun the transaction.`,
      13,
      51,
    ),
  commitWithoutBegin: () =>
    error(3902, 'The COMMIT TRANSACTION request has no corresponding BEGIN TRANSACTION.'),
  rollbackWithoutBegin: () =>
    error(3903, 'The ROLLBACK TRANSACTION request has no corresponding BEGIN TRANSACTION.'),
  rollbackNameNotFound: (name: string) =>
    error(6401, `Cannot roll back ${name}. No transaction or savepoint of that name was found.`),
  savepointWithoutTransaction: () =>
    error(628, 'Cannot issue SAVE TRANSACTION when there is no active transaction.', 16, 0),
  loginFailed: (user: string) => error(18456, `Login failed for user '${user}'.`, 14),
  cannotOpenDatabase: (name: string) =>
    error(4060, `Cannot open database "${name}" requested by the login. The login failed.`, 11),

  // types and values
  typeNotFound: (name: string) => error(243, `Type ${name} is not a defined system type.`),
  columnTypeNotFound: (position: number, name: string) =>
    error(2715, `Column, parameter, or variable #${position}: Cannot find data type ${name}.`, 16, 6),
  precisionTooLarge: (position: number, precision: number) =>
    error(
      2750,
      `Column or parameter #${position}: Specified column precision ${precision} is greater than the maximum precision of 38.`,
    ),
  scaleAbovePrecision: (position: number, scale: number, precision: number) =>
    error(
      2751,
      `Column or parameter #${position}: Specified column scale ${scale} is greater than the specified precision of ${precision}.`,
    ),
  invalidScale: (scale: number) => error(1002, `Line 1: Specified scale ${scale} is invalid.`, 15),
  invalidLength: (length: number) =>
    error(1001, `Line 1: Length or precision specification ${length} is invalid.`, 15),
  typeTooLong: (name: string, length: number, most: number) =>
    error(
      131,
      `The size (${length}) given to the type '${name}' exceeds the maximum allowed for any data type (${most}).`,
      15,
      2,
    ),
  typeTakesNoLength: (name: string) =>
    error(2716, `Column, parameter, or variable #1: Cannot specify a column width on data type ${name}.`),
  operandTypeClash: (from: string, to: string) =>
    error(206, `Operand type clash: ${from} is incompatible with ${to}`, 16, 2),
  implicitNotAllowed: (from: string, to: string) =>
    error(
      257,
      `Implicit conversion from data type ${from} to ${to} is not allowed. Use the CONVERT function to run this query.`,
      16,
      3,
    ),
  conversionNotAllowed: (from: string, to: string) =>
    error(529, `Explicit conversion from data type ${from} to ${to} is not allowed.`, 16, 2),
  typesIncompatible: (left: string, right: string, operator: string) =>
    error(402, `The data types ${left} and ${right} are incompatible in the ${operator} operator.`),
  operandTypeInvalid: (type: string, operator: string) =>
    error(8117, `Operand data type ${type} is invalid for ${operator} operator.`),
  argumentTypeInvalid: (type: string, position: number, name: string) =>
    error(8116, `Argument data type ${type} is invalid for argument ${position} of ${name} function.`),
  styleInvalid: (style: number, from: string, to = 'a character string') =>
    error(281, `${style} is not a valid style number when converting from ${from} to ${to}.`),
  smallOverflow: (type: string, value: string) =>
    error(220, `Arithmetic overflow error for data type ${type}, value = ${value}.`, 16, 2),
  floatOverflow: (type: string, value: number) =>
    error(232, `Arithmetic overflow error for type ${type}, value = ${value.toFixed(6)}.`, 16, 3),
  overflow: (type: string, what = 'expression') =>
    error(8115, `Arithmetic overflow error converting ${what} to data type ${type}.`, 16, 2),
  divideByZero: () => error(8134, 'Divide by zero error encountered.'),
  floatInvalid: () => error(3623, 'An invalid floating point operation occurred.'),
  moneyResultSpace: () =>
    error(234, 'There is insufficient result space to convert a money value to varchar.', 16, 2),
  moneySyntax: () =>
    error(235, 'Cannot convert a char value to money. The char value has incorrect syntax.', 16, 0),
  dateSyntax: () => error(241, 'Conversion failed when converting date and/or time from character string.'),
  smalldatetimeSyntax: () =>
    error(295, 'Conversion failed when converting character string to smalldatetime data type.', 16, 3),
  dateOutOfRange: (from: string, to: string) =>
    error(
      242,
      `The conversion of a ${from} data type to a ${to} data type resulted in an out-of-range value.`,
      16,
      3,
    ),
  dateOverflow: (type: string) => error(517, `Adding a value to a '${type}' column caused an overflow.`),
  dateDiffOverflow: (name: string) =>
    error(
      535,
      `The ${name} function resulted in an overflow. The number of dateparts separating two date/time instances is too large. Try to use ${name} with a less precise datepart.`,
      16,
      0,
    ),
  datePartsInvalid: (type: string) =>
    error(289, `Cannot construct data type ${type}, some of the arguments have values which are not valid.`),
  timeZoneInvalid: (zone: string) =>
    error(9820, `The time zone parameter '${zone}' provided to AT TIME ZONE clause is invalid.`),
  offsetInvalid: () => error(9812, 'The timezone provided to builtin function switchoffset is invalid.'),
  syntaxConverting: (from: string, value: string, to: string) =>
    error(245, `Conversion failed when converting the ${from} value '${value}' to data type ${to}.`),
  textOverflow: (from: string, value: string, to: string) =>
    error(248, `The conversion of the ${from} value '${value}' overflowed an ${to} column.`),
  textOverflowSmall: (from: string, value: string, to: string) =>
    error(
      244,
      `The conversion of the ${from} value '${value}' overflowed an ${to} column. Use a larger integer column.`,
      16,
      2,
    ),
  converting: (from: string, to: string) =>
    error(8114, `Error converting data type ${from} to ${to}.`, 16, 5),
  uniqueidentifierSyntax: () =>
    error(8169, 'Conversion failed when converting from a character string to uniqueidentifier.', 16, 2),
  uniqueidentifierSpace: () =>
    error(8170, 'Insufficient result space to convert uniqueidentifier value to char.', 16, 2),
  substringLength: (name: string) =>
    error(536, `Invalid length parameter passed to the ${name} function.`, 16),
  leftLength: () => error(537, 'Invalid length parameter passed to the LEFT or SUBSTRING function.', 16, 2),
  translateLength: () =>
    error(
      9828,
      'The second and third arguments of the TRANSLATE built-in function must contain an equal number of characters.',
    ),
} as const;
