/** Whole numbers: the quotient is cut off, a result outside the type is error 8115. */
import type { SqlType, SqlValue } from '../../interface/engine-session.ts';
import { valueErrors } from '../../errors/value-errors.ts';
import { integerRange } from '../basic/type-facts.ts';
import type { ArithmeticOp, BoundOperator } from './bound-operator.ts';

export function integerOperator(op: ArithmeticOp, type: SqlType): BoundOperator {
  return type.name === 'bigint' ? bigOperator(op, type) : smallOperator(op, type);
}

/** Products of two ints may pass 2^53: those are checked by range before they could be wrong in a digit. */
function smallOperator(op: ArithmeticOp, type: SqlType): BoundOperator {
  const { least, most } = integerRange(type);
  const [low, high] = [Number(least), Number(most)];
  const compute = smallFunctions[op];
  return {
    type,
    apply: (a, b) => {
      const result = compute(a as number, b as number);
      if (result < low || result > high) throw valueErrors.overflow(type.name);
      return result;
    },
  };
}

function notZero(divisor: number): number {
  if (divisor === 0) throw valueErrors.divideByZero();
  return divisor;
}

const smallFunctions: Readonly<Record<ArithmeticOp, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  // + 0 turns -0 into 0.
  '*': (a, b) => a * b + 0,
  '/': (a, b) => Math.trunc(a / notZero(b)) + 0,
  '%': (a, b) => (a % notZero(b)) + 0,
  '&': (a, b) => a & b,
  '|': (a, b) => a | b,
  '^': (a, b) => a ^ b,
};

const bigFunctions: Readonly<Record<ArithmeticOp, (a: bigint, b: bigint) => bigint>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
  '&': (a, b) => a & b,
  '|': (a, b) => a | b,
  '^': (a, b) => a ^ b,
};

function bigOperator(op: ArithmeticOp, type: SqlType): BoundOperator {
  const { least, most } = integerRange(type);
  const compute = bigFunctions[op];
  const divides = op === '/' || op === '%';
  return {
    type,
    apply: (a: SqlValue, b: SqlValue) => {
      if (divides && b === 0n) throw valueErrors.divideByZero();
      const result = compute(a as bigint, b as bigint);
      if (result < least || result > most) throw valueErrors.overflow(type.name);
      return result;
    },
  };
}
