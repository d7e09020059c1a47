/** ORDER BY: keys of a row, and how two rows' keys compare. NULL is the lowest value. */
import type { SqlValue } from '../interface/engine-session.ts';
import { comparer, type CompareOptions } from '../values/index.ts';
import type { Frame } from './run.ts';
import type { Compiled } from './compiled.ts';

export interface SortItem {
  readonly compiled: Compiled;
  readonly descending: boolean;
}

export interface SortKeys {
  keysOf(frame: Frame): readonly SqlValue[];
  compare(a: readonly SqlValue[], b: readonly SqlValue[]): number;
}

export function compileSortKeys(items: readonly SortItem[], options: CompareOptions): SortKeys {
  const compares = items.map(({ compiled }) => comparer(compiled.type, options));
  return {
    keysOf: (frame) => items.map(({ compiled }) => compiled.evaluate(frame)),
    compare: (a, b) => {
      for (let i = 0; i < compares.length; i++) {
        const sign = compares[i]?.(a[i] ?? null, b[i] ?? null) ?? 0;
        if (sign !== 0) return items[i]?.descending === true ? -sign : sign;
      }
      return 0;
    },
  };
}
