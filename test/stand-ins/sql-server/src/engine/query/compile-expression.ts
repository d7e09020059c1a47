/** Compiles scalar expressions to closures. Types are known before the first row. */
import type { SqlValue } from '../interface/engine-session.ts';
import { errors } from '../errors/errors.ts';
import type { Expression } from '../parser/ast.ts';
import { bitwiseNot, negation, operatorFor } from '../values/index.ts';
import { compileCall } from './compile-call.ts';
import { compileCast } from './compile-cast.ts';
import { compileColumn, compileLiteral, compileVariable } from './compile-leaf.ts';
import { compileMethod } from './compile-method.ts';
import type { Of } from './compile-part.ts';
import { compileTest } from './compile-test.ts';
import type { Compiled } from './compiled.ts';
import { converted, meetingType } from './converted.ts';
import type { Frame } from './run.ts';
import type { Scope } from './scope.ts';
import { compileSystemVariable } from './system-variables.ts';

export function compileExpression(expression: Expression, scope: Scope): Compiled {
  const known = scope.grouping?.find(expression) ?? scope.windows?.find(expression);
  if (known !== undefined) return known;
  switch (expression.kind) {
    case 'literal':
      return compileLiteral(expression);
    case 'variable':
      return compileVariable(expression.name, scope);
    case 'systemVariable':
      return compileSystemVariable(expression.name);
    case 'column':
      return compileColumn(expression, scope);
    case 'unary':
      return unary(expression, scope);
    case 'arithmetic':
      return arithmeticOf(expression, scope);
    case 'case':
      return caseOf(expression, scope);
    case 'cast':
      return compileCast(expression, scope, compileExpression);
    case 'call':
      return compileCall(expression, scope, compileExpression);
    case 'method':
      return compileMethod(expression, scope, compileExpression);
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
