import { asDStreamError, Backoff, type Clock, type DStreamError } from '@dstream/core';
import type { Outage } from './outage.ts';
import { pause } from './pause.ts';

export interface RetryOptions {
  readonly clock: Clock;
  /** What is told of every attempt. */
  readonly outage: Pick<Outage, 'failed' | 'succeeded'>;
  readonly random?: () => number;
  /** First and longest wait, in milliseconds; 500 and 30,000 when not given. */
  readonly firstMs?: number;
  readonly maxMs?: number;
  /** Once it aborts nothing is tried again: the attempt under way is the last. */
  readonly giveUp?: AbortSignal;
  /** Which errors are tried again. By default those of disposition `retry`. */
  readonly again?: (error: DStreamError) => boolean;
}

/**
 * Calls `attempt` until it succeeds, with back-off between. Throws what `again` refuses, what the last attempt before
 * `giveUp` threw, and `signal.reason` on abort.
 */
export async function retrying<T>(
  attempt: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
  options: RetryOptions,
): Promise<T> {
  const {
    clock,
    outage,
    random = Math.random,
    firstMs = 500,
    maxMs = 30_000,
    again = passes,
    giveUp,
  } = options;
  const backoff = new Backoff({ firstMs, maxMs, random });
  for (;;) {
    signal.throwIfAborted();
    try {
      const result = await attempt(signal);
      outage.succeeded();
      return result;
    } catch (caught) {
      signal.throwIfAborted();
      const error = asDStreamError(caught);
      if (!again(error)) throw error;
      outage.failed(error);
      await waitUnlessGivenUp(clock, backoff.next(), signal, giveUp);
      if (giveUp?.aborted === true) throw error;
    }
  }
}

async function waitUnlessGivenUp(
  clock: Clock,
  ms: number,
  signal: AbortSignal,
  giveUp: AbortSignal | undefined,
): Promise<void> {
  if (giveUp === undefined) return clock.sleep(ms, signal);
  await pause(clock, ms, signal, giveUp);
  signal.throwIfAborted();
}

function passes(error: DStreamError): boolean {
  return error.disposition === 'retry';
}
