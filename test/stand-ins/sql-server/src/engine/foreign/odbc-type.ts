/**
 * How sp_columns describes a type, in the terms of ODBC ("Data type identifiers", "Column size, decimal digits,
 * transfer octet length, and display size", "sp_columns").
 */
import type { SqlType, SqlTypeName } from '../interface/engine-session.ts';
import { familyOf, isUnicode } from '../values/index.ts';
import { maxLength, precisionOf, scaleOf } from '../values/basic/type-ids.ts';

export interface OdbcType {
  readonly dataType: number;
  readonly precision: number;
  readonly length: number;
  readonly scale: number | null;
  readonly radix: number | null;
  readonly sqlDataType: number;
  readonly dateTimeSub: number | null;
  readonly octetLength: number | null;
  /** The type of Open Data Services, "SS_DATA_TYPE". */
  readonly serverType: number;
}

const SQL_DATETIME = 9;
/** SQL_DATE and SQL_TIMESTAMP of version 2, and their successors of version 3. */
const VERSION_2: Readonly<Record<number, number>> = { 91: 9, 93: 11 };
const SUB_CODES: Readonly<Record<number, number>> = { 91: 1, 93: 3 };

/** Identifier, type of Open Data Services when NOT NULL and when it takes NULL. */
const IDENTIFIERS: Readonly<Record<SqlTypeName, readonly [number, number, number]>> = {
  bit: [-7, 50, 50], tinyint: [-6, 48, 38], smallint: [5, 52, 38], int: [4, 56, 38], bigint: [-5, 63, 108],
  decimal: [3, 106, 106], numeric: [2, 108, 108], money: [3, 60, 110], smallmoney: [3, 122, 110],
  real: [7, 59, 109], float: [6, 62, 109], char: [1, 47, 39], varchar: [12, 39, 39], text: [-1, 35, 35],
  nchar: [-8, 39, 39], nvarchar: [-9, 39, 39], ntext: [-10, 35, 35], xml: [-152, 0, 0], binary: [-2, 45, 37],
  varbinary: [-3, 37, 37], image: [-4, 34, 34], timestamp: [-2, 45, 37], date: [91, 0, 0], time: [-154, 0, 0],
  datetime: [93, 61, 111], smalldatetime: [93, 58, 111], datetime2: [93, 0, 0], datetimeoffset: [-155, 0, 0],
  uniqueidentifier: [-11, 37, 37], sql_variant: [-150, 39, 39], hierarchyid: [-151, 23, 23],
  geography: [-151, 23, 23], geometry: [-151, 23, 23],
}; // prettier-ignore

/** Bytes of the C type that a driver transfers, where it is not the size in storage. */
const TRANSFERRED: Partial<Record<SqlTypeName, number>> = {
  money: 21, smallmoney: 12, date: 6, time: 12, datetime: 16, smalldatetime: 16, datetime2: 16, datetimeoffset: 20,
}; // prettier-ignore

const LONGEST = 2_147_483_647;

export function odbcType(type: SqlType, nullable: boolean, version: number): OdbcType {
  const [identifier, notNull, takesNull] = IDENTIFIERS[type.name];
  const dateTimeSub = SUB_CODES[identifier] ?? null;
  const precision = columnSize(type);
  return {
    dataType: version < 3 ? (VERSION_2[identifier] ?? identifier) : identifier,
    precision,
    length: transferLength(type, precision),
    scale: decimalDigits(type),
    radix: radixOf(type),
    sqlDataType: dateTimeSub === null ? identifier : SQL_DATETIME,
    dateTimeSub,
    octetLength: isSized(type) ? octets(type) : null,
    serverType: nullable ? takesNull : notNull,
  };
}

const isSized = (type: SqlType): boolean =>
  type.name !== 'xml' && (familyOf(type) === 'character' || familyOf(type) === 'binary');

function octets(type: SqlType): number {
  if (['text', 'ntext', 'image'].includes(type.name)) return LONGEST;
  const bytes = maxLength(type);
  return bytes < 0 ? LONGEST : bytes;
}

function columnSize(type: SqlType): number {
  if (type.name === 'xml') return 0;
  if (type.name === 'uniqueidentifier') return 36;
  if (type.name === 'sql_variant') return 8000;
  if (isSized(type) || familyOf(type) === 'opaque')
    return isUnicode(type) ? Math.floor(octets(type) / 2) : octets(type);
  return precisionOf(type);
}

function transferLength(type: SqlType, precision: number): number {
  if (isSized(type)) return octets(type);
  if (familyOf(type) === 'decimal') return precision + 2;
  return TRANSFERRED[type.name] ?? Math.max(0, maxLength(type));
}

const hasFraction = (type: SqlType): boolean => familyOf(type) === 'moment' && type.name !== 'date';

function decimalDigits(type: SqlType): number | null {
  const isExact = ['integer', 'decimal', 'money'].includes(familyOf(type));
  return isExact || hasFraction(type) ? scaleOf(type) : null;
}

function radixOf(type: SqlType): number | null {
  if (familyOf(type) === 'float') return 2;
  return ['integer', 'decimal', 'money'].includes(familyOf(type)) ? 10 : null;
}
