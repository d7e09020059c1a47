/** Chooses for each table of a FROM how its rows are found, and puts the joins together. */
import type { Expression } from '../parser/ast.ts';
import { fillSlot, hashedRows, seekBy } from './access-path.ts';
import { boundsOf, type Equality } from './conjuncts.ts';
import type { FromPlan, Step } from './from-plan.ts';
import { type Join, type Leaf, type Node, slotsUnder } from './from-tree.ts';
import { fullJoin, innerJoin, leftJoin } from './joins.ts';
import { keptRows, type RowsOf } from './kept-rows.ts';
import type { Scope } from './scope.ts';

export class Planner {
  readonly #conditions: readonly Expression[];
  readonly #equalities: readonly Equality[];
  readonly #scope: Scope;

  constructor(conditions: readonly Expression[], equalities: readonly Equality[], scope: Scope) {
    this.#conditions = conditions;
    this.#equalities = equalities;
    this.#scope = scope;
  }

  /** `known`: tables whose rows are in the frame already. `given`: equalities of the joins around. */
  plan(node: Node, known: ReadonlySet<number>, given: readonly Equality[]): Step {
    if (node.kind === 'leaf') return this.#leaf(node, known, [...given, ...this.#equalities]);
    const inner = node.join === 'inner' ? [...given, ...node.equalities] : given;
    if (node.join === 'full') return this.#full(node);
    const left = this.plan(node.left, known, inner);
    const right = this.plan(node.right, new Set([...known, ...slotsUnder(node.left)]), [
      ...given,
      ...node.equalities,
    ]);
    if (node.join === 'inner') return innerJoin(left, right, node.on);
    return leftJoin(left, right, node.on, slotsUnder(node.right));
  }

  /** Nothing may be left out on either side before the join. */
  #full(node: Join): Step {
    const planner = new Planner([], [], this.#scope);
    const [left, right] = [planner.plan(node.left, new Set(), []), planner.plan(node.right, new Set(), [])];
    return fullJoin(left, right, node.on, slotsUnder(node.left), slotsUnder(node.right));
  }

  orderOf(node: Node): Pick<FromPlan, 'order'> {
    if (node.kind !== 'leaf' || node.source.kind !== 'virtual' || node.source.order === undefined) return {};
    return { order: { slot: node.table.slot, columns: node.source.order } };
  }

  #leaf(leaf: Leaf, known: ReadonlySet<number>, equalities: readonly Equality[]): Step {
    const { slot } = leaf.table;
    const usable = equalities.filter(
      ({ column, needs }) => column.slot === slot && [...needs].every((need) => known.has(need)),
    );
    const seek = leaf.source.kind === 'stored' ? seekBy(leaf.source, usable) : undefined;
    if (seek !== undefined) return fillSlot(slot, seek);
    const scan = this.#scan(leaf);
    const hashable = known.size > 0 && !leaf.lateral ? usable : [];
    return fillSlot(
      slot,
      hashable.length > 0
        ? hashedRows(scan, hashable, this.#scope.collation.caseSensitive)
        : known.size > 0 && !leaf.lateral
          ? keptRows(scan)
          : scan,
    );
  }

  #scan({ source, table }: Leaf): RowsOf {
    if (source.kind === 'stored') {
      const { database } = source;
      return (frame) =>
        source.table.visible(database === undefined || frame.run.session.isWriterOf(database));
    }
    const bounds =
      source.order === undefined ? undefined : boundsOf(this.#conditions, table, source.order, this.#scope);
    return bounds === undefined
      ? (frame) => source.rows(frame)
      : (frame) => source.rows(frame, bounds(frame));
  }
}
