/** datetime and smalldatetime with + and -: the other side counts as days since 1900 ("Add", "Subtract"). */
import type { SqlMoment, SqlType } from '../../interface/engine-session.ts';
import { valueErrors } from '../../errors/value-errors.ts';
import { day1900 } from '../basic/calendar.ts';
import { converter } from '../conversions/convert-value.ts';
import { fitMoment, normalisedMoment } from '../basic/moment.ts';
import { operatorName, type ArithmeticOp, type BoundOperator } from './bound-operator.ts';

/** The newer types have no arithmetic: 206 with another type, 8117 among themselves. */
export function datetimeOperator(op: ArithmeticOp, a: SqlType, b: SqlType, type: SqlType): BoundOperator {
  if (type.name !== 'datetime' && type.name !== 'smalldatetime') throw refused(op, a, b);
  if (op !== '+' && op !== '-') throw valueErrors.typesIncompatible(a.name, b.name, operatorName(op));
  const left = converter(a, type);
  const right = converter(b, type);
  const sign = op === '+' ? 1 : -1;
  return {
    type,
    apply: (x, y) => {
      const from = left(x) as SqlMoment;
      const by = right(y) as SqlMoment;
      const days = from.days + sign * (by.days - day1900);
      return fitMoment(normalisedMoment(days, from.ticks + BigInt(sign) * by.ticks), type, type.name);
    },
  };
}

const refused = (op: ArithmeticOp, a: SqlType, b: SqlType): Error =>
  a.name === b.name
    ? valueErrors.operandTypeInvalid(a.name, operatorName(op))
    : valueErrors.operandTypeClash(a.name, b.name);
