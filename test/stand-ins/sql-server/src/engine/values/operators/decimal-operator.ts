/** decimal and numeric ("Precision, scale, and length": the results of operations). */
import type { SqlDecimal, SqlType } from '../../interface/engine-session.ts';
import { valueErrors } from '../../errors/value-errors.ts';
import { converter } from '../conversions/convert-value.ts';
import { fitsPrecision, powerOfTen, truncatedAt, unscaledAt } from '../basic/decimal.ts';
import { decimalShape, familyOf } from '../basic/type-facts.ts';
import { operatorName, type ArithmeticOp, type BoundOperator } from './bound-operator.ts';

interface Shape {
  readonly precision: number;
  readonly scale: number;
}

/** Text beside a decimal is read as the other side's type. */
export function decimalOperator(op: ArithmeticOp, a: SqlType, b: SqlType): BoundOperator {
  const aType = operandType(a, b);
  const bType = operandType(b, a);
  const { precision, scale } = resultShape(op, decimalShape(aType), decimalShape(bType));
  const type: SqlType = { name: 'decimal', precision, scale };
  const left = converter(a, aType);
  const right = converter(b, bType);
  const compute = functionOf(op, scale, type);
  return {
    type,
    apply: (x, y) => {
      const unscaled = compute(left(x) as SqlDecimal, right(y) as SqlDecimal);
      if (!fitsPrecision(unscaled, precision)) throw valueErrors.overflow('numeric');
      return { unscaled, scale };
    },
  };
}

function operandType(own: SqlType, other: SqlType): SqlType {
  if (familyOf(own) === 'decimal') return own;
  const numeric = ['bit', 'integer', 'money'].includes(familyOf(own));
  return { name: 'decimal', ...decimalShape(numeric ? own : other) };
}

/** Precision and scale before and after the cut to 38 digits. */
export function resultShape(op: string, a: Shape, b: Shape): Shape {
  const whole = Math.max(a.precision - a.scale, b.precision - b.scale);
  const scale = Math.max(a.scale, b.scale);
  switch (op) {
    case '+':
    case '-':
      return whole + scale + 1 > 38
        ? { precision: 38, scale: Math.min(scale, Math.max(0, 38 - whole)) }
        : { precision: whole + scale + 1, scale };
    case '*':
      return cut({ precision: a.precision + b.precision + 1, scale: a.scale + b.scale });
    case '/': {
      const digits = Math.max(6, a.scale + b.precision + 1);
      return cut({ precision: a.precision - a.scale + b.scale + digits, scale: digits });
    }
    default:
      return cut({ precision: Math.min(a.precision - a.scale, b.precision - b.scale) + scale, scale });
  }
}

/** What passes 38 digits gives up scale, down to six when the whole part needs more than 32. */
function cut({ precision, scale }: Shape): Shape {
  if (precision <= 38) return { precision, scale };
  const whole = precision - scale;
  return { precision: 38, scale: whole < 32 ? Math.min(scale, 38 - whole) : Math.min(scale, 6) };
}

function functionOf(op: string, scale: number, type: SqlType): (a: SqlDecimal, b: SqlDecimal) => bigint {
  switch (op) {
    case '+':
      return (a, b) => unscaledAt(sum(a, b, 1n), scale);
    case '-':
      return (a, b) => unscaledAt(sum(a, b, -1n), scale);
    case '*':
      return (a, b) => unscaledAt({ unscaled: a.unscaled * b.unscaled, scale: a.scale + b.scale }, scale);
    case '/':
      return (a, b) => quotient(a, b, scale);
    case '%':
      return (a, b) => remainder(a, b, scale);
    default:
      throw valueErrors.typesIncompatible(type.name, type.name, operatorName(op));
  }
}

function sum(a: SqlDecimal, b: SqlDecimal, sign: bigint): SqlDecimal {
  const scale = Math.max(a.scale, b.scale);
  return { unscaled: unscaledAt(a, scale) + sign * unscaledAt(b, scale), scale };
}

/** The quotient is cut off, not rounded: 2/3.0 is 0.666666. */
function quotient(a: SqlDecimal, b: SqlDecimal, scale: number): bigint {
  if (b.unscaled === 0n) throw valueErrors.divideByZero();
  const shift = scale + b.scale - a.scale;
  return shift >= 0
    ? (a.unscaled * powerOfTen(shift)) / b.unscaled
    : a.unscaled / (b.unscaled * powerOfTen(-shift));
}

function remainder(a: SqlDecimal, b: SqlDecimal, scale: number): bigint {
  if (b.unscaled === 0n) throw valueErrors.divideByZero();
  const common = Math.max(a.scale, b.scale);
  const rest = unscaledAt(a, common) % unscaledAt(b, common);
  return truncatedAt({ unscaled: rest, scale: common }, scale);
}
