/** How much is under way at a time: `Semaphore` a fixed number, `KeyedQueue` one for each key, `prefetch` one item ahead. */

/** Lets at most `limit` pieces of work run at a time. Who waits is served in the order of arrival. */
export class Semaphore {
  readonly #waiting = new Set<() => void>();
  #free: number;

  constructor(limit: number) {
    this.#free = limit;
  }

  /** Runs `work` under a permit. Rejects with `signal.reason`, without starting `work`, on abort while waiting. */
  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.acquire(signal);
    try {
      return await work();
    } finally {
      this.release();
    }
  }

  /** Resolves with a permit, to be given back once by `release`. Rejects with `signal.reason`, without one, on abort. */
  async acquire(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#turn(signal);
  }

  /** Takes a permit at once, even when none is free: then nobody gets one before as many were given back. */
  borrow(): void {
    this.#free -= 1;
  }

  /** Hands the permit to who waits longest: nobody who comes later overtakes. */
  release(): void {
    const [next] = this.#waiting;
    if (next === undefined || this.#free < 0) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = () => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = () => {
        this.#waiting.delete(enter);
        reject(signal.reason);
      };
      this.#waiting.add(enter);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }
}

/**
 * Runs work of one key one after the other, and work of different keys side by side. Work that waited for work that
 * failed fails with the same error and is not started: what follows a gap must not overtake it. Work given after the
 * failure was reported starts afresh.
 */
export class KeyedQueue {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Rejects with what `work` throws, or with the error of the work before it. */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const mine = before === undefined ? work() : before.then(work);
    this.#last.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#last.get(key) === mine) this.#last.delete(key);
    }
  }
}

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
