/** Tells whether two expressions are the same: columns by what they resolve to, everything else by how it is written. */
import type { Expression } from '../parser/ast.ts';
import type { Scope } from './scope.ts';

export function fingerprint(expression: Expression, scope: Scope): string {
  return JSON.stringify(expression, (key, value: unknown) => {
    if (key === 'line') return undefined;
    if (typeof value === 'bigint') return `${String(value)}n`;
    if (isColumn(value)) return resolved(value.name, scope);
    if (isCall(value)) return { ...value, name: value.name.join('.').toLowerCase() };
    return value;
  });
}

function resolved(name: readonly string[], scope: Scope): string {
  try {
    const { depth, slot, index } = scope.resolve(name);
    return `#${String(depth)}.${String(slot)}.${String(index)}`;
  } catch {
    // Inside of a subquery the name may belong to the subquery's own tables: compare it as written.
    return name.join('.').toLowerCase();
  }
}

const hasKind = (value: unknown, kind: string): boolean =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind;

const isColumn = (value: unknown): value is Extract<Expression, { kind: 'column' }> =>
  hasKind(value, 'column');

const isCall = (value: unknown): value is Extract<Expression, { kind: 'call' }> =>
  hasKind(value, 'call') && Array.isArray((value as { name?: unknown }).name);

/** True when the expression, outside of subqueries, contains one for which `holds` is true. */
export function containsExpression(expression: Expression, holds: (inner: Expression) => boolean): boolean {
  if (holds(expression)) return true;
  return childrenOf(expression).some((child) => containsExpression(child, holds));
}

function childrenOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'unary':
    case 'not':
    case 'isNull':
    case 'cast':
    case 'inQuery':
      return [expression.operand];
    case 'method':
      return [expression.operand, ...expression.args];
    case 'arithmetic':
    case 'compare':
    case 'logical':
      return [expression.left, expression.right];
    case 'in':
      return [expression.operand, ...expression.list];
    case 'like':
      return [expression.operand, expression.pattern];
    case 'case':
      return [
        ...expression.branches.flatMap(({ when, result }) => [when, result]),
        ...(expression.otherwise === undefined ? [] : [expression.otherwise]),
      ];
    case 'call':
      return expression.args;
    case 'column':
    case 'default':
    case 'exists':
    case 'literal':
    case 'scalarQuery':
    case 'systemVariable':
    case 'variable':
    default:
      return [];
  }
}
