/** Keys for maps and sets of values: two values of a type have the same key exactly when they compare as equal. */
import type { SqlDecimal, SqlMoment, SqlType, SqlValue, SqlVariant } from '../engine-session.ts';
import { foldText, type CompareOptions } from './compare-values.ts';
import { decimalText, normalised, parseDecimal } from './decimal.ts';
import { bytesToHex } from './hex.ts';
import { familyOf, isNumeric, plainFamilyOf } from './type-facts.ts';

export type HashKey = (value: SqlValue) => string;

export function hashKey(value: SqlValue, type: SqlType, options: CompareOptions = {}): string {
  return keyer(type, options)(value);
}

/** Picks the function once, for use on every row. NULL has a key that no value has. */
export function keyer(type: SqlType, options: CompareOptions = {}): HashKey {
  const key = pick(type, options);
  return (value) => (value === null ? '\u0000' : key(value));
}

function pick(type: SqlType, options: CompareOptions): HashKey {
  switch (plainFamilyOf(type)) {
    case 'bit':
    case 'integer':
    case 'guid':
      return String;
    case 'float':
      // -0 and 0 are equal.
      return (value) => String((value as number) + 0);
    case 'decimal':
    case 'money':
      return (value) => decimalText(normalised(value as SqlDecimal));
    case 'character':
      return (value) => `'${foldText(value as string, options.caseSensitive ?? false)}`;
    case 'moment':
      return (value) => `${(value as SqlMoment).days}:${(value as SqlMoment).ticks}`;
    case 'variant':
      return (value) => variantKey(value as SqlVariant, options);
    default:
      return (value) => `x${bytesToHex(withoutEndZeros(value as Uint8Array))}`;
  }
}

function withoutEndZeros(bytes: Uint8Array): Uint8Array {
  let size = bytes.length;
  while (size > 0 && bytes[size - 1] === 0) size--;
  return bytes.subarray(0, size);
}

/** Exact numbers of all types share their keys: they are one family of sql_variant. */
function variantKey({ type, value }: SqlVariant, options: CompareOptions): string {
  if (!isNumeric(type) || familyOf(type) === 'float')
    return `${familyOf(type)}:${keyer(type, options)(value)}`;
  const text = typeof value === 'boolean' ? String(Number(value)) : keyer(type, options)(value);
  const exact = parseDecimal(text);
  return `number:${exact === undefined ? text : decimalText(normalised(exact))}`;
}
