/** GROUP BY: collects rows by their keys, and lets HAVING, the select list and ORDER BY find keys and aggregates. */
import type { SqlValue } from '../interface/engine-session.ts';
import type { Expression } from '../parser/ast.ts';
import { hashKeyOf } from '../values/comparison/hash-key.ts';
import { compileAggregate, isAggregate, type Accumulator, type Aggregate } from './aggregates.ts';
import { compileExpression } from './compile-expression.ts';
import type { Compiled } from './compiled.ts';
import { fingerprint } from './fingerprint.ts';
import type { Step } from './from-plan.ts';
import type { Frame, Test } from './run.ts';
import type { Grouping, Scope } from './scope.ts';

export class GroupPlan implements Grouping {
  readonly slot: number;
  readonly #scope: Scope;
  readonly #keys: readonly { readonly print: string; readonly compiled: Compiled }[];
  readonly #aggregates: { readonly print: string; readonly aggregate: Aggregate }[] = [];

  constructor(groupBy: readonly Expression[], scope: Scope) {
    this.#scope = scope;
    this.slot = scope.newSlot();
    this.#keys = groupBy.map((expression) => ({
      print: fingerprint(expression, scope),
      compiled: compileExpression(expression, scope),
    }));
  }

  find(expression: Expression): Compiled | undefined {
    if (expression.kind === 'literal') return undefined;
    const print = fingerprint(expression, this.#scope);
    const key = this.#keys.findIndex((each) => each.print === print);
    const found = this.#keys[key];
    if (found !== undefined) return this.#read(key, found.compiled.type, found.compiled.nullable);
    if (expression.kind !== 'call' || expression.over !== undefined || !isAggregate(expression))
      return undefined;
    let at = this.#aggregates.findIndex((each) => each.print === print);
    if (at < 0) {
      this.#scope.grouping = undefined;
      const aggregate = compileAggregate(expression, this.#scope);
      this.#scope.grouping = this;
      at = this.#aggregates.push({ print, aggregate }) - 1;
    }
    const type = this.#aggregates[at]?.aggregate.type ?? { name: 'int' };
    return this.#read(this.#keys.length + at, type, true);
  }

  #read(index: number, type: Compiled['type'], nullable: boolean): Compiled {
    const { slot } = this;
    return { type, nullable, evaluate: (frame) => frame.slots[slot]?.[index] ?? null };
  }

  /** Without GROUP BY there is always exactly one group. */
  groups(rows: Step, where: Test | undefined): Step {
    return (frame) => this.#groups(rows, where, frame);
  }

  *#groups(rows: Step, where: Test | undefined, frame: Frame): Generator<undefined> {
    const groups = new Map<string, { keys: readonly SqlValue[]; accumulators: readonly Accumulator[] }>();
    const start = (): readonly Accumulator[] => this.#aggregates.map(({ aggregate }) => aggregate.start());
    if (this.#keys.length === 0) groups.set('', { keys: [], accumulators: start() });
    for (const _ of rows(frame)) {
      if (where !== undefined && where(frame) !== true) continue;
      const keys = this.#keys.map(({ compiled }) => compiled.evaluate(frame));
      const id = hashKeyOf(keys, this.#scope.collation.caseSensitive);
      let group = groups.get(id);
      if (group === undefined) {
        group = { keys, accumulators: start() };
        groups.set(id, group);
      }
      for (const accumulator of group.accumulators) accumulator.add(frame);
    }
    for (const { keys, accumulators } of groups.values()) {
      frame.slots[this.slot] = [...keys, ...accumulators.map((accumulator) => accumulator.result())];
      yield;
    }
  }
}
