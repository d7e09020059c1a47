/** money with money is money: four digits, the product rounded, the quotient cut off. */
import type { SqlDecimal, SqlType } from '../../interface/engine-session.ts';
import { valueErrors } from '../../errors/value-errors.ts';
import { divideRounded } from '../basic/decimal.ts';
import { integerRange } from '../basic/type-facts.ts';
import { operatorName, type ArithmeticOp, type BoundOperator } from './bound-operator.ts';

export function moneyOperator(op: ArithmeticOp, type: SqlType): BoundOperator {
  const { least, most } = integerRange(type);
  const compute = functionOf(op, type);
  return {
    type,
    apply: (a, b) => {
      const unscaled = compute((a as SqlDecimal).unscaled, (b as SqlDecimal).unscaled);
      if (unscaled < least || unscaled > most) throw valueErrors.overflow(type.name);
      return { unscaled, scale: 4 };
    },
  };
}

function functionOf(op: string, type: SqlType): (a: bigint, b: bigint) => bigint {
  switch (op) {
    case '+':
      return (a, b) => a + b;
    case '-':
      return (a, b) => a - b;
    case '*':
      return (a, b) => divideRounded(a * b, 10_000n);
    case '/':
      return (a, b) => (a * 10_000n) / notZero(b);
    case '%':
      return (a, b) => a % notZero(b);
    default:
      throw valueErrors.typesIncompatible(type.name, type.name, operatorName(op));
  }
}

function notZero(divisor: bigint): bigint {
  if (divisor === 0n) throw valueErrors.divideByZero();
  return divisor;
}
