/** Evaluates expressions that stand outside of queries: in SET, IF, PRINT and as arguments. */
import type { SqlType, SqlValue } from '../interface/engine-session.ts';
import type { Expression } from '../parser/ast.ts';
import { assignedValue } from '../query/assigned-value.ts';
import { compileCondition, compileExpression } from '../query/compile-expression.ts';
import { converted } from '../query/converted.ts';
import type { Frame } from '../query/run.ts';
import { Scope } from '../query/scope.ts';
import type { BatchRun } from './batch-run.ts';
import type { StatementCompilation } from './statement-compilation.ts';

export interface Typed {
  readonly type: SqlType;
  readonly value: SqlValue;
}

export class Evaluator {
  readonly #compilation: (run: BatchRun) => StatementCompilation;

  constructor(compilation: (run: BatchRun) => StatementCompilation) {
    this.#compilation = compilation;
  }

  #scope(run: BatchRun): Scope {
    return new Scope(this.#compilation(run), undefined);
  }

  typed(expression: Expression, run: BatchRun): Typed {
    const { type, evaluate } = compileExpression(expression, this.#scope(run));
    return { type, value: evaluate(frameOf(run)) };
  }

  as(type: SqlType, expression: Expression, run: BatchRun): SqlValue {
    return converted(compileExpression(expression, this.#scope(run)), type)(frameOf(run));
  }

  holds(condition: Expression, run: BatchRun): boolean {
    return compileCondition(condition, this.#scope(run))(frameOf(run)) === true;
  }

  assign(name: string, op: string, expression: Expression, run: BatchRun): void {
    const value = assignedValue({ variable: name, op, expression }, this.#scope(run))(frameOf(run));
    const variable = run.variables.get(name.toLowerCase());
    if (variable !== undefined) variable.value = value;
  }
}

const frameOf = (run: BatchRun): Frame => ({ slots: [], outer: undefined, run });
