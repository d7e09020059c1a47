/** Changes the columns of changes, consistently in every part of an event. */
import {
  DStreamError,
  type CallOptions,
  type PlainRow,
  type Row,
  type StampedEvent,
  type Transform,
  type Transformed,
  type Unavailable,
} from '@dstream/core';
import { eachEvent } from '../events/each-event.ts';
import { ColumnRules, RowPlan, type ColumnsSettings } from './column-rules.ts';
import { missingIn, withParts } from '../events/event-parts.ts';
import { ColumnSetter } from './set-columns.ts';

/** Sets of columns whose plans are remembered. */
const maxPlans = 1_000;

/** The transform of type `columns`. */
export class ColumnsTransform implements Transform {
  readonly #rules: ColumnRules;
  readonly #setter: ColumnSetter;
  readonly #allowKey: boolean;
  readonly #plans = new Map<string, RowPlan>();
  /** Consecutive rows mostly have the same columns: comparing costs a fraction of a look-up. */
  #last: RowPlan | undefined;

  constructor(settings: ColumnsSettings) {
    this.#rules = new ColumnRules(settings);
    this.#setter = new ColumnSetter(settings.set);
    this.#allowKey = settings.allowKey;
  }

  apply(events: readonly StampedEvent[], call: CallOptions): Promise<readonly Transformed[]> {
    return eachEvent(events, call, (event) => [this.#setter.apply(this.#ruled(event))]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  /** Everything but `set`. */
  #ruled(event: StampedEvent): StampedEvent {
    const { unavailable } = event.metadata;
    const data = event.data && this.#row(event.data, missingIn('data', unavailable));
    const before = event.before && this.#row(event.before, missingIn('before', unavailable));
    const metadata = this.#metadata(event.metadata);
    if (data === event.data && before === event.before && metadata === event.metadata) return event;
    return { data, ...(before && { before }), metadata };
  }

  #row(row: Row, missing: readonly string[]): Row {
    return this.#planFor(Object.keys(row), missing).apply(row);
  }

  #metadata(metadata: StampedEvent['metadata']): StampedEvent['metadata'] {
    const { key: keyBefore, changed: changedBefore, unavailable: unavailableBefore } = metadata;
    const key = keyBefore && this.#key(keyBefore);
    const changed = changedBefore && this.#names(changedBefore);
    const unavailable = unavailableBefore && this.#unavailable(unavailableBefore);
    if (key === keyBefore && changed === changedBefore && unavailable === unavailableBefore) return metadata;
    return withParts(metadata, { key, changed, unavailable });
  }

  #key(key: PlainRow): PlainRow | null {
    const plan = this.#planFor(Object.keys(key), []);
    if (plan.lost !== undefined && !this.#allowKey)
      throw new DStreamError(
        'TransformFailed',
        `the column ${plan.lost.from} is part of the key and would be ${plan.lost.lost}; write allow_key = true to allow that`,
      );
    const made = plan.apply(key);
    return made !== key && Object.keys(made).length === 0 ? null : made;
  }

  /** The same list where no name changed. */
  #names(columns: readonly string[]): readonly string[] {
    const names = columns.map((column) => this.#rules.ruleOf(column).to);
    if (names.every((name, index) => name === columns[index])) return columns;
    return names.filter((name) => name !== undefined);
  }

  #unavailable(unavailable: readonly Unavailable[]): readonly Unavailable[] {
    const now = unavailable.map((one) => {
      const columns = this.#names(one.columns);
      return columns === one.columns ? one : { in: one.in, columns };
    });
    return now.every((one, index) => one === unavailable[index]) ? unavailable : now;
  }

  #planFor(names: readonly string[], missing: readonly string[]): RowPlan {
    if (missing.length === 0 && this.#last !== undefined && isFor(this.#last, names)) return this.#last;
    const plan = this.#recall(names, missing);
    if (missing.length === 0) this.#last = plan;
    return plan;
  }

  #recall(names: readonly string[], missing: readonly string[]): RowPlan {
    const id = JSON.stringify([names, missing]);
    const known = this.#plans.get(id);
    if (known !== undefined) return known;
    const rulesOf = (columns: readonly string[]) => columns.map((column) => this.#rules.ruleOf(column));
    const plan = new RowPlan(rulesOf(names), rulesOf(missing));
    if (this.#plans.size >= maxPlans) this.#plans.clear();
    this.#plans.set(id, plan);
    return plan;
  }
}

function isFor({ rules }: RowPlan, names: readonly string[]): boolean {
  if (rules.length !== names.length) return false;
  for (let index = 0; index < names.length; index += 1) if (rules[index]?.from !== names[index]) return false;
  return true;
}
