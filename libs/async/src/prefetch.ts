/**
 * The items of `source`, with the next one already requested while the current one is worked on: reading overlaps
 * sending by one item. When the consumer stops early, the pending request is awaited and the source is returned.
 */
export async function* prefetch<T>(source: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  let pending = request(iterator);
  try {
    for (;;) {
      const result = await pending;
      if (result.done === true) return;
      pending = request(iterator);
      yield result.value;
    }
  } finally {
    await pending.catch(() => undefined);
    await iterator.return?.();
  }
}

/** The rejection is seen by who awaits the promise later; until then it must not count as unhandled. */
function request<T>(iterator: AsyncIterator<T>): Promise<IteratorResult<T>> {
  const promise = iterator.next();
  promise.catch(() => undefined);
  return promise;
}
