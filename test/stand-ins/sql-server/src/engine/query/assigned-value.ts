/** Assignments to variables, with the operators like `+=`. */
import type { SqlValue } from '../interface/engine-session.ts';
import type { Expression } from '../parser/ast.ts';
import { converter, operatorFor } from '../values/index.ts';
import { compileExpression } from './compile-expression.ts';
import { converted } from './converted.ts';
import type { Frame } from './run.ts';
import type { Scope } from './scope.ts';

/** The new value of a variable, for `=` and for the operators like `+=`. */
export function assignedValue(
  item: { variable: string; op: string; expression: Expression },
  scope: Scope,
): (frame: Frame) => SqlValue {
  const type = scope.compilation.variable(item.variable);
  const compiled = compileExpression(item.expression, scope);
  if (item.op === '=') return converted(compiled, type);
  const key = item.variable.toLowerCase();
  const operator = operatorFor(item.op[0] as '+', type, compiled.untyped === true ? type : compiled.type);
  const convert = converter(operator.type, type);
  return (frame) =>
    convert(operator.apply(frame.run.variables.get(key)?.value ?? null, compiled.evaluate(frame)));
}
