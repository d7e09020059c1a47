/** Runs a compiled SELECT block: what comes after FROM, WHERE and GROUP BY. */
import type { SqlValue } from '../interface/engine-session.ts';
import type { Values } from '../storage/row.ts';
import type { Compiled, Surroundings } from './compiled.ts';
import { distinctRows, isNew } from './distinct-rows.ts';
import type { Step } from './from-plan.ts';
import { limitRows, type Limits } from './paging.ts';
import type { Frame } from './run.ts';
import type { SortKeys } from './sort.ts';

export interface BlockPlan {
  readonly rows: Step;
  readonly outputs: readonly Compiled[];
  readonly distinct: boolean;
  readonly caseSensitive: boolean;
  readonly sort: SortKeys | undefined;
  readonly limits: Limits;
  readonly slots: () => number;
}

export function runBlock(plan: BlockPlan, at: Surroundings): Iterable<Values> {
  const frame: Frame = { slots: Array.from({ length: plan.slots() }), outer: at.outer, run: at.run };
  return limitRows(ordered(plan, frame), plan.limits, frame);
}

function ordered(plan: BlockPlan, frame: Frame): Iterable<Values> {
  const { sort } = plan;
  if (sort === undefined)
    return plan.distinct ? distinctRows(projected(plan, frame), plan.caseSensitive) : projected(plan, frame);
  return sorted(plan, sort, frame);
}

function* projected({ rows, outputs }: BlockPlan, frame: Frame): Generator<Values> {
  const evaluates = outputs.map((output) => output.evaluate);
  const { length } = evaluates;
  for (const _ of rows(frame)) {
    const values: SqlValue[] = [];
    for (let i = 0; i < length; i++) values.push((evaluates[i] as Compiled['evaluate'])(frame));
    yield values;
  }
}

function* sorted(plan: BlockPlan, sort: SortKeys, frame: Frame): Generator<Values> {
  const seen = new Set<string>();
  const keyed: { values: Values; keys: readonly SqlValue[] }[] = [];
  for (const _ of plan.rows(frame)) {
    const values = plan.outputs.map((output) => output.evaluate(frame));
    if (!plan.distinct || isNew(values, seen, plan.caseSensitive))
      keyed.push({ values, keys: sort.keysOf(frame) });
  }
  keyed.sort((a, b) => sort.compare(a.keys, b.keys));
  for (const { values } of keyed) yield values;
}
