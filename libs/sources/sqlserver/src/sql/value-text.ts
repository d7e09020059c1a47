/** Values that arrive in another form than JSON's: floating point, times of style 121, and sql_variant. */
import type { Value } from '@dstream/core';

/** Digits that a decimal text keeps through a real and back, and that distinguish every real from its neighbours. */
const keptDigits = 6;
const tellingDigits = 9;
const leastNormal = 2 ** -126;

/** JSON has no number for NaN and the infinities: they are texts, as in protobuf's JSON. Only old bulk loads made such. */
export function floatNumber(value: number): Value {
  return Number.isFinite(value) ? value : String(value);
}

/**
 * The driver widens a real to a double: 1.1 becomes 1.10000002384185791015625. This is the double of the shortest text that
 * is still this real and no other.
 */
export function realNumber(value: number): Value {
  if (Number.isInteger(value) && Math.abs(value) <= 2 ** 24) return value;
  if (!Number.isFinite(value)) return String(value);
  // A subnormal has fewer digits, so the first of them may be enough.
  for (let digits = Math.abs(value) < leastNormal ? 1 : keptDigits; digits < tellingDigits; digits += 1) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return Number(value.toPrecision(tellingDigits));
}

/** ISO 8601 of a time in style 121, which has a space where ISO 8601 has a T, and another before the offset. */
export function isoOf121(text: string): string {
  return text.replace(' ', 'T').replace(' ', '');
}

/** Keeps `scale` of the seven digits of a fraction of a second. */
function withScale(text: string, scale: number): string {
  return text.replace(/\.\d{7}/, (fraction) => (scale === 0 ? '' : fraction.slice(0, scale + 1)));
}

/**
 * A `sql_variant` travels as `type:value`: its base type is part of what it holds (7 and N'7' differ), and the value is
 * written as a column of that type would arrive. Plain conversion to text has style 0, which drops digits of floats, money
 * and times; so each such type is first converted to itself ("SQL_VARIANT_PROPERTY", "CAST and CONVERT").
 * Types, what they are converted to, and the style of their text. The others have one text only.
 */
const styled: readonly (readonly [types: string, type: string, style: number])[] = [
  ["N'float'", 'float', 3],
  ["N'real'", 'real', 3],
  ["N'money', N'smallmoney'", 'money', 2],
  ["N'date'", 'date', 23],
  ["N'time'", 'time(7)', 121],
  ["N'datetime', N'smalldatetime'", 'datetime', 121],
  ["N'datetime2'", 'datetime2(7)', 121],
  ["N'datetimeoffset'", 'datetimeoffset(7)', 121],
  ["N'binary', N'varbinary'", 'varbinary(8000)', 2],
];

/** Gives `base type,precision,scale:text`. @param name quoted */
export function variantExpression(name: string): string {
  const property = (type: string, which: string) =>
    `CONVERT(${type}, SQL_VARIANT_PROPERTY(${name}, '${which}'))`;
  const base = property('nvarchar(128)', 'BaseType');
  // A type without such a property must not make NULL of the whole.
  const number = (which: string) => `CONVERT(nvarchar(11), ISNULL(${property('int', which)}, 0))`;
  const cases = styled.map(
    ([types, type, style]) =>
      `WHEN ${base} IN (${types}) THEN CONVERT(nvarchar(max), CONVERT(${type}, ${name}), ${style})`,
  );
  const text = `CASE ${cases.join(' ')} ELSE CONVERT(nvarchar(max), ${name}) END`;
  return `${base} + N',' + ${number('Precision')} + N',' + ${number('Scale')} + N':' + ${text}`;
}

interface Variant {
  readonly type: string;
  readonly precision: number;
  readonly scale: number;
  readonly text: string;
}

/** @param received what the expression gave */
export function variantText(received: string): string {
  const variant = parse(received);
  return `${typeOf(variant)}:${String(valueOf(variant))}`;
}

function parse(received: string): Variant {
  const colon = received.indexOf(':');
  const [type = '', precision, scale] = received.slice(0, colon).split(',');
  return { type, precision: Number(precision), scale: Number(scale), text: received.slice(colon + 1) };
}

/** Lengths are left out: that of a value of fixed length is its own, the others' say nothing about it. */
function typeOf({ type, precision, scale }: Variant): string {
  switch (type) {
    case 'decimal':
    case 'numeric':
      return `${type}(${precision},${scale})`;
    case 'time':
    case 'datetime2':
    case 'datetimeoffset':
      return `${type}(${scale})`;
    default:
      return type;
  }
}

function valueOf({ type, scale, text }: Variant): Value {
  switch (type) {
    case 'bit':
      return text === '1';
    case 'float':
      return Number(text);
    case 'real':
      return realNumber(Math.fround(Number(text)));
    case 'datetime':
      return isoOf121(text);
    case 'smalldatetime':
      return isoOf121(text).slice(0, 'YYYY-MM-DDThh:mm:ss'.length);
    case 'time':
    case 'datetime2':
    case 'datetimeoffset':
      return isoOf121(withScale(text, scale));
    case 'binary':
    case 'varbinary':
      return Buffer.from(text, 'hex').toString('base64');
    case 'uniqueidentifier':
      return text.toUpperCase();
    default:
      return text;
  }
}
