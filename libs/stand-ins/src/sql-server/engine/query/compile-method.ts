/** Methods of the types that have some: `column.ToString()`. What the values cannot answer fails with 6506. */
import { errors } from '../errors.ts';
import type { Expression } from '../parser/ast.ts';
import type { Compiled } from './compiled.ts';

export function compileMethod(
  expression: Extract<Expression, { kind: 'method' }>,
  operand: Compiled,
): Compiled {
  throw errors.unknownMethod(expression.name, operand.type.name);
}
