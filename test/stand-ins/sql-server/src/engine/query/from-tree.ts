/** The tables of a FROM as a tree of joins, entered into the scope. */
import type { TableSource } from '../parser/ast.ts';
import { compileCondition } from './compile-expression.ts';
import { conjunctsOf, equalitiesOf, type Equality } from './conjuncts.ts';
import { openSource } from './open-source.ts';
import type { Test } from './run.ts';
import type { Scope, ScopeTable } from './scope.ts';
import type { TableLike } from './table-like.ts';

export interface Leaf {
  readonly kind: 'leaf';
  readonly table: ScopeTable;
  readonly source: TableLike;
  /** The rows depend on other tables of the block (APPLY), so they are never kept. */
  readonly lateral: boolean;
}

export interface Join {
  readonly kind: 'join';
  readonly join: 'inner' | 'left' | 'full';
  readonly left: Node;
  readonly right: Node;
  readonly on: Test | undefined;
  readonly equalities: readonly Equality[];
}

export type Node = Leaf | Join;

export function registerSource(source: TableSource, scope: Scope, lateral: boolean): Node {
  if (source.kind === 'join') return registerJoin(source, scope);
  const { alias, columns, qualifier, table } = openSource(source, scope, lateral);
  return {
    kind: 'leaf',
    table: scope.addTable({ alias, columns, ...(qualifier && { qualifier }) }),
    source: table,
    lateral,
  };
}

function registerJoin(source: Extract<TableSource, { kind: 'join' }>, scope: Scope): Node {
  const left = registerSource(source.left, scope, false);
  const apply = source.join === 'cross apply' || source.join === 'outer apply';
  const right = registerSource(source.right, scope, apply);
  const on = source.on === undefined ? undefined : compileCondition(source.on, scope);
  const equalities = equalitiesOf(conjunctsOf(source.on), scope);
  if (source.join === 'right')
    return { kind: 'join', join: 'left', left: right, right: left, on, equalities };
  const join =
    source.join === 'full'
      ? 'full'
      : source.join === 'left' || source.join === 'outer apply'
        ? 'left'
        : 'inner';
  return { kind: 'join', join, left, right, on, equalities };
}

export function slotsUnder(node: Node): readonly number[] {
  return node.kind === 'leaf' ? [node.table.slot] : [...slotsUnder(node.left), ...slotsUnder(node.right)];
}
