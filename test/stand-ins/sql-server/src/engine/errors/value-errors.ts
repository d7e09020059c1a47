/** The errors that values, their types and their functions raise. */
import { sqlError, type SqlError } from './sql-error.ts';

/** An exception inside of a type of the common language runtime. */
const clrError = (type: string, exception: string): SqlError =>
  sqlError(
    6522,
    `A .NET Framework error occurred during execution of user-defined routine or aggregate "${type}": \r\n${exception}`,
  );

/** Makers by meaning. What is quoted in the text is a parameter, in the order in which it appears. */
export const valueErrors = {
  syntaxNear: (near: string) => sqlError(102, `Incorrect syntax near '${near}'.`, 15),
  notAFunction: (name: string) =>
    sqlError(195, `'${name}' is not a recognized built-in function name.`, 15, 10),
  notADatePart: (part: string, name: string) =>
    sqlError(155, `'${part}' is not a recognized ${name} option.`, 15),
  datePartNotSupported: (part: string, name: string, type: string) =>
    sqlError(9810, `The datepart ${part} is not supported by date function ${name} for data type ${type}.`),
  datePartOutOfRange: (part: string, name: string) =>
    sqlError(9834, `The datepart ${part} is not supported by date function ${name}.`),
  typeNotFound: (name: string) => sqlError(243, `Type ${name} is not a defined system type.`),
  precisionTooLarge: (position: number, precision: number) =>
    sqlError(
      2750,
      `Column or parameter #${position}: Specified column precision ${precision} is greater than the maximum precision of 38.`,
    ),
  scaleAbovePrecision: (position: number, scale: number, precision: number) =>
    sqlError(
      2751,
      `Column or parameter #${position}: Specified column scale ${scale} is greater than the specified precision of ${precision}.`,
    ),
  invalidScale: (scale: number) => sqlError(1002, `Line 1: Specified scale ${scale} is invalid.`, 15),
  invalidLength: (length: number) =>
    sqlError(1001, `Line 1: Length or precision specification ${length} is invalid.`, 15),
  typeTooLong: (name: string, length: number, most: number) =>
    sqlError(
      131,
      `The size (${length}) given to the type '${name}' exceeds the maximum allowed for any data type (${most}).`,
      15,
      2,
    ),
  typeTakesNoLength: (name: string) =>
    sqlError(2716, `Column, parameter, or variable #1: Cannot specify a column width on data type ${name}.`),
  operandTypeClash: (from: string, to: string) =>
    sqlError(206, `Operand type clash: ${from} is incompatible with ${to}`, 16, 2),
  implicitNotAllowed: (from: string, to: string) =>
    sqlError(
      257,
      `Implicit conversion from data type ${from} to ${to} is not allowed. Use the CONVERT function to run this query.`,
      16,
      3,
    ),
  conversionNotAllowed: (from: string, to: string) =>
    sqlError(529, `Explicit conversion from data type ${from} to ${to} is not allowed.`, 16, 2),
  typesIncompatible: (left: string, right: string, operator: string) =>
    sqlError(402, `The data types ${left} and ${right} are incompatible in the ${operator} operator.`),
  operandTypeInvalid: (type: string, operator: string) =>
    sqlError(8117, `Operand data type ${type} is invalid for ${operator} operator.`),
  argumentTypeInvalid: (type: string, position: number, name: string) =>
    sqlError(8116, `Argument data type ${type} is invalid for argument ${position} of ${name} function.`),
  styleInvalid: (style: number, from: string, to = 'a character string') =>
    sqlError(281, `${style} is not a valid style number when converting from ${from} to ${to}.`),
  smallOverflow: (type: string, value: string) =>
    sqlError(220, `Arithmetic overflow error for data type ${type}, value = ${value}.`, 16, 2),
  floatOverflow: (type: string, value: number) =>
    sqlError(232, `Arithmetic overflow error for type ${type}, value = ${value.toFixed(6)}.`, 16, 3),
  overflow: (type: string, what = 'expression') =>
    sqlError(8115, `Arithmetic overflow error converting ${what} to data type ${type}.`, 16, 2),
  divideByZero: () => sqlError(8134, 'Divide by zero error encountered.'),
  floatInvalid: () => sqlError(3623, 'An invalid floating point operation occurred.'),
  moneyResultSpace: () =>
    sqlError(234, 'There is insufficient result space to convert a money value to varchar.', 16, 2),
  moneySyntax: () =>
    sqlError(235, 'Cannot convert a char value to money. The char value has incorrect syntax.', 16, 0),
  dateSyntax: () =>
    sqlError(241, 'Conversion failed when converting date and/or time from character string.'),
  smalldatetimeSyntax: () =>
    sqlError(295, 'Conversion failed when converting character string to smalldatetime data type.', 16, 3),
  dateOutOfRange: (from: string, to: string) =>
    sqlError(
      242,
      `The conversion of a ${from} data type to a ${to} data type resulted in an out-of-range value.`,
      16,
      3,
    ),
  dateOverflow: (type: string) => sqlError(517, `Adding a value to a '${type}' column caused an overflow.`),
  dateDiffOverflow: (name: string) =>
    sqlError(
      535,
      `The ${name} function resulted in an overflow. The number of dateparts separating two date/time instances is too large. Try to use ${name} with a less precise datepart.`,
      16,
      0,
    ),
  datePartsInvalid: (type: string) =>
    sqlError(
      289,
      `Cannot construct data type ${type}, some of the arguments have values which are not valid.`,
    ),
  timeZoneInvalid: (zone: string) =>
    sqlError(9820, `The time zone parameter '${zone}' provided to AT TIME ZONE clause is invalid.`),
  offsetInvalid: () => sqlError(9812, 'The timezone provided to builtin function switchoffset is invalid.'),
  syntaxConverting: (from: string, value: string, to: string) =>
    sqlError(245, `Conversion failed when converting the ${from} value '${value}' to data type ${to}.`),
  textOverflow: (from: string, value: string, to: string) =>
    sqlError(248, `The conversion of the ${from} value '${value}' overflowed an ${to} column.`),
  textOverflowSmall: (from: string, value: string, to: string) =>
    sqlError(
      244,
      `The conversion of the ${from} value '${value}' overflowed an ${to} column. Use a larger integer column.`,
      16,
      2,
    ),
  converting: (from: string, to: string) =>
    sqlError(8114, `Error converting data type ${from} to ${to}.`, 16, 5),
  uniqueidentifierSyntax: () =>
    sqlError(8169, 'Conversion failed when converting from a character string to uniqueidentifier.', 16, 2),
  uniqueidentifierSpace: () =>
    sqlError(8170, 'Insufficient result space to convert uniqueidentifier value to char.', 16, 2),
  substringLength: (name: string) =>
    sqlError(536, `Invalid length parameter passed to the ${name} function.`, 16),
  leftLength: () =>
    sqlError(537, 'Invalid length parameter passed to the LEFT or SUBSTRING function.', 16, 2),
  hierarchyText: (text: string) =>
    clrError(
      'hierarchyid',
      `Microsoft.SqlServer.Types.HierarchyIdException: 24001: SqlHierarchyId.Parse failed because the input string '${text}' is not a valid string representation of a SqlHierarchyId node.`,
    ),
  wellKnownText: (type: string) =>
    clrError(
      type,
      'System.FormatException: 24114: The label in the input well-known text (WKT) is not valid.',
    ),
  spatialReference: (type: string) =>
    clrError(
      type,
      'System.ArgumentException: 24100: The spatial reference identifier (SRID) is not valid. SRIDs must be between 0 and 999999.',
    ),
  latitude: () =>
    clrError(
      'geography',
      'System.FormatException: 24201: Latitude values must be between -90 and 90 degrees.',
    ),
  clrBytes: (type: string) =>
    clrError(type, 'System.FormatException: One of the identified items was in an invalid format.'),
  translateLength: () =>
    sqlError(
      9828,
      'The second and third arguments of the TRANSLATE built-in function must contain an equal number of characters.',
    ),
} as const;
