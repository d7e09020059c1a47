/** system_type_id, max_length, precision and scale of types ("sys.types", "sys.columns"). */
import type { SqlType, SqlTypeName } from '../../interface/engine-session.ts';
import { decimalShape, familyOf, isUnicode } from './type-facts.ts';

export const SYSTEM_TYPE_IDS: Readonly<Record<SqlTypeName, number>> = {
  image: 34, text: 35, uniqueidentifier: 36, date: 40, time: 41, datetime2: 42, datetimeoffset: 43, tinyint: 48,
  smallint: 52, int: 56, smalldatetime: 58, real: 59, money: 60, datetime: 61, float: 62, sql_variant: 98, ntext: 99,
  bit: 104, decimal: 106, numeric: 108, smallmoney: 122, bigint: 127, hierarchyid: 240, geometry: 240, geography: 240,
  varbinary: 165, varchar: 167, binary: 173, char: 175, timestamp: 189, nvarchar: 231, nchar: 239, xml: 241,
}; // prettier-ignore

/** The CLR types share a system_type_id and differ here. */
export function userTypeId(type: SqlType): number {
  if (type.name === 'hierarchyid') return 128;
  if (type.name === 'geometry') return 129;
  return type.name === 'geography' ? 130 : SYSTEM_TYPE_IDS[type.name];
}

const FIXED: Partial<Record<SqlTypeName, number>> = {
  bit: 1, tinyint: 1, smallint: 2, int: 4, bigint: 8, real: 4, float: 8, money: 8, smallmoney: 4, text: 16, ntext: 16,
  image: 16, xml: -1, timestamp: 8, date: 3, datetime: 8, smalldatetime: 4, uniqueidentifier: 16, sql_variant: 8016,
  hierarchyid: 892, geography: -1, geometry: -1,
}; // prettier-ignore

/** Bytes; -1 for the max types. */
export function maxLength(type: SqlType): number {
  const fixed = FIXED[type.name];
  if (fixed !== undefined) return fixed;
  if (type.length === 'max') return -1;
  if (type.length !== undefined) return isUnicode(type) ? type.length * 2 : type.length;
  const digits = familyOf(type) === 'decimal' ? (type.precision ?? 18) : 0;
  if (digits > 0) return digits <= 9 ? 5 : digits <= 19 ? 9 : digits <= 28 ? 13 : 17;
  const scale = type.scale ?? 7;
  const time = scale <= 2 ? 3 : scale <= 4 ? 4 : 5;
  return type.name === 'time' ? time : type.name === 'datetime2' ? time + 3 : time + 5;
}

/** Characters or bytes, as a type is declared with; -1 for the max types. */
export function characterLength(type: SqlType): number {
  const bytes = maxLength(type);
  return bytes > 0 && isUnicode(type) ? bytes / 2 : bytes;
}

export function precisionOf(type: SqlType): number {
  const scale = type.scale ?? 7;
  switch (familyOf(type)) {
    case 'bit':
      return 1;
    case 'integer':
    case 'decimal':
    case 'money':
      return decimalShape(type).precision;
    case 'float':
      return type.name === 'real' ? 24 : 53;
    case 'moment': {
      const fraction = scale === 0 ? 0 : scale + 1;
      const fixed: Partial<Record<SqlTypeName, number>> = {
        date: 10,
        datetime: 23,
        smalldatetime: 16,
        time: 8 + fraction,
        datetime2: 19 + fraction,
        datetimeoffset: 26 + fraction,
      };
      return fixed[type.name] ?? 0;
    }
    case 'binary':
    case 'character':
    case 'guid':
    case 'opaque':
    case 'variant':
    default:
      return 0;
  }
}

export function scaleOf(type: SqlType): number {
  if (familyOf(type) === 'decimal') return type.scale ?? 0;
  if (familyOf(type) === 'money') return 4;
  if (type.name === 'datetime') return 3;
  return ['time', 'datetime2', 'datetimeoffset'].includes(type.name) ? (type.scale ?? 7) : 0;
}
