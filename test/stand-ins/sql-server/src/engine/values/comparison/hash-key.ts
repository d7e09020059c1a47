/**
 * Turns a value into something that a Map finds again: two values of a type have the same key exactly when they compare
 * as equal. NULL equals NULL, as in unique indexes, GROUP BY and DISTINCT. Keys of values of different types say nothing.
 */
import type { SqlMoment, SqlValue, SqlVariant } from '../../interface/engine-session.ts';
import { foldText } from './compare-values.ts';
import { decimalText, normalised } from '../basic/decimal.ts';
import { familyOf, isNumeric } from '../basic/type-facts.ts';

export function hashKey(value: SqlValue, caseSensitive = false): string | number {
  if (value === null) return '\u0001null';
  switch (typeof value) {
    case 'number':
      return value;
    case 'string':
      return foldText(value, caseSensitive);
    case 'bigint':
      return value <= 9007199254740991n && value >= -9007199254740991n ? Number(value) : String(value);
    case 'boolean':
      return value ? 1 : 0;
    case 'function':
    case 'object':
    case 'symbol':
    case 'undefined':
    default:
      return objectKey(value, caseSensitive);
  }
}

/** One key for several values, in their order. */
export const hashKeyOf = (values: readonly SqlValue[], caseSensitive = false): string =>
  values.map((value) => hashKey(value, caseSensitive)).join('\u0000');

function objectKey(
  value: Exclude<SqlValue, null | number | string | bigint | boolean>,
  caseSensitive: boolean,
): string {
  if (value instanceof Uint8Array) return `\u0002${withoutEndZeros(value).toString('latin1')}`;
  if ('unscaled' in value) return `\u0003${decimalText(normalised(value))}`;
  if ('ticks' in value) return `\u0004${momentKey(value)}`;
  return `\u0005${variantKey(value, caseSensitive)}`;
}

function withoutEndZeros(bytes: Uint8Array): Buffer {
  let size = bytes.length;
  while (size > 0 && bytes[size - 1] === 0) size--;
  return Buffer.from(bytes.buffer, bytes.byteOffset, size);
}

const momentKey = (value: SqlMoment): string => `${String(value.days)}:${String(value.ticks)}`;

/** Exact numbers of all types share their keys: they are one family of sql_variant. */
function variantKey({ type, value }: SqlVariant, caseSensitive: boolean): string {
  const family = familyOf(type);
  if (!isNumeric(type) || family === 'float') return `${family}:${String(hashKey(value, caseSensitive))}`;
  const exact =
    typeof value === 'object' && value !== null && 'unscaled' in value
      ? decimalText(normalised(value))
      : String(hashKey(value));
  return `number:${exact}`;
}
