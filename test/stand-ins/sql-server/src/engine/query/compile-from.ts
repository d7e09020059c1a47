/**
 * FROM as nested loops: each step puts the next row of its table into the frame and hands over. The inner side of a
 * join is looked up by an index, else by a hash table that is made on first use, else read again for every outer row.
 */
import type { Expression, TableSource } from '../parser/ast.ts';
import { conjunctsOf, equalitiesOf } from './conjuncts.ts';
import type { FromPlan } from './from-plan.ts';
import { Planner } from './from-planner.ts';
import { type Node, registerSource } from './from-tree.ts';
import type { Scope } from './scope.ts';

/** Adds the tables to the scope and plans how to read them. `where` is only used to read less: the caller tests it. */
export function compileFrom(
  sources: readonly TableSource[],
  where: Expression | undefined,
  scope: Scope,
): FromPlan {
  let root: Node | undefined;
  for (const source of sources) {
    const node = registerSource(source, scope, false);
    root =
      root === undefined
        ? node
        : { kind: 'join', join: 'inner', left: root, right: node, on: undefined, equalities: [] };
  }
  if (root === undefined) return { step: () => ONCE };
  const conditions = conjunctsOf(where);
  const planner = new Planner(conditions, equalitiesOf(conditions, scope), scope);
  return { step: planner.plan(root, new Set(), []), ...planner.orderOf(root) };
}

const ONCE = [0];
