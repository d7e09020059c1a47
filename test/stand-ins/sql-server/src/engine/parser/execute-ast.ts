/** The syntax tree of EXEC: a statement of its own, and a source of INSERT. */
import type { Expression, Name } from './ast.ts';

export interface Argument {
  /** With its `@`; undefined when given by place. */
  readonly name?: string;
  readonly value: Expression;
  readonly output: boolean;
}

export type ExecuteStatement = { readonly line: number } & (
  | {
      readonly kind: 'execute';
      readonly procedure: Name;
      readonly args: readonly Argument[];
      readonly returns?: string;
    }
  | { readonly kind: 'executeText'; readonly text: Expression }
);
