/** Compiles conditions to closures with three results: true, false, and null for unknown. */
import type { SqlType, SqlValue } from '../interface/engine-session.ts';
import { errors } from '../errors/errors.ts';
import { valueErrors } from '../errors/value-errors.ts';
import type { CompareOperator, Expression } from '../parser/ast.ts';
import {
  commonType,
  comparer,
  type CompareOptions,
  converter,
  isCharacter,
  familyOf,
} from '../values/index.ts';
import type { CompileExpression, Of } from './compile-part.ts';
import type { Compiled } from './compiled.ts';
import { keptRows, type RowsOf } from './kept-rows.ts';
import { likeMatcher } from './like.ts';
import type { Evaluate, Frame, Test } from './run.ts';
import { Scope } from './scope.ts';

export function compileTest(expression: Expression, scope: Scope, compile: CompileExpression): Test {
  switch (expression.kind) {
    case 'logical':
      return logical(expression, scope, compile);
    case 'not': {
      const operand = compileTest(expression.operand, scope, compile);
      return (frame) => negate(operand(frame));
    }
    case 'compare':
      return compareTest(
        expression.op,
        compile(expression.left, scope),
        compile(expression.right, scope),
        scope.collation,
      );
    case 'isNull': {
      const { evaluate } = compile(expression.operand, scope);
      const { negated } = expression;
      return (frame) => (evaluate(frame) === null) !== negated;
    }
    case 'in':
      return inList(expression, scope, compile);
    case 'inQuery':
      return inQuery(expression, scope, compile);
    case 'exists': {
      const query = scope.compilation.compileQuery(expression.query, scope);
      return (frame) => {
        for (const _ of query.rows({ outer: frame, run: frame.run })) return true;
        return false;
      };
    }
    case 'like':
      return like(expression, scope, compile);
    case 'arithmetic':
    case 'call':
    case 'case':
    case 'cast':
    case 'column':
    case 'default':
    case 'literal':
    case 'method':
    case 'scalarQuery':
    case 'systemVariable':
    case 'unary':
    case 'variable':
    default:
      throw errors.notBoolean(nearOf(expression));
  }
}

function nearOf(expression: Expression): string {
  if (expression.kind === 'column') return expression.name.at(-1) ?? '';
  return expression.kind === 'literal' && typeof expression.value === 'string'
    ? expression.value
    : expression.kind;
}

const negate = (value: boolean | null): boolean | null => (value === null ? null : !value);

function logical(expression: Of<'logical'>, scope: Scope, compile: CompileExpression): Test {
  const left = compileTest(expression.left, scope, compile);
  const right = compileTest(expression.right, scope, compile);
  if (expression.op === 'and') {
    return (frame) => {
      const a = left(frame);
      if (a === false) return false;
      const b = right(frame);
      return b === false ? false : a === null || b === null ? null : true;
    };
  }
  return (frame) => {
    const a = left(frame);
    if (a === true) return true;
    const b = right(frame);
    return b === true ? true : a === null || b === null ? null : false;
  };
}

/** Compares two values that are not NULL. */
export type Comparison = (a: SqlValue, b: SqlValue) => number;

/** How values of two types compare: converted to the type of the higher precedence where that changes anything. */
export function comparisonOf(left: SqlType, right: SqlType, options: CompareOptions): Comparison {
  requireComparable(left, right);
  const common = commonType(left, right);
  const compare = comparer(common, options);
  const convertLeft = needsConversion(left, common) ? converter(left, common) : undefined;
  const convertRight = needsConversion(right, common) ? converter(right, common) : undefined;
  if (convertLeft === undefined && convertRight === undefined) return compare;
  return (a, b) => compare(convertLeft?.(a) ?? a, convertRight?.(b) ?? b);
}

const OLD_LARGE = new Set(['text', 'ntext', 'image']);

/** text, ntext, image and xml cannot be compared (error 402). */
function requireComparable(left: SqlType, right: SqlType): void {
  if (OLD_LARGE.has(left.name) || OLD_LARGE.has(right.name) || left.name === 'xml' || right.name === 'xml') {
    throw valueErrors.typesIncompatible(left.name, right.name, 'equal to');
  }
}

/** Values of one family compare as they are: lengths, digits and scales do not matter. */
function needsConversion(from: SqlType, to: SqlType): boolean {
  if (from.name === to.name) return false;
  const family = familyOf(from);
  if (family !== familyOf(to)) return true;
  if (family === 'integer') return (from.name === 'bigint') !== (to.name === 'bigint');
  return family === 'moment' || family === 'money';
}

export function compareTest(
  op: CompareOperator,
  left: Compiled,
  right: Compiled,
  options: CompareOptions,
): Test {
  const leftType = left.untyped === true ? right.type : left.type;
  const rightType = right.untyped === true ? left.type : right.type;
  const compare = comparisonOf(leftType, rightType, options);
  const holds = HOLDS[op];
  const a = left.evaluate;
  const b = right.evaluate;
  return (frame) => {
    const x = a(frame);
    if (x === null) return null;
    const y = b(frame);
    return y === null ? null : holds(compare(x, y));
  };
}

const HOLDS: Readonly<Record<CompareOperator, (sign: number) => boolean>> = {
  '=': (sign) => sign === 0,
  '<>': (sign) => sign !== 0,
  '<': (sign) => sign < 0,
  '>': (sign) => sign > 0,
  '<=': (sign) => sign <= 0,
  '>=': (sign) => sign >= 0,
};

function inList(expression: Of<'in'>, scope: Scope, compile: CompileExpression): Test {
  const operand = compile(expression.operand, scope);
  const tests = expression.list.map((item) =>
    compareTest('=', operand, compile(item, scope), scope.collation),
  );
  const { negated } = expression;
  return (frame) => {
    let result: boolean | null = false;
    for (const test of tests) {
      const equal = test(frame);
      if (equal === true) return !negated;
      if (equal === null) result = null;
    }
    return negated ? negate(result) : result;
  };
}

function inQuery(expression: Of<'inQuery'>, scope: Scope, compile: CompileExpression): Test {
  const operand = compile(expression.operand, scope);
  // A scope of its own tells whether the query uses anything of this block; if not, it is read once.
  const between = new Scope(scope.compilation, scope);
  const query = scope.compilation.compileQuery(expression.query, between);
  const [only] = query.columns;
  if (only === undefined || query.columns.length > 1) throw errors.subqueryColumns();
  const read: RowsOf = (frame) =>
    query.rows({ outer: { slots: [], outer: frame, run: frame.run }, run: frame.run });
  const rows = between.reachesOut ? read : keptRows(read);
  const compare = comparisonOf(operand.type, only.type, scope.collation);
  const { negated } = expression;
  return (frame: Frame) => {
    const value = operand.evaluate(frame);
    let result: boolean | null = false;
    for (const row of rows(frame)) {
      const item = row[0] ?? null;
      if (value === null || item === null) result = null;
      else if (compare(value, item) === 0) return !negated;
    }
    return negated ? negate(result) : result;
  };
}

function like(expression: Of<'like'>, scope: Scope, compile: CompileExpression): Test {
  const text = asText(compile(expression.operand, scope));
  const pattern = asText(compile(expression.pattern, scope));
  const escape = expression.escape === undefined ? undefined : asText(compile(expression.escape, scope));
  const { negated } = expression;
  const { caseSensitive } = scope.collation;
  return (frame) => {
    const a = text(frame);
    const b = pattern(frame);
    const c = escape === undefined ? '' : escape(frame);
    if (a === null || b === null || c === null) return null;
    return likeMatcher(b as string, c as string, caseSensitive)(a as string) !== negated;
  };
}

function asText(compiled: Compiled): Evaluate {
  if (isCharacter(compiled.type)) return compiled.evaluate;
  const convert = converter(compiled.type, { name: 'nvarchar', length: 'max' });
  return (frame) => convert(compiled.evaluate(frame));
}
