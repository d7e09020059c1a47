import { DStreamError, type Clock } from '@dstream/core';
import { translateError, withoutRequest } from './translate-error.ts';

export interface CallLimits {
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/**
 * One call to the storage that cannot hang: it is aborted with `signal`, and after `timeoutMs`. (`tryTimeoutInMs` of
 * the client only tells the server how long it may take.) Rejects with `signal.reason`, with TimedOut, or with what
 * `run` threw, less the request that failed: nothing above this line has it to log or to keep.
 */
export async function bounded<T>(
  { clock, timeoutMs }: CallLimits,
  signal: AbortSignal,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const over = new AbortController();
  const timer = new AbortController();
  const waiting = clock.sleep(timeoutMs, timer.signal).then(
    () => over.abort(),
    () => undefined,
  );
  try {
    return await run(AbortSignal.any([signal, over.signal]));
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (over.signal.aborted) throw timedOut(timeoutMs, withoutRequest(error));
    throw withoutRequest(error);
  } finally {
    timer.abort();
    await waiting;
  }
}

function timedOut(timeoutMs: number, cause: unknown): DStreamError {
  return new DStreamError('TimedOut', `the storage account did not answer within ${timeoutMs} ms`, { cause });
}

/** The adapter's edge: what leaves is `signal.reason` or one of our errors. */
export async function translated<T>(what: string, signal: AbortSignal, run: () => Promise<T>): Promise<T> {
  try {
    signal.throwIfAborted();
    return await run();
  } catch (error) {
    if (signal.aborted && error === signal.reason) throw error;
    throw translateError(error, what);
  }
}
