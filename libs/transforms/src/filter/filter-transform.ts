import type { Predicate } from '@dstream/config/schema';
import {
  DStreamError,
  type CallOptions,
  type PlainRow,
  type Row,
  type StampedEvent,
  type Transform,
  type Transformed,
  type Value,
} from '@dstream/core';
import { eachEvent } from '../events/each-event.ts';

/** What `FilterTransform` does. */
export interface FilterOptions {
  /** Whether a change is kept. Throws TransformFailed when it cannot be evaluated for it. */
  readonly when: Predicate;
  /** What becomes of an update whose row matched before and does not match after it. */
  readonly leaving: 'drop' | 'delete';
}

/** Drops changes that a condition does not hold for. What is kept is the same object. */
export class FilterTransform implements Transform {
  readonly #when: Predicate;
  readonly #leaving: FilterOptions['leaving'];

  constructor({ when, leaving }: FilterOptions) {
    this.#when = when;
    this.#leaving = leaving;
  }

  apply(events: readonly StampedEvent[], call: CallOptions): Promise<readonly Transformed[]> {
    return eachEvent(events, call, (event) => this.#one(event));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #one(event: StampedEvent): readonly StampedEvent[] {
    if (this.#when(event)) return [event];
    return this.#leaving === 'delete' && this.#leaves(event) ? [deletion(event)] : [];
  }

  /** The condition is judged with the row as it was: `data` is what `before` was, and there is no `before`. */
  #leaves(event: StampedEvent): boolean {
    const { before, metadata } = event;
    if (metadata.operation !== 'update') return false;
    if (before === undefined)
      throw new DStreamError(
        'TransformFailed',
        'the update has no before, so leaving = "delete" cannot tell whether its row matched; write leaving = "drop", or place the filter in front of what removes before',
      );
    try {
      return this.#when({ data: before, metadata });
    } catch (error) {
      // What CDC did not carry cannot be judged. A delete of a row that a destination never had does nothing.
      if (metadata.unavailable?.some((one) => one.in === 'before') === true) return true;
      throw error;
    }
  }
}

/** The update as a delete: its data is the last image that matched. */
function deletion({ before = {}, metadata }: StampedEvent): StampedEvent {
  const { changed: _changed, unavailable, ...rest } = metadata;
  const columns = (unavailable ?? []).filter((one) => one.in === 'before').flatMap((one) => one.columns);
  return {
    data: before,
    metadata: {
      ...rest,
      operation: 'delete',
      key: rest.key && keyIn(before, rest.key),
      ...(columns.length > 0 && { unavailable: [{ in: 'data', columns }] }),
    },
  };
}

/** The values of the key in the image that is deleted. */
function keyIn(image: Row, key: PlainRow): PlainRow {
  const valueOf = (name: string, known: Value) => {
    const value = Object.hasOwn(image, name) ? image[name] : undefined;
    return value === undefined || (typeof value === 'object' && value !== null) ? known : value;
  };
  return Object.fromEntries(Object.entries(key).map(([name, known]) => [name, valueOf(name, known)]));
}
