/** & | ^ on integers and bit; one side may be binary with an integer on the other ("Bitwise operators"). */
import type { SqlType } from '../../interface/engine-session.ts';
import { valueErrors } from '../../errors/value-errors.ts';
import { converter } from '../conversions/convert-value.ts';
import { comparePrecedence, familyOf, isBinary } from '../basic/type-facts.ts';
import { operatorName, type ArithmeticOp, type BoundOperator } from './bound-operator.ts';
import { integerOperator } from './integer-operator.ts';

const isWhole = (type: SqlType): boolean => familyOf(type) === 'integer' || familyOf(type) === 'bit';

export function bitOperator(op: ArithmeticOp, a: SqlType, b: SqlType): BoundOperator {
  const type = resultType(op, a, b);
  if (type.name === 'bit') return { type, apply: bits(op) };
  const left = converter(a, type);
  const right = converter(b, type);
  const { apply } = integerOperator(op, type);
  return { type, apply: (x, y) => apply(left(x), right(y)) };
}

function resultType(op: ArithmeticOp, a: SqlType, b: SqlType): SqlType {
  if (isWhole(a) && isWhole(b)) return comparePrecedence(a, b) <= 0 ? a : b;
  if (isWhole(a) && isBinary(b)) return a;
  if (isWhole(b) && isBinary(a)) return b;
  throw valueErrors.typesIncompatible(a.name, b.name, operatorName(op));
}

function bits(op: ArithmeticOp): BoundOperator['apply'] {
  if (op === '&') return (a, b) => a === true && b === true;
  if (op === '|') return (a, b) => a === true || b === true;
  return (a, b) => a !== b;
}
