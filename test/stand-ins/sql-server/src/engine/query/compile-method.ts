/** Methods and properties of the types that have some: `column.ToString()`, `hierarchyid::Parse('/1/')`. */
import type { SqlType, SqlValue } from '../interface/engine-session.ts';
import { errors } from '../errors/errors.ts';
import type { Expression, FunctionCall, MethodCall } from '../parser/ast.ts';
import { clrMember, CLR_STATICS } from '../values/index.ts';
import type { CompileExpression } from './compile-part.ts';
import type { Compiled } from './compiled.ts';
import { assigned } from './converted.ts';
import type { Evaluate, Frame } from './run.ts';
import type { Scope } from './scope.ts';

/** What is not there, or called in the wrong way, is 6506. A NULL in any place gives NULL. */
export function compileMethod(expression: MethodCall, scope: Scope, compile: CompileExpression): Compiled {
  const { evaluate, type } = compile(expression.operand, scope);
  const member = clrMember(type, expression.name);
  if (
    member === undefined ||
    member.property !== expression.property ||
    member.takes.length !== expression.args.length
  )
    throw errors.unknownMethod(expression.name, type.name);
  const args = argumentsOf(expression.args, member.takes, scope, compile);
  return {
    type: member.type,
    nullable: true,
    evaluate: (frame) => {
      const self = evaluate(frame);
      const given = args(frame);
      return self === null || given === undefined ? null : member.call(self as Uint8Array, given);
    },
  };
}

/** Undefined when the call is not one of a static method. */
export function compileStatic(
  expression: FunctionCall,
  scope: Scope,
  compile: CompileExpression,
): Compiled | undefined {
  const [name = ''] = expression.name;
  if (!name.includes('::')) return undefined;
  const found = CLR_STATICS.get(name);
  const [type = '', method = ''] = name.split('::');
  if (found === undefined || found.takes.length !== expression.args.length)
    throw errors.unknownMethod(method, type);
  const args = argumentsOf(expression.args, found.takes, scope, compile);
  return {
    type: found.type,
    nullable: true,
    evaluate: (frame) => {
      const given = args(frame);
      return given === undefined ? null : found.call(given);
    },
  };
}

/** Undefined when one of them is NULL. */
function argumentsOf(
  expressions: readonly Expression[],
  takes: readonly SqlType[],
  scope: Scope,
  compile: CompileExpression,
): (frame: Frame) => readonly SqlValue[] | undefined {
  const evaluates: readonly Evaluate[] = expressions.map((expression, i) =>
    assigned(compile(expression, scope), takes[i] ?? { name: 'int' }),
  );
  return (frame) => {
    const values = evaluates.map((evaluate) => evaluate(frame));
    return values.includes(null) ? undefined : values;
  };
}
