/** The operators + - * / % & | ^ and unary minus and ~, with the types of their results. */
import type { SqlType, SqlValue } from '../../interface/engine-session.ts';
import type { SqlError } from '../../errors/sql-error.ts';
import { valueErrors } from '../../errors/value-errors.ts';
import { commonType } from '../basic/common-type.ts';
import { converter, type Convert } from '../conversions/convert-value.ts';
import { bitOperator } from './bit-operator.ts';
import { operatorName, type ArithmeticOp, type BoundOperator } from './bound-operator.ts';
import { concatenation } from './concatenation.ts';
import { datetimeOperator } from './datetime-operator.ts';
import { decimalOperator } from './decimal-operator.ts';
import { floatOperator } from './float-operator.ts';
import { integerOperator } from './integer-operator.ts';
import { moneyOperator } from './money-operator.ts';
import { integerRange, familyOf, isBinary, isCharacter, plainFamilyOf } from '../basic/type-facts.ts';

export type { ArithmeticOp, BoundOperator } from './bound-operator.ts';

/**
 * Picks type and function once, for use on every row. NULL with anything is NULL. Errors at once: 402 and 8117 for
 * types that the operator does not take, 206 for types that do not meet; by value: 8115 overflow, 8134 division by
 * zero, and those of converting an operand.
 */
export function operatorFor(op: ArithmeticOp, a: SqlType, b: SqlType): BoundOperator {
  const bound = pick(op, a, b);
  const { apply } = bound;
  return { type: bound.type, apply: (x, y) => (x === null || y === null ? null : apply(x, y)) };
}

export function arithmetic(
  op: ArithmeticOp,
  a: SqlValue,
  aType: SqlType,
  b: SqlValue,
  bType: SqlType,
): SqlValue {
  return operatorFor(op, aType, bType).apply(a, b);
}

export const arithmeticType = (op: ArithmeticOp, a: SqlType, b: SqlType): SqlType =>
  operatorFor(op, a, b).type;

function pick(op: ArithmeticOp, a: SqlType, b: SqlType): BoundOperator {
  if (op === '&' || op === '|' || op === '^') return bitOperator(op, a, b);
  if (op === '+' && isCharacter(a) && isCharacter(b)) return concatenation(a, b);
  if (op === '+' && isBinary(a) && isBinary(b)) return concatenation(a, b);
  const common = commonType(a, b);
  switch (plainFamilyOf(common)) {
    case 'integer':
      return converted(integerOperator(op, common), a, b);
    case 'float':
      return converted(floatOperator(op, common), a, b);
    case 'money':
      return converted(moneyOperator(op, common), a, b);
    case 'decimal':
      return decimalOperator(op, a, b);
    case 'moment':
      return datetimeOperator(op, a, b, common);
    default:
      throw refused(op, a, b);
  }
}

/** Both operands become the type of the result first. */
function converted(inner: BoundOperator, a: SqlType, b: SqlType): BoundOperator {
  const left = converter(a, inner.type);
  const right = converter(b, inner.type);
  return { type: inner.type, apply: (x, y) => inner.apply(left(x), right(y)) };
}

const refused = (op: ArithmeticOp, a: SqlType, b: SqlType): SqlError =>
  familyOf(a) === familyOf(b)
    ? familyOf(a) === 'bit' || a.name !== b.name
      ? valueErrors.typesIncompatible(a.name, b.name, operatorName(op))
      : valueErrors.operandTypeInvalid(a.name, operatorName(op))
    : valueErrors.operandTypeClash(a.name, b.name);

/** Unary minus: of a tinyint smallint; error 8117 for what is no number. */
export function negation(type: SqlType): { readonly type: SqlType; readonly apply: Convert } {
  const family = familyOf(type);
  if (type.name === 'tinyint') return negated({ name: 'smallint' });
  if (family === 'integer' || family === 'float' || family === 'decimal' || family === 'money')
    return negated(type);
  throw valueErrors.operandTypeInvalid(type.name, 'minus');
}

function negated(type: SqlType): { readonly type: SqlType; readonly apply: Convert } {
  const least =
    familyOf(type) === 'integer' || familyOf(type) === 'money' ? integerRange(type).least : undefined;
  return {
    type,
    apply: (value) => {
      if (value === null) return null;
      if (typeof value === 'object' && 'unscaled' in value) {
        if (least !== undefined && value.unscaled === least) throw valueErrors.overflow(type.name);
        return { ...value, unscaled: -value.unscaled };
      }
      if (least !== undefined && BigInt(value as number | bigint) === least)
        throw valueErrors.overflow(type.name);
      return typeof value === 'bigint' ? -value : 0 - (value as number);
    },
  };
}

/** Bitwise NOT of integers and bit; error 8117 for the rest. */
export function bitwiseNot(type: SqlType): { readonly type: SqlType; readonly apply: Convert } {
  if (type.name === 'bit') return { type, apply: (value) => (value === null ? null : value !== true) };
  if (familyOf(type) !== 'integer') throw valueErrors.operandTypeInvalid(type.name, "'~'");
  const unsigned = type.name === 'tinyint';
  return {
    type,
    apply: (value) => {
      if (value === null) return null;
      if (typeof value === 'bigint') return ~value;
      return unsigned ? 255 - (value as number) : ~(value as number);
    },
  };
}
