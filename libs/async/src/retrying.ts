import { asDStreamError, Backoff, retryWaits, type Clock, type DStreamError } from '@dstream/core';
import type { OutagePart } from './common-outage.ts';
import type { Outage } from './outage.ts';
import { pause } from './pause.ts';

export interface RetryOptions {
  readonly clock: Clock;
  /** What is told of every attempt. Where it has a `wait` of its own, that is the wait between two. */
  readonly outage: Pick<Outage, 'failed' | 'succeeded'> & Partial<Pick<OutagePart, 'wait'>>;
  readonly random?: () => number;
  /** First and longest wait; `retryWaits` when not given. */
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
    firstMs = retryWaits.firstMs,
    maxMs = retryWaits.maxMs,
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
      const until = giveUp === undefined ? [signal] : [signal, giveUp];
      await (outage.wait?.(...until) ?? pause(clock, backoff.next(), ...until));
      signal.throwIfAborted();
      if (giveUp?.aborted === true) throw error;
    }
  }
}

function passes(error: DStreamError): boolean {
  return error.disposition === 'retry';
}
