/**
 * Brings events of one session to one required output, in order, until each is accepted or set aside. What passes is
 * waited for; what never can succeed is narrowed down to the one event and refused; the rest goes on.
 */
import { type DStreamError, type RoutedEvent } from '@dstream/core';
import { Backoff, pause, retryWaits } from '@dstream/async';
import { Narrowing } from './narrowing.ts';
import { attemptToPublish, type AttemptOptions, type RefusedEvent } from './publish-attempt.ts';

export interface PublishOptions extends AttemptOptions {
  readonly random: () => number;
  /** Called right before every attempt; throws when the session can no longer be proven ours. */
  readonly mayStart: () => void;
  /** Once it aborts nothing is tried again. */
  readonly giveUp: AbortSignal;
}

/** First and longest wait after a failure. */
export const publishBackoff = { ...retryWaits, firstMs: 200 };

/**
 * Resolves with the events the output will never take. Rejects with OutputClosed or LockLost, with the last error
 * after `giveUp`, or with `signal.reason` on abort.
 */
export async function publishInOrder(
  events: readonly RoutedEvent[],
  signal: AbortSignal,
  options: PublishOptions,
): Promise<readonly RefusedEvent[]> {
  const refused: RefusedEvent[] = [];
  const backoff = new Backoff({ ...publishBackoff, random: options.random });
  let rest = events;
  const narrowing = new Narrowing(options);
  while (rest.length > 0) {
    signal.throwIfAborted();
    options.mayStart();
    const chunk = narrowing.size >= rest.length ? rest : rest.slice(0, narrowing.size);
    const attempt = narrowing.judge(chunk, await attemptToPublish(chunk, signal, options));
    refused.push(...attempt.refused);
    rest = chunk === rest ? attempt.again : [...attempt.again, ...rest.slice(chunk.length)];
    if (attempt.passing === undefined || attempt.narrow) backoff.reset();
    if (attempt.passing !== undefined) await waitAfter(attempt.passing, backoff.next(), signal, options);
  }
  return refused;
}

async function waitAfter(
  error: DStreamError,
  ms: number,
  signal: AbortSignal,
  { clock, giveUp }: PublishOptions,
): Promise<void> {
  await pause(clock, ms, signal, giveUp);
  signal.throwIfAborted();
  if (giveUp.aborted) throw error;
}
