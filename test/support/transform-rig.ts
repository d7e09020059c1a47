/** Transforms under contract, and the changes that they get. */
import type { Row, StampedEvent, Transform } from '@dstream/core';
import { aChange } from './a-change.ts';

/** Opens transforms of one type. */
export interface TransformRig {
  /** It changes, drops or splits changes as `anEvent` makes them, and fails on one that `broken` made. */
  readonly busy: () => Promise<Transform>;
  /** It leaves them as they are. */
  readonly idle: () => Promise<Transform>;
}

/** An insert, or every other one an update, of row `n`. Its columns have types, texts and names of all sorts. */
export function anEvent(n: number): StampedEvent {
  const isUpdate = n % 2 === 0;
  const { metadata } = aChange(n, {
    ...(isUpdate && {
      operation: 'update',
      changed: ['Text'],
      unavailable: [{ in: 'before', columns: ['Json'] }],
    }),
    key: { N: n },
  });
  const data = row({
    N: n,
    Text: `text ${n}`,
    Amount: `${n}.50`,
    Json: `{"a":${n},"b":{"c":"d"}}`,
    Empty: null,
  });
  const before = row({ N: n, Text: 'old', Amount: `${n}.50`, Empty: null });
  return { data, ...(isUpdate && { before }), metadata: { ...metadata, generation: 1, epoch: 1 } };
}

/** The same with an amount that is no number and JSON that is none. */
export function broken(n: number): StampedEvent {
  const event = anEvent(n);
  return { ...event, data: { ...event.data, Amount: 'a secret', Json: '{"a secret' } };
}

function row(columns: Row): Row {
  return Object.fromEntries([...Object.entries(columns), ['__proto__', 'p'], ['constructor', 'c']]);
}

/** Nothing in it can be changed. */
export function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) frozen(inner);
    Object.freeze(value);
  }
  return value;
}
