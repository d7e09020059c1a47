/** CAST and CONVERT between all types ("CAST and CONVERT"). NULL stays NULL. */
import type { SqlType, SqlValue, SqlVariant } from '../../interface/engine-session.ts';
import { valueErrors } from '../../errors/value-errors.ts';
import { clrFromBytes, clrFromText } from '../clr/clr-text.ts';
import type { Convert } from './convert.ts';
import { toBinary, toGuid } from './to-binary.ts';
import { toCharacter } from './to-character.ts';
import { toDecimal, toMoney } from './to-exact.ts';
import { toFloat } from './to-float.ts';
import { toBit, toInteger } from './to-integer.ts';
import { toMoment } from './to-moment.ts';
import { conversionBetween } from '../basic/implicit-conversion.ts';
import { isCharacter, plainFamilyOf } from '../basic/type-facts.ts';

export type { Convert } from './convert.ts';

/**
 * Picks the conversion once, for use on every row. Error 529 when the two types do not convert, 281 for a style that
 * does not exist; the function it gives throws what depends on the value (8114, 8115, 245, 241, …).
 */
export function converter(from: SqlType, to: SqlType, style?: number): Convert {
  if (sameType(from, to)) return (value) => value;
  if (from.name !== 'sql_variant' && conversionBetween(from, to) === 'no')
    throw valueErrors.conversionNotAllowed(from.name, to.name);
  const convert = pick(from, to, style);
  return (value) => (value === null ? null : convert(value));
}

/** One value; `converter` is the fast way for many. */
export function convertValue(value: SqlValue, from: SqlType, to: SqlType, style?: number): SqlValue {
  return converter(from, to, style)(value);
}

/** True when a value of one is a value of the other as it is. */
export const sameType = (a: SqlType, b: SqlType): boolean =>
  a.name === b.name && a.length === b.length && a.precision === b.precision && a.scale === b.scale;

function pick(from: SqlType, to: SqlType, style: number | undefined): Convert {
  if (from.name === 'sql_variant') return (value) => fromVariant(value as SqlVariant, to, style);
  switch (plainFamilyOf(to)) {
    case 'bit':
      return toBit(from, to);
    case 'integer':
      return toInteger(from, to);
    case 'float':
      return toFloat(from, to);
    case 'decimal':
      return toDecimal(from, to);
    case 'money':
      return toMoney(from, to);
    case 'character':
      return toCharacter(from, to, style);
    case 'binary':
      return toBinary(from, to, style);
    case 'moment':
      return toMoment(from, to, style);
    case 'guid':
      return toGuid(from, to);
    case 'variant':
      return (value) => ({ type: from, value });
    case 'opaque':
      return toClr(from, to);
    default:
      throw valueErrors.conversionNotAllowed(from.name, to.name);
  }
}

function toClr(from: SqlType, to: SqlType): Convert {
  if (from.name === to.name) return (value) => value;
  return isCharacter(from)
    ? (value) => clrFromText(value as string, to)
    : (value) => clrFromBytes(value as Uint8Array, to);
}

const fromVariant = (variant: SqlVariant, to: SqlType, style: number | undefined): SqlValue =>
  to.name === 'sql_variant' ? variant : convertValue(variant.value, variant.type, to, style);
