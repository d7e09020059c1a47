/**
 * The same items, with the next one already asked for while the current one is worked on: reading overlaps sending by
 * one item. When the consumer stops early the pending one is awaited and the source is returned.
 */
export async function* oneAhead<T>(source: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  let pending = ask(iterator);
  try {
    for (;;) {
      const result = await pending;
      if (result.done === true) return;
      pending = ask(iterator);
      yield result.value;
    }
  } finally {
    await pending.catch(() => undefined);
    await iterator.return?.();
  }
}

/** A rejection is seen by whoever awaits the promise later; meanwhile it must not count as unhandled. */
function ask<T>(iterator: AsyncIterator<T>): Promise<IteratorResult<T>> {
  const promise = iterator.next();
  promise.catch(() => undefined);
  return promise;
}
