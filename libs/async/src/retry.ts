/** Tries again with back-off until it works. */
import { asDStreamError, type Clock, type DStreamError, type LogFields } from '@dstream/core';
import { pause } from './abort.ts';

/**
 * First and longest wait between two attempts, in milliseconds. A recovery goes unnoticed for the longest wait at most:
 * with the attempt itself, work goes on within five seconds of it.
 */
export const retryWaits = { firstMs: 500, maxMs: 3_000 } as const;

/** First and longest wait, in milliseconds. */
export interface BackoffOptions {
  readonly firstMs: number;
  readonly maxMs: number;
  /** Draws a number in [0, 1). */
  readonly random: () => number;
}

/**
 * Doubling waits with jitter: each is drawn between half of the step and the whole of it, so that replicas that failed
 * together do not come back together.
 */
export class Backoff {
  readonly #options: BackoffOptions;
  #stepMs: number;

  constructor(options: BackoffOptions) {
    this.#options = options;
    this.#stepMs = options.firstMs;
  }

  /** The wait before the next attempt, in milliseconds. */
  next(): number {
    const step = this.#stepMs;
    this.#stepMs = Math.min(step * 2, this.#options.maxMs);
    return step * (0.5 + this.#options.random() / 2);
  }

  /** To be called after a success. */
  reset(): void {
    this.#stepMs = this.#options.firstMs;
  }
}

/** Receives the outcome of every attempt: a `FailureLog`, or a part of a `SharedFailureLog`. */
export interface AttemptLog {
  failed(error: DStreamError, fields?: LogFields): void;
  succeeded(): void;
  /** Takes the place of the back-off. Never rejects; resolves at once when one of `until` aborts. */
  wait?(...until: readonly AbortSignal[]): Promise<void>;
}

/** How `retry` waits, what it retries, and who hears of failures. */
export interface RetryOptions {
  readonly clock: Clock;
  readonly failureLog: AttemptLog;
  readonly random?: () => number;
  /** First and longest wait in milliseconds; `retryWaits` unless given. */
  readonly firstMs?: number;
  readonly maxMs?: number;
  /** Once it aborts nothing is tried again: the attempt under way is the last. */
  readonly giveUp?: AbortSignal;
  /** Which errors are tried again; those of disposition `retry` unless given. */
  readonly again?: (error: DStreamError) => boolean;
}

/**
 * Calls `attempt` until it succeeds. Throws what `again` refuses, what the last attempt before `giveUp` threw, and
 * `signal.reason` on abort.
 */
export async function retry<T>(
  attempt: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
  options: RetryOptions,
): Promise<T> {
  const { clock, failureLog, giveUp, again = isRetryable } = options;
  const { random = Math.random, firstMs = retryWaits.firstMs, maxMs = retryWaits.maxMs } = options;
  const backoff = new Backoff({ firstMs, maxMs, random });
  const until = giveUp === undefined ? [signal] : [signal, giveUp];
  for (;;) {
    signal.throwIfAborted();
    try {
      const result = await attempt(signal);
      failureLog.succeeded();
      return result;
    } catch (caught) {
      signal.throwIfAborted();
      const error = asDStreamError(caught);
      if (!again(error)) throw error;
      failureLog.failed(error);
      await (failureLog.wait?.(...until) ?? pause(clock, backoff.next(), ...until));
      signal.throwIfAborted();
      if (giveUp?.aborted === true) throw error;
    }
  }
}

function isRetryable(error: DStreamError): boolean {
  return error.disposition === 'retry';
}
