/** Functions on values of any type: sizes, tests, hashes, choices. */
import { createHash } from 'node:crypto';
import type { SqlType, SqlValue } from '../../interface/engine-session.ts';
import { SqlError } from '../../errors/sql-error.ts';
import { valueErrors } from '../../errors/value-errors.ts';
import { encodeCodePage, encodeUtf16 } from '../basic/code-page.ts';
import { commonType } from '../basic/common-type.ts';
import { comparer } from '../comparison/compare-values.ts';
import { convertValue } from '../conversions/convert-value.ts';
import { hashKey } from '../comparison/hash-key.ts';
import {
  decimalShape,
  plainFamilyOf,
  integerRange,
  isCharacter,
  isNumeric,
  isUnicode,
  secondScale,
} from '../basic/type-facts.ts';
import { bigintType, intType, lenient, strict } from './arguments.ts';
import type { ScalarFunction } from './scalar-function.ts';

/** Bytes that a value takes ("DATALENGTH"). */
function dataLength(value: SqlValue, type: SqlType): number {
  if (typeof value === 'string')
    return type.name === 'uniqueidentifier' ? 16 : value.length * (isUnicode(type) ? 2 : 1);
  if (value instanceof Uint8Array) return value.length;
  switch (plainFamilyOf(type)) {
    case 'bit':
      return 1;
    case 'integer':
    case 'money':
      return integerRange(type).bytes;
    case 'float':
      return type.name === 'real' ? 4 : 8;
    case 'decimal': {
      const { precision } = decimalShape(type);
      return precision <= 9 ? 5 : precision <= 19 ? 9 : precision <= 28 ? 13 : 17;
    }
    case 'variant':
      return variantLength(value);
    default:
      return momentLength(type);
  }
}

const variantLength = (value: SqlValue): number =>
  value !== null && typeof value === 'object' && 'type' in value ? dataLength(value.value, value.type) : 0;

function momentLength(type: SqlType): number {
  const fixed: Readonly<Partial<Record<string, number>>> = { date: 3, datetime: 8, smalldatetime: 4 };
  const time = secondScale(type) < 3 ? 3 : secondScale(type) < 5 ? 4 : 5;
  const more: Readonly<Partial<Record<string, number>>> = { time: 0, datetime2: 3, datetimeoffset: 5 };
  return fixed[type.name] ?? time + (more[type.name] ?? 0);
}

const datalength = strict(
  1,
  1,
  ([first]) => (first?.length === 'max' ? bigintType : intType),
  (args) => {
    const length = dataLength(args.value(0), args.type(0));
    return args.type(0).length === 'max' ? BigInt(length) : length;
  },
);

/** True when the conversion works; other failures than of the value are thrown on. */
function converts(value: SqlValue, from: SqlType, to: SqlType): boolean {
  try {
    convertValue(value, from, to);
    return true;
  } catch (error) {
    if (error instanceof SqlError) return false;
    throw error;
  }
}

const isdate = lenient(1, 1, intType, ([value = null], [type = intType]) => {
  if (value === null || type.name === 'datetime2' || type.name === 'date' || type.name === 'time') return 0;
  return isCharacter(type) && value !== '' && converts(value, type, { name: 'datetime' })
    ? 1
    : type.name.endsWith('datetime')
      ? 1
      : 0;
});

const isnumeric = lenient(1, 1, intType, ([value = null], [type = intType]) => {
  if (value === null) return 0;
  if (isNumeric(type)) return type.name === 'bit' ? 0 : 1;
  if (!isCharacter(type) || (value as string).trim() === '') return 0;
  return converts(value, type, { name: 'float' }) || converts(value, type, { name: 'money' }) ? 1 : 0;
});

const algorithms: Readonly<Partial<Record<string, string>>> = {
  MD5: 'md5',
  SHA: 'sha1',
  SHA1: 'sha1',
  SHA2_256: 'sha256',
  SHA2_512: 'sha512',
};

/** NULL for an unknown algorithm, as SQL Server does. */
const hashbytes = strict(2, 2, { name: 'varbinary', length: 8000 }, (args) => {
  const algorithm = algorithms[args.text(0).toUpperCase()];
  if (algorithm === undefined) return null;
  const value = args.value(1);
  const bytes = value instanceof Uint8Array ? value : encode(args.text(1), args.type(1));
  return new Uint8Array(createHash(algorithm).update(bytes).digest());
});

const encode = (text: string, type: SqlType): Uint8Array =>
  isUnicode(type) ? encodeUtf16(text) : encodeCodePage(text);

/** Stable, and equal for equal values; not the number that SQL Server computes. */
const checksum = lenient(1, Infinity, intType, (values) => {
  let hash = 0x811c9dc5;
  for (const value of values) {
    const text = `${hashKey(value)}|`;
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash | 0;
});

const commonOf = (types: readonly SqlType[]): SqlType =>
  types.slice(1).reduce((common, type) => commonType(common, type), types[0] ?? intType);

const choose = lenient(
  2,
  Infinity,
  (types) => commonOf(types.slice(1)),
  (values, types) => {
    const [index = null] = values;
    if (index === null) return null;
    const place = convertValue(index, types[0] ?? intType, intType) as number;
    const type = types[place];
    if (place < 1 || type === undefined) return null;
    return convertValue(values[place] ?? null, type, commonOf(types.slice(1)));
  },
);

/** NULLs do not take part. */
const extreme = (sign: 1 | -1): ScalarFunction =>
  lenient(1, 254, commonOf, (values, types) => {
    const type = commonOf(types);
    const compare = comparer(type);
    return values
      .map((value, at) => convertValue(value, types[at] ?? type, type))
      .filter((value) => value !== null)
      .reduce<SqlValue>(
        (best, value) => (best === null || compare(value, best) * sign > 0 ? value : best),
        null,
      );
  });

/** FORMAT needs .NET's formats; it is refused as a function that the server does not know. */
const format: ScalarFunction = {
  minArgs: 2,
  maxArgs: 3,
  type: () => {
    throw valueErrors.notAFunction('FORMAT');
  },
  call: () => {
    throw valueErrors.notAFunction('FORMAT');
  },
};

export const valueFunctions: readonly (readonly [string, ScalarFunction])[] = [
  ['DATALENGTH', datalength],
  ['ISDATE', isdate],
  ['ISNUMERIC', isnumeric],
  ['HASHBYTES', hashbytes],
  ['CHECKSUM', checksum],
  ['BINARY_CHECKSUM', checksum],
  ['NEWID', lenient(0, 0, { name: 'uniqueidentifier' }, (_values, _types, context) => context.newId())],
  ['CHOOSE', choose],
  ['GREATEST', extreme(1)],
  ['LEAST', extreme(-1)],
  ['FORMAT', format],
];
