/** Methods of the types that have some: `column.ToString()`. What the values cannot answer fails with 6506. */
import { SqlError } from '../values/index.ts';
import type { Expression } from '../parser/ast.ts';
import type { Compiled } from './compiled.ts';

export function compileMethod(
  expression: Extract<Expression, { kind: 'method' }>,
  operand: Compiled,
): Compiled {
  throw new SqlError(
    6506,
    `Could not find method '${expression.name}' for type '${operand.type.name}' in assembly 'Microsoft.SqlServer.Types'`,
    16,
    10,
  );
}
