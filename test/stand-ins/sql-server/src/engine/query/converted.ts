/** A compiled expression as a value of another type, and the type in which several meet. */
import type { SqlType } from '../interface/engine-session.ts';
import { valueErrors } from '../errors/value-errors.ts';
import { commonType, conversionBetween, converter } from '../values/index.ts';
import type { Compiled } from './compiled.ts';
import type { Evaluate } from './run.ts';

/** The expression as a value of `type`, converted as an assignment does: error 206 or 257 when that is not implicit. */
export function assigned(compiled: Compiled, type: SqlType): Evaluate {
  if (compiled.untyped === true) return () => null;
  const allowed = conversionBetween(compiled.type, type);
  if (allowed !== 'implicit') requireImplicit(compiled.type, type, allowed);
  return converted(compiled, type);
}

function requireImplicit(from: SqlType, to: SqlType, allowed: 'explicit' | 'no'): never {
  throw allowed === 'no'
    ? valueErrors.operandTypeClash(from.name, to.name)
    : valueErrors.implicitNotAllowed(from.name, to.name);
}

export function converted(compiled: Compiled, type: SqlType): Evaluate {
  if (compiled.untyped === true) return () => null;
  const { evaluate } = compiled;
  if (isSameType(compiled.type, type)) return evaluate;
  const convert = converter(compiled.type, type);
  return (frame) => convert(evaluate(frame));
}

export const isSameType = (a: SqlType, b: SqlType): boolean =>
  a.name === b.name && a.length === b.length && a.precision === b.precision && a.scale === b.scale;

/** The type in which several expressions meet; literal NULLs have no say. */
export function meetingType(all: readonly Compiled[]): SqlType {
  const typed = all.filter((one) => one.untyped !== true);
  const [first, ...rest] = typed;
  if (first === undefined) return { name: 'int' };
  return rest.reduce((type, one) => commonType(type, one.type), first.type);
}
