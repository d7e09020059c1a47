/** Calls of scalar functions, of ISNULL and of the engine's own functions. */
import type { SqlValue } from '../interface/engine-session.ts';
import { errors } from '../errors/errors.ts';
import type { SqlError } from '../errors/sql-error.ts';
import type { Expression, FunctionCall } from '../parser/ast.ts';
import { scalarFunctions } from '../values/index.ts';
import { AGGREGATES } from './aggregate-names.ts';
import { compileLiteral } from './compile-leaf.ts';
import { compileStatic } from './compile-method.ts';
import type { CompileExpression } from './compile-part.ts';
import type { Compiled } from './compiled.ts';
import { converted } from './converted.ts';
import type { Scope } from './scope.ts';

/** Functions whose first argument is a date part, written like a column. */
const DATE_PART_FIRST = new Set([
  'DATEADD',
  'DATEDIFF',
  'DATEDIFF_BIG',
  'DATEPART',
  'DATENAME',
  'DATETRUNC',
  'DATE_BUCKET',
]);

export function compileCall(expression: FunctionCall, scope: Scope, compile: CompileExpression): Compiled {
  const name = expression.name.join('.');
  const upper = name.toUpperCase();
  if (expression.over !== undefined) throw errors.syntaxKeyword('OVER', expression.line);
  if (upper === 'ISNULL') return isNullFunction(expression, scope, compile);
  const method = compileStatic(expression, scope, compile);
  if (method !== undefined) return method;
  const own = scope.compilation.engineFunction(expression.name);
  if (own !== undefined) return engineCall(expression, own, scope, compile);
  const found = expression.name.length === 1 ? scalarFunctions.get(upper) : undefined;
  if (found === undefined) throw unknownFunction(expression);
  requireCount(name, expression.args.length, found.minArgs, found.maxArgs);
  const args = expression.args.map((arg, i) =>
    i === 0 && DATE_PART_FIRST.has(upper) && arg.kind === 'column'
      ? compileLiteral({ kind: 'literal', type: { name: 'varchar', length: 30 }, value: arg.name.join('.') })
      : compile(arg, scope),
  );
  const types = args.map((arg) => arg.type);
  const literals = args.map((arg, i) =>
    isLiteral(expression.args[i], arg) ? literalOf(expression.args[i]) : undefined,
  );
  const evaluates = args.map((arg) => arg.evaluate);
  return {
    type: found.type(types, literals),
    nullable: true,
    evaluate: (frame) =>
      found.call(
        evaluates.map((evaluate) => evaluate(frame)),
        types,
        frame.run,
      ),
  };
}

const isLiteral = (expression: Expression | undefined, compiled: Compiled): boolean =>
  compiled.constant === true && (expression?.kind === 'literal' || expression?.kind === 'column');

function literalOf(expression: Expression | undefined): SqlValue | undefined {
  if (expression?.kind === 'literal') return expression.value;
  return expression?.kind === 'column' ? expression.name.join('.') : undefined;
}

function unknownFunction(expression: FunctionCall): SqlError {
  if (AGGREGATES.has(expression.name.join('.').toUpperCase())) return errors.aggregateInWhere();
  if (expression.name.length > 1) return errors.unknownUserFunction(expression.name);
  return errors.unknownFunction(expression.name[0] ?? '');
}

function requireCount(name: string, count: number, least: number, most: number): void {
  if (count >= least && count <= most) return;
  if (least === most) throw errors.argumentCount(name.toLowerCase(), least);
  throw errors.argumentRange(name.toLowerCase(), least, most);
}

/** ISNULL has the type of its first argument. */
function isNullFunction(expression: FunctionCall, scope: Scope, compile: CompileExpression): Compiled {
  requireCount('isnull', expression.args.length, 2, 2);
  const [first, second] = expression.args.map((arg) => compile(arg, scope));
  if (first === undefined || second === undefined) throw errors.argumentCount('isnull', 2);
  const type = first.untyped === true ? second.type : first.type;
  const instead = converted(second, type);
  return { type, nullable: second.nullable, evaluate: (frame) => first.evaluate(frame) ?? instead(frame) };
}

function engineCall(
  expression: FunctionCall,
  own: NonNullable<ReturnType<Scope['compilation']['engineFunction']>>,
  scope: Scope,
  compile: CompileExpression,
): Compiled {
  requireCount(expression.name.join('.'), expression.args.length, own.minArgs, own.maxArgs);
  const args = expression.args.map((arg, i) => {
    const type = own.takes[Math.min(i, own.takes.length - 1)];
    const compiled = compile(arg, scope);
    return type === undefined ? compiled.evaluate : converted(compiled, type);
  });
  return {
    type: own.type,
    nullable: true,
    evaluate: (frame) =>
      own.call(
        args.map((arg) => arg(frame)),
        frame,
      ),
  };
}
