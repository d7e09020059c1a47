/** Joins as nested loops over the steps of their sides. */
import type { Values } from '../storage/row.ts';
import type { Step } from './from-plan.ts';
import type { Test } from './run.ts';

export function innerJoin(left: Step, right: Step, on: Test | undefined): Step {
  return function* (frame) {
    for (const _ of left(frame)) {
      for (const _ of right(frame)) if (on === undefined || on(frame) === true) yield;
    }
  };
}

export function leftJoin(left: Step, right: Step, on: Test | undefined, rightSlots: readonly number[]): Step {
  return function* (frame) {
    for (const _ of left(frame)) {
      let matched = false;
      for (const _ of right(frame)) {
        if (on !== undefined && on(frame) !== true) continue;
        matched = true;
        yield;
      }
      if (matched) continue;
      for (const slot of rightSlots) frame.slots[slot] = undefined;
      yield;
    }
  };
}

/** Reads the right side once and keeps it: rows that matched nothing come last. */
export function fullJoin(
  left: Step,
  right: Step,
  on: Test | undefined,
  leftSlots: readonly number[],
  rightSlots: readonly number[],
): Step {
  return function* (frame) {
    const rights: (Values | undefined)[][] = [];
    for (const _ of right(frame)) rights.push(rightSlots.map((slot) => frame.slots[slot]));
    const place = (values: readonly (Values | undefined)[]): void =>
      rightSlots.forEach((slot, i) => (frame.slots[slot] = values[i]));
    const matched = new Set<(Values | undefined)[]>();
    for (const _ of left(frame)) {
      let any = false;
      for (const values of rights) {
        place(values);
        if (on !== undefined && on(frame) !== true) continue;
        any = true;
        matched.add(values);
        yield;
      }
      if (any) continue;
      place([]);
      yield;
    }
    for (const slot of leftSlots) frame.slots[slot] = undefined;
    for (const values of rights) {
      if (matched.has(values)) continue;
      place(values);
      yield;
    }
  };
}
