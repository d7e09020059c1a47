/** What the engine asks about a type: its family, its range, its precedence, its name. */
import type { SqlType, SqlTypeName } from '../../interface/engine-session.ts';

export type TypeFamily =
  | 'bit'
  | 'integer'
  | 'float'
  | 'decimal'
  | 'money'
  | 'character'
  | 'binary'
  | 'moment'
  | 'guid'
  | 'variant'
  | 'opaque';

const families: Readonly<Record<SqlTypeName, TypeFamily>> = {
  bit: 'bit',
  tinyint: 'integer',
  smallint: 'integer',
  int: 'integer',
  bigint: 'integer',
  real: 'float',
  float: 'float',
  decimal: 'decimal',
  numeric: 'decimal',
  money: 'money',
  smallmoney: 'money',
  char: 'character',
  varchar: 'character',
  nchar: 'character',
  nvarchar: 'character',
  text: 'character',
  ntext: 'character',
  xml: 'character',
  binary: 'binary',
  varbinary: 'binary',
  image: 'binary',
  timestamp: 'binary',
  date: 'moment',
  time: 'moment',
  datetime: 'moment',
  smalldatetime: 'moment',
  datetime2: 'moment',
  datetimeoffset: 'moment',
  uniqueidentifier: 'guid',
  sql_variant: 'variant',
  hierarchyid: 'opaque',
  geography: 'opaque',
  geometry: 'opaque',
};

export const familyOf = (type: SqlType): TypeFamily => families[type.name];

/** The family without its union type, for a `switch` in which a default takes all the rest. */
export const plainFamilyOf = (type: SqlType): string => families[type.name];

/** The name without its union type, for the same use. */
export const plainNameOf = (type: SqlType): string => type.name;

/** xml counts as character because its values are text. */
export const isCharacter = (type: SqlType): boolean => families[type.name] === 'character';

/** Text that is stored in UTF-16; the other character types are in code page 1252. */
export const isUnicode = (type: SqlType): boolean =>
  type.name === 'nchar' || type.name === 'nvarchar' || type.name === 'ntext' || type.name === 'xml';

export const isBinary = (type: SqlType): boolean => families[type.name] === 'binary';

export const isMoment = (type: SqlType): boolean => families[type.name] === 'moment';

/** Numbers of any kind, bit included. */
export const isNumeric = (type: SqlType): boolean =>
  ['bit', 'integer', 'float', 'decimal', 'money'].includes(families[type.name]);

/** decimal and numeric are one type; SQL Server's messages call it numeric. */
export const nameInMessages = (type: SqlType): string => (type.name === 'decimal' ? 'numeric' : type.name);

export interface IntegerRange {
  readonly least: bigint;
  readonly most: bigint;
  readonly bytes: number;
}

const integerRanges: Readonly<Partial<Record<SqlTypeName, IntegerRange>>> = {
  tinyint: { least: 0n, most: 255n, bytes: 1 },
  smallint: { least: -32_768n, most: 32_767n, bytes: 2 },
  int: { least: -2_147_483_648n, most: 2_147_483_647n, bytes: 4 },
  bigint: { least: -9_223_372_036_854_775_808n, most: 9_223_372_036_854_775_807n, bytes: 8 },
  smallmoney: { least: -2_147_483_648n, most: 2_147_483_647n, bytes: 4 },
  money: { least: -9_223_372_036_854_775_808n, most: 9_223_372_036_854_775_807n, bytes: 8 },
};

/** Range of an integer type, or of the unscaled value of money and smallmoney. */
export function integerRange(type: SqlType): IntegerRange {
  const range = integerRanges[type.name];
  if (range === undefined) throw new TypeError(`${type.name} is not an integer type`);
  return range;
}

/** Digits and scale of an exact number when it meets a decimal ("Precision, scale, and length"). */
export function decimalShape(type: SqlType): { readonly precision: number; readonly scale: number } {
  switch (plainNameOf(type)) {
    case 'bit':
      return { precision: 1, scale: 0 };
    case 'tinyint':
      return { precision: 3, scale: 0 };
    case 'smallint':
      return { precision: 5, scale: 0 };
    case 'int':
      return { precision: 10, scale: 0 };
    case 'bigint':
      return { precision: 19, scale: 0 };
    case 'smallmoney':
      return { precision: 10, scale: 4 };
    case 'money':
      return { precision: 19, scale: 4 };
    default:
      return { precision: type.precision ?? 18, scale: type.scale ?? 0 };
  }
}

/** Digits of the second that a time type holds. */
export const secondScale = (type: SqlType): number => type.scale ?? 7;

/** Data type precedence, highest first ("Data type precedence"). */
const precedence: readonly SqlTypeName[] = [
  'hierarchyid',
  'geography',
  'geometry',
  'sql_variant',
  'xml',
  'datetimeoffset',
  'datetime2',
  'datetime',
  'smalldatetime',
  'date',
  'time',
  'float',
  'real',
  'decimal',
  'numeric',
  'money',
  'smallmoney',
  'bigint',
  'int',
  'smallint',
  'tinyint',
  'bit',
  'ntext',
  'text',
  'image',
  'timestamp',
  'uniqueidentifier',
  'nvarchar',
  'nchar',
  'varchar',
  'char',
  'varbinary',
  'binary',
];

const ranks = new Map(precedence.map((name, place) => [name, place]));

/** Negative when `a` has the higher precedence, as for sort. */
export const comparePrecedence = (a: SqlType, b: SqlType): number =>
  (ranks.get(a.name) ?? 0) - (ranks.get(b.name) ?? 0);
