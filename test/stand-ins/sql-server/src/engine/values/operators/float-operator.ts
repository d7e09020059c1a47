/** float and real: IEEE arithmetic, but an infinite result is error 8115 and % is not there. */
import type { SqlType } from '../../interface/engine-session.ts';
import { valueErrors } from '../../errors/value-errors.ts';
import { operatorName, type ArithmeticOp, type BoundOperator } from './bound-operator.ts';

export function floatOperator(op: ArithmeticOp, type: SqlType): BoundOperator {
  const compute = functionOf(op, type);
  const round = type.name === 'real' ? Math.fround : (value: number) => value;
  return {
    type,
    apply: (a, b) => {
      const result = round(compute(a as number, b as number));
      if (!Number.isFinite(result)) throw valueErrors.overflow(type.name);
      return result;
    },
  };
}

function functionOf(op: ArithmeticOp, type: SqlType): (a: number, b: number) => number {
  if (op === '+') return (a, b) => a + b;
  if (op === '-') return (a, b) => a - b;
  if (op === '*') return (a, b) => a * b;
  if (op === '/') return divide;
  throw valueErrors.typesIncompatible(type.name, type.name, operatorName(op));
}

function divide(a: number, b: number): number {
  if (b === 0) throw valueErrors.divideByZero();
  return a / b;
}
