/** Compiles scalar expressions to closures. Types are known before the first row. */
import type { SqlType, SqlValue } from '../engine-session.ts';
import { errors } from '../errors.ts';
import { SqlError } from '../errors/sql-error.ts';
import { valueErrors } from '../errors/value-errors.ts';
import type { Expression, FunctionCall } from '../parser/ast.ts';
import {
  bitwiseNot,
  commonType,
  conversionBetween,
  converter,
  negation,
  operatorFor,
  scalarFunctions,
} from '../values/index.ts';
import { compileMethod } from './compile-method.ts';
import { compileTest } from './compile-test.ts';
import type { Compiled } from './compiled.ts';
import type { Evaluate, Frame } from './run.ts';
import type { Scope } from './scope.ts';
import { compileSystemVariable } from './system-variables.ts';

type Of<K extends Expression['kind']> = Extract<Expression, { kind: K }>;

export function compileExpression(expression: Expression, scope: Scope): Compiled {
  const known = scope.grouping?.find(expression) ?? scope.windows?.find(expression);
  if (known !== undefined) return known;
  switch (expression.kind) {
    case 'literal':
      return literal(expression);
    case 'variable':
      return variable(expression.name, scope);
    case 'systemVariable':
      return compileSystemVariable(expression.name);
    case 'column':
      return column(expression, scope);
    case 'unary':
      return unary(expression, scope);
    case 'arithmetic':
      return arithmeticOf(expression, scope);
    case 'case':
      return caseOf(expression, scope);
    case 'cast':
      return cast(expression, scope);
    case 'call':
      return call(expression, scope);
    case 'method':
      return compileMethod(expression, compileExpression(expression.operand, scope));
    case 'scalarQuery':
      return scalarQuery(expression, scope);
    case 'default':
      throw errors.syntaxKeyword('DEFAULT', 1);
    case 'compare':
    case 'logical':
    case 'not':
    case 'isNull':
    case 'in':
    case 'inQuery':
    case 'exists':
    case 'like':
    default:
      throw errors.syntax(expression.kind === 'compare' ? expression.op : expression.kind, 1);
  }
}

/** A condition. Error 4145 for an expression that is none. */
export function compileCondition(expression: Expression, scope: Scope): (frame: Frame) => boolean | null {
  return compileTest(expression, scope, compileExpression);
}

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

function literal({ type, value }: Of<'literal'>): Compiled {
  const evaluate: Evaluate = () => value;
  return value === null
    ? { type, nullable: true, evaluate, untyped: true, constant: true }
    : { type, nullable: false, evaluate, constant: true };
}

function variable(name: string, scope: Scope): Compiled {
  const type = scope.compilation.variable(name);
  const key = name.toLowerCase();
  return {
    type,
    nullable: true,
    constant: true,
    evaluate: (frame) => frame.run.variables.get(key)?.value ?? null,
  };
}

function column(expression: Of<'column'>, scope: Scope): Compiled {
  const reference = scope.resolve(expression.name);
  const { depth, slot, index, column } = reference;
  let owner: Scope | undefined = scope;
  for (let up = 0; up < depth; up++) owner = owner?.outer;
  const grouping = owner?.grouping;
  if (grouping !== undefined && slot !== grouping.slot) {
    const key = grouping.find(expression);
    if (key === undefined) throw errors.notGrouped(expression.name.join('.'));
    return { ...key, evaluate: atDepth(depth, key.evaluate) };
  }
  return { type: column.type, nullable: column.nullable, evaluate: readColumn(depth, slot, index) };
}

function readColumn(depth: number, slot: number, index: number): Evaluate {
  if (depth === 0) return (frame) => frame.slots[slot]?.[index] ?? null;
  if (depth === 1) return (frame) => frame.outer?.slots[slot]?.[index] ?? null;
  return atDepth(depth, (frame) => frame.slots[slot]?.[index] ?? null);
}

function atDepth(depth: number, evaluate: Evaluate): Evaluate {
  return (frame) => {
    let at: Frame | undefined = frame;
    for (let up = 0; up < depth; up++) at = at?.outer;
    if (at === undefined) throw new Error('A query ran outside of the frame it was compiled for.');
    return evaluate(at);
  };
}

function unary(expression: Of<'unary'>, scope: Scope): Compiled {
  const operand = compileExpression(expression.operand, scope);
  if (expression.op === '+') return operand;
  const { type, apply } = expression.op === '-' ? negation(operand.type) : bitwiseNot(operand.type);
  const { evaluate } = operand;
  return { ...operand, type, evaluate: (frame) => apply(evaluate(frame)) };
}

function arithmeticOf(expression: Of<'arithmetic'>, scope: Scope): Compiled {
  const left = compileExpression(expression.left, scope);
  const right = compileExpression(expression.right, scope);
  const leftType = left.untyped === true ? right.type : left.type;
  const rightType = right.untyped === true ? left.type : right.type;
  const { type, apply } = operatorFor(expression.op, leftType, rightType);
  return {
    type,
    nullable: left.nullable || right.nullable,
    constant: left.constant === true && right.constant === true,
    evaluate: (frame) => apply(left.evaluate(frame), right.evaluate(frame)),
  };
}

function caseOf(expression: Of<'case'>, scope: Scope): Compiled {
  const branches = expression.branches.map(({ when, result }) => ({
    when: compileCondition(when, scope),
    result: compileExpression(result, scope),
  }));
  const otherwise =
    expression.otherwise === undefined ? undefined : compileExpression(expression.otherwise, scope);
  const results = branches.map(({ result }) => result);
  const type = meetingType(otherwise === undefined ? results : [...results, otherwise]);
  const tests = branches.map(({ when, result }) => ({ when, value: converted(result, type) }));
  const last = otherwise === undefined ? () => null : converted(otherwise, type);
  return {
    type,
    nullable: otherwise === undefined || otherwise.nullable || results.some((result) => result.nullable),
    evaluate: (frame) => {
      for (const { when, value } of tests) if (when(frame) === true) return value(frame);
      return last(frame);
    },
  };
}

/** The style must be a constant; errors of TRY_CAST and TRY_CONVERT that depend on the value become NULL. */
function cast(expression: Of<'cast'>, scope: Scope): Compiled {
  const operand = compileExpression(expression.operand, scope);
  const { type, attempt } = expression;
  if (operand.untyped === true) return { type, nullable: true, evaluate: () => null };
  const style = expression.style === undefined ? undefined : styleOf(expression.style, scope);
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

function styleOf(expression: Expression, scope: Scope): (frame: Frame) => number {
  const compiled = compileExpression(expression, scope);
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

function call(expression: FunctionCall, scope: Scope): Compiled {
  const name = expression.name.join('.');
  const upper = name.toUpperCase();
  if (expression.over !== undefined) throw errors.syntaxKeyword('OVER', expression.line);
  if (upper === 'ISNULL') return isNullFunction(expression, scope);
  const own = scope.compilation.engineFunction(expression.name);
  if (own !== undefined) return engineCall(expression, own, scope);
  const found = expression.name.length === 1 ? scalarFunctions.get(upper) : undefined;
  if (found === undefined) throw unknownFunction(expression);
  requireCount(name, expression.args.length, found.minArgs, found.maxArgs);
  const args = expression.args.map((arg, i) =>
    i === 0 && DATE_PART_FIRST.has(upper) && arg.kind === 'column'
      ? literal({ kind: 'literal', type: { name: 'varchar', length: 30 }, value: arg.name.join('.') })
      : compileExpression(arg, scope),
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

export const AGGREGATES = new Set(['COUNT', 'COUNT_BIG', 'SUM', 'AVG', 'MIN', 'MAX', 'STRING_AGG']);

function requireCount(name: string, count: number, least: number, most: number): void {
  if (count >= least && count <= most) return;
  if (least === most) throw errors.argumentCount(name.toLowerCase(), least);
  throw errors.argumentRange(name.toLowerCase(), least, most);
}

/** ISNULL has the type of its first argument. */
function isNullFunction(expression: FunctionCall, scope: Scope): Compiled {
  requireCount('isnull', expression.args.length, 2, 2);
  const [first, second] = expression.args.map((arg) => compileExpression(arg, scope));
  if (first === undefined || second === undefined) throw errors.argumentCount('isnull', 2);
  const type = first.untyped === true ? second.type : first.type;
  const instead = converted(second, type);
  return { type, nullable: second.nullable, evaluate: (frame) => first.evaluate(frame) ?? instead(frame) };
}

function engineCall(
  expression: FunctionCall,
  own: NonNullable<ReturnType<Scope['compilation']['engineFunction']>>,
  scope: Scope,
): Compiled {
  requireCount(expression.name.join('.'), expression.args.length, own.minArgs, own.maxArgs);
  const args = expression.args.map((arg, i) => {
    const type = own.takes[Math.min(i, own.takes.length - 1)];
    const compiled = compileExpression(arg, scope);
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

/** Error 116 for more than one column, 512 for more than one row. */
function scalarQuery(expression: Of<'scalarQuery'>, scope: Scope): Compiled {
  const query = scope.compilation.compileQuery(expression.query, scope);
  const [only] = query.columns;
  if (only === undefined || query.columns.length > 1) throw errors.subqueryColumns();
  return {
    type: only.type,
    nullable: true,
    evaluate: (frame) => {
      let value: SqlValue = null;
      let count = 0;
      for (const row of query.rows({ outer: frame, run: frame.run })) {
        if (++count > 1) throw errors.subqueryRows();
        value = row[0] ?? null;
      }
      return value;
    },
  };
}
