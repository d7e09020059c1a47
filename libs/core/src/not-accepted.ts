import { BatchError, type DStreamError } from './errors.ts';

/**
 * What of a batch has to be sent again after `error`. A BatchError names a suffix per key; after any other error
 * nothing is known, so it is all of it, in the same order.
 */
export function notAccepted<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  error: DStreamError,
): readonly T[] {
  if (!(error instanceof BatchError)) return items;
  const from = new Map(error.failures.map((failure) => [failure.key, failure.from]));
  return items.filter((item, index) => index >= (from.get(keyOf(item)) ?? Infinity));
}
