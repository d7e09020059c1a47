/** CAST, CONVERT and their TRY_ forms. */
import type { SqlType, SqlValue } from '../interface/engine-session.ts';
import { SqlError } from '../errors/sql-error.ts';
import type { Expression } from '../parser/ast.ts';
import { converter } from '../values/index.ts';
import type { CompileExpression, Of } from './compile-part.ts';
import type { Compiled } from './compiled.ts';
import { converted } from './converted.ts';
import type { Evaluate, Frame } from './run.ts';
import type { Scope } from './scope.ts';

/** The style must be a constant; errors of TRY_CAST and TRY_CONVERT that depend on the value become NULL. */
export function compileCast(expression: Of<'cast'>, scope: Scope, compile: CompileExpression): Compiled {
  const operand = compile(expression.operand, scope);
  const { type, attempt } = expression;
  if (operand.untyped === true) return { type, nullable: true, evaluate: () => null };
  const style = expression.style === undefined ? undefined : styleOf(expression.style, scope, compile);
  const { evaluate } = operand;
  const convert =
    style === undefined
      ? (() => {
          const fixed = converter(operand.type, type);
          return (value: SqlValue): SqlValue => fixed(value);
        })()
      : undefined;
  const run: Evaluate = (frame) =>
    convert === undefined
      ? styled(operand.type, type, style?.(frame) ?? 0)(evaluate(frame))
      : convert(evaluate(frame));
  return { type, nullable: operand.nullable || attempt, evaluate: attempt ? orNull(run) : run };
}

const styles = new Map<string, (value: SqlValue) => SqlValue>();

/** Converters by types and style, made once. */
function styled(from: SqlType, to: SqlType, style: number): (value: SqlValue) => SqlValue {
  const key = JSON.stringify([from, to, style]);
  let convert = styles.get(key);
  if (convert === undefined) {
    convert = converter(from, to, style);
    styles.set(key, convert);
  }
  return convert;
}

function styleOf(expression: Expression, scope: Scope, compile: CompileExpression): (frame: Frame) => number {
  const compiled = compile(expression, scope);
  const evaluate = converted(compiled, { name: 'int' });
  return (frame) => Number(evaluate(frame) ?? 0);
}

function orNull(evaluate: Evaluate): Evaluate {
  return (frame) => {
    try {
      return evaluate(frame);
    } catch (error) {
      if (error instanceof SqlError) return null;
      throw error;
    }
  };
}
