/**
 * The errors that values, their types and their functions raise, with SQL Server's own numbers, severities and texts
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
  syntaxNear: (near: string) => error(102, `Incorrect syntax near '${near}'.`, 15),
  notAFunction: (name: string) => error(195, `'${name}' is not a recognized built-in function name.`, 15, 10),
  notADatePart: (part: string, name: string) =>
    error(155, `'${part}' is not a recognized ${name} option.`, 15),
  datePartNotSupported: (part: string, name: string, type: string) =>
    error(9810, `The datepart ${part} is not supported by date function ${name} for data type ${type}.`),
  datePartOutOfRange: (part: string, name: string) =>
    error(9834, `The datepart ${part} is not supported by date function ${name}.`),
  typeNotFound: (name: string) => error(243, `Type ${name} is not a defined system type.`),
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
