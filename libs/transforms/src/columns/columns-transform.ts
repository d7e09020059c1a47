import type { Row, StampedEvent, Transform, Transformed } from '@dstream/core';

/** What `ColumnsTransform` does. */
export interface ColumnsSettings {
  readonly drop: readonly string[];
}

/** Changes the columns of changes, consistently in every part of an event. */
export class ColumnsTransform implements Transform {
  readonly #dropped: ReadonlySet<string>;

  constructor({ drop }: ColumnsSettings) {
    this.#dropped = new Set(drop);
  }

  apply(events: readonly StampedEvent[]): Promise<readonly Transformed[]> {
    return Promise.resolve(events.map((event) => [this.#one(event)]));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #one(event: StampedEvent): StampedEvent {
    const { data, before, metadata } = event;
    const { key, changed, unavailable } = metadata;
    const kept = (columns: readonly string[]) => columns.filter((column) => !this.#dropped.has(column));
    return {
      data: data && this.#rowOf(data),
      ...(before && { before: this.#rowOf(before) }),
      metadata: {
        ...metadata,
        key: key && this.#rowOf(key),
        ...(changed && { changed: kept(changed) }),
        ...(unavailable && {
          unavailable: unavailable.map(({ in: image, columns }) => ({ in: image, columns: kept(columns) })),
        }),
      },
    };
  }

  #rowOf(row: Row): Row {
    return Object.fromEntries(Object.entries(row).filter(([column]) => !this.#dropped.has(column)));
  }
}
