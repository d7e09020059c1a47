/** The type in which two operands meet: precedence for the name, their larger extents for the rest. */
import type { SqlType } from '../../interface/engine-session.ts';
import { valueErrors } from '../../errors/value-errors.ts';
import { conversionBetween } from './implicit-conversion.ts';
import {
  comparePrecedence,
  decimalShape,
  familyOf,
  plainFamilyOf,
  isBinary,
  isCharacter,
  isNumeric,
  isUnicode,
} from './type-facts.ts';

/**
 * "Data type precedence" and, for UNION, CASE, COALESCE and comparisons, "Precision, scale, and length". Error 206
 * when neither type converts implicitly to the other.
 */
export function commonType(a: SqlType, b: SqlType): SqlType {
  const [high, low] = comparePrecedence(a, b) <= 0 ? [a, b] : [b, a];
  if (conversionBetween(low, high) === 'no') throw valueErrors.operandTypeClash(low.name, high.name);
  if (familyOf(high) === 'decimal') return isNumeric(low) ? mergedDecimal(high, low) : high;
  if (isCharacter(high) && high.length !== undefined)
    return { name: high.name, length: mergedLength(high, low) };
  if (isBinary(high) && high.length !== undefined)
    return { name: high.name, length: mergedLength(high, low) };
  if (high.scale !== undefined && familyOf(high) === 'moment')
    return { name: high.name, scale: mergedScale(high, low) };
  return high;
}

function mergedDecimal(high: SqlType, low: SqlType): SqlType {
  if (familyOf(low) === 'float') return high;
  const a = decimalShape(high);
  const b = decimalShape(low);
  const whole = Math.max(a.precision - a.scale, b.precision - b.scale);
  const scale = Math.max(a.scale, b.scale);
  const fitted = whole + scale > 38 ? Math.max(0, 38 - whole) : scale;
  return { name: high.name, precision: Math.min(38, whole + scale), scale: fitted };
}

function mergedLength(high: SqlType, low: SqlType): number | 'max' {
  const own = high.length ?? 1;
  const other = low.length ?? (isCharacter(low) || isBinary(low) ? 'max' : textLength(low));
  if (own === 'max' || other === 'max') return 'max';
  const most = isUnicode(high) ? 4000 : 8000;
  return Math.min(most, Math.max(own, other));
}

/** A time type without digits of its own brings what it can hold: three for datetime, none for the rest. */
function mergedScale(high: SqlType, low: SqlType): number {
  const own = high.scale ?? 7;
  if (familyOf(low) !== 'moment') return own;
  return Math.max(own, low.scale ?? (low.name === 'datetime' ? 3 : 0));
}

/** Characters that a value of a type without length takes as text; 36 for uniqueidentifier, 41 for decimals. */
export function textLength(type: SqlType): number {
  switch (plainFamilyOf(type)) {
    case 'bit':
      return 1;
    case 'integer':
      return 20;
    case 'guid':
      return 36;
    case 'decimal':
      return 41;
    case 'money':
    case 'float':
      return 30;
    default:
      return 34;
  }
}
