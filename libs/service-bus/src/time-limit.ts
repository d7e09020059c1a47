import type { Clock } from '@dstream/core';

export interface TimeLimit {
  readonly clock: Clock;
  /** Monotonic milliseconds. */
  readonly atMs: number;
  /** What the call rejects with when the time is up. */
  readonly late: () => Error;
  readonly signal: AbortSignal;
}

/**
 * Runs a call of the SDK, which may ignore its signal, and gives up on it at the limit or on abort: the returned
 * promise settles then, whatever the call does. What the call does later is nobody's business any more; a caller
 * that must know adopts the call's own promise. No timer or listener is left.
 */
export async function withTimeLimit<T>(
  limit: TimeLimit,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  limit.signal.throwIfAborted();
  const stop = new AbortController();
  const timer = new AbortController();
  const abort = () => stop.abort(limit.signal.reason);
  limit.signal.addEventListener('abort', abort, { once: true });
  const waited = limit.clock.sleep(limit.atMs - limit.clock.monotonicMs(), timer.signal).then(
    () => stop.abort(limit.late()),
    () => undefined,
  );
  try {
    return await unlessAborted(work(stop.signal), stop.signal);
  } finally {
    limit.signal.removeEventListener('abort', abort);
    timer.abort();
    await waited;
  }
}

/** The outcome of `work`, or `signal.reason` if that comes first. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
