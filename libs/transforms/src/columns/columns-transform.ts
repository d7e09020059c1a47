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
import { ColumnRules, type ColumnsSettings } from './column-rules.ts';
import { RowPlans } from './row-plans.ts';
import { missingIn, withParts } from '../events/event-parts.ts';
import { ColumnSetter } from './set-columns.ts';

/** The transform of type `columns`. */
export class ColumnsTransform implements Transform {
  readonly #rules: ColumnRules;
  readonly #setter: ColumnSetter;
  readonly #allowKey: boolean;
  readonly #images: RowPlans;
  readonly #keys: RowPlans;

  constructor(settings: ColumnsSettings) {
    this.#rules = new ColumnRules(settings);
    this.#images = new RowPlans(this.#rules);
    this.#keys = new RowPlans(this.#rules);
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
    return this.#images.planOf(row, missing).apply(row);
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
    const plan = this.#keys.planOf(key);
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
}
