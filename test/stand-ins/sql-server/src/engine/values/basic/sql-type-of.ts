/** From the name of a type and its arguments, as T-SQL writes them, to a SqlType ("Data types"). */
import type { SqlType, SqlTypeName } from '../../interface/engine-session.ts';
import { valueErrors } from '../../errors/value-errors.ts';

type Length = number | 'max';
type Build = (args: readonly Length[]) => SqlType;

/** Where the type stands: without a length CAST and CONVERT take 30, everything else 1. */
export type TypePlace = 'column' | 'cast';

const plain =
  (name: SqlTypeName): Build =>
  (args) => {
    if (args.length > 0) throw valueErrors.typeTakesNoLength(name);
    return { name };
  };

function sized(name: SqlTypeName, most: number, max: boolean, place: TypePlace): Build {
  return ([length = place === 'cast' ? 30 : 1]) => {
    if (length === 'max') {
      if (max) return { name, length };
      throw valueErrors.syntaxNear('max');
    }
    if (length < 1) throw valueErrors.invalidLength(length);
    if (length > most) throw valueErrors.typeTooLong(name, length, most);
    return { name, length };
  };
}

function exact(name: 'decimal' | 'numeric'): Build {
  return ([precision = 18, scale = 0]) => {
    if (precision === 'max' || scale === 'max') throw valueErrors.syntaxNear('max');
    if (precision < 1) throw valueErrors.invalidLength(precision);
    if (precision > 38) throw valueErrors.precisionTooLarge(1, precision);
    if (scale > precision) throw valueErrors.scaleAbovePrecision(1, scale, precision);
    return { name, precision, scale };
  };
}

function timed(name: SqlTypeName): Build {
  return ([scale = 7]) => {
    if (scale === 'max' || scale < 0 || scale > 7)
      throw valueErrors.invalidScale(scale === 'max' ? -1 : scale);
    return { name, scale };
  };
}

/** float(1..24) is real, float(25..53) float. */
const floating: Build = ([digits = 53]) => {
  if (digits === 'max' || digits < 1 || digits > 53)
    throw valueErrors.invalidLength(digits === 'max' ? -1 : digits);
  return { name: digits <= 24 ? 'real' : 'float' };
};

const names: Readonly<Record<SqlTypeName, (place: TypePlace) => Build>> = {
  bit: () => plain('bit'),
  tinyint: () => plain('tinyint'),
  smallint: () => plain('smallint'),
  int: () => plain('int'),
  bigint: () => plain('bigint'),
  real: () => plain('real'),
  float: () => floating,
  decimal: () => exact('decimal'),
  numeric: () => exact('numeric'),
  money: () => plain('money'),
  smallmoney: () => plain('smallmoney'),
  char: (place) => sized('char', 8000, false, place),
  varchar: (place) => sized('varchar', 8000, true, place),
  nchar: (place) => sized('nchar', 4000, false, place),
  nvarchar: (place) => sized('nvarchar', 4000, true, place),
  text: () => plain('text'),
  ntext: () => plain('ntext'),
  xml: () => plain('xml'),
  binary: (place) => sized('binary', 8000, false, place),
  varbinary: (place) => sized('varbinary', 8000, true, place),
  image: () => plain('image'),
  timestamp: () => plain('timestamp'),
  date: () => plain('date'),
  time: () => timed('time'),
  datetime: () => plain('datetime'),
  smalldatetime: () => plain('smalldatetime'),
  datetime2: () => timed('datetime2'),
  datetimeoffset: () => timed('datetimeoffset'),
  uniqueidentifier: () => plain('uniqueidentifier'),
  sql_variant: () => plain('sql_variant'),
  hierarchyid: () => plain('hierarchyid'),
  geography: () => plain('geography'),
  geometry: () => plain('geometry'),
};

/** "Data type synonyms"; sysname is nvarchar(128). */
const synonyms = new Map<string, SqlTypeName>([
  ['integer', 'int'],
  ['dec', 'decimal'],
  ['double precision', 'float'],
  ['character', 'char'],
  ['character varying', 'varchar'],
  ['char varying', 'varchar'],
  ['national character', 'nchar'],
  ['national char', 'nchar'],
  ['national character varying', 'nvarchar'],
  ['national char varying', 'nvarchar'],
  ['national text', 'ntext'],
  ['binary varying', 'varbinary'],
  ['rowversion', 'timestamp'],
]);

/** True for every name that `sqlTypeOf` knows. */
export function isTypeName(name: string): boolean {
  const lower = name.toLowerCase();
  return lower === 'sysname' || lower in names || synonyms.has(lower);
}

/** Error 243 for an unknown name; 1001, 1002, 131, 2750, 2751 or 2716 for arguments that do not fit. */
export function sqlTypeOf(name: string, args: readonly Length[], place: TypePlace = 'column'): SqlType {
  const lower = name.toLowerCase();
  if (lower === 'sysname') return { name: 'nvarchar', length: 128 };
  const known = synonyms.get(lower) ?? lower;
  if (!(known in names)) throw valueErrors.typeNotFound(name);
  return names[known as SqlTypeName](place)(args);
}

/** As T-SQL writes it: `decimal(38,10)`, `nvarchar(max)`, `datetime2(3)`. */
export function typeText(type: SqlType): string {
  if (type.precision !== undefined) return `${type.name}(${type.precision},${type.scale ?? 0})`;
  if (type.length !== undefined) return `${type.name}(${type.length})`;
  return type.scale === undefined ? type.name : `${type.name}(${type.scale})`;
}
