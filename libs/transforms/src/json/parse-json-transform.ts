import type { CallOptions, Json, Row, StampedEvent, Transform, Transformed } from '@dstream/core';
import { eachEvent } from '../events/each-event.ts';
import { checkKey } from './json-columns.ts';
import { parsedJson } from './json-text.ts';

/** Makes the JSON in text columns part of the change. */
export class ParseJsonTransform implements Transform {
  readonly #columns: ReadonlySet<string>;

  /** @param columns in lower case: the case of names is ignored */
  constructor(columns: ReadonlySet<string>) {
    this.#columns = columns;
  }

  apply(events: readonly StampedEvent[], call: CallOptions): Promise<readonly Transformed[]> {
    return eachEvent(events, call, (event) => [this.#one(event)]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #one(event: StampedEvent): StampedEvent {
    checkKey(event.metadata.key, this.#columns);
    const data = event.data && this.#row(event.data);
    const before = event.before && this.#row(event.before);
    if (data === event.data && before === event.before) return event;
    return { ...event, data, ...(before && { before }) };
  }

  #row(row: Row): Row {
    const entries = Object.entries(row).map(([name, value]): [string, Json] => [
      name,
      this.#columns.has(name.toLowerCase()) ? parsedJson(name, value) : value,
    ]);
    return entries.every(([name, value]) => row[name] === value) ? row : Object.fromEntries(entries);
  }
}
