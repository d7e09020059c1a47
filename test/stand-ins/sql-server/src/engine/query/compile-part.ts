/** What the compilers of the parts of expressions share. */
import type { Expression } from '../parser/ast.ts';
import type { Compiled } from './compiled.ts';
import type { Scope } from './scope.ts';

/** Given to what compiles a part of an expression, since the parts contain expressions. */
export type CompileExpression = (expression: Expression, scope: Scope) => Compiled;

export type Of<K extends Expression['kind']> = Extract<Expression, { kind: K }>;
