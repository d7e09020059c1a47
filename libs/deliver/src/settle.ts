/** Settles messages in order: completed, or dead-lettered with what failed of them. */
import { asDStreamError, deadLetterProperties, type Delivery, type FailedChange } from '@dstream/core';
import { retry, type AttemptLog, type RetryOptions } from '@dstream/async';
import { fieldsOf, type DecodedChange } from './decode-message.ts';
import type { DeadLetterReason } from './processor-metrics.ts';

/** A message that is to be settled, or is. */
export interface MessageOutcome {
  readonly delivery: Delivery;
  /** Empty: it is completed. Else it is dead-lettered with them. */
  readonly failures: readonly FailedChange[];
  /** Its changes that were no repeats. */
  readonly fresh: readonly DecodedChange[];
}

/**
 * Settles in order and resolves with what was settled. Completes that follow each other are sent together; a dead
 * letter is awaited alone, because the client library merges different outcomes of one tick. Rejects with LockLost
 * when the session is gone; without a session only the message whose lock is gone is left out.
 */
export async function settle<T extends MessageOutcome>(
  outcomes: readonly T[],
  signal: AbortSignal,
  options: RetryOptions,
): Promise<readonly T[]> {
  const settled: T[] = [];
  let completes: T[] = [];
  const flush = async () => {
    const sent = completes;
    completes = [];
    const kept = await Promise.all(sent.map((outcome) => settleOne(outcome, signal, options)));
    settled.push(...sent.filter((_, index) => kept[index] === true));
  };
  for (const outcome of outcomes) {
    if (outcome.failures.length > 0) await flush();
    completes.push(outcome);
    if (outcome.failures.length > 0) await flush();
  }
  await flush();
  return settled;
}

/** The same log, with the message that an attempt was about in its lines. */
export function withMessage(failureLog: AttemptLog, delivery: Delivery | undefined): AttemptLog {
  if (delivery === undefined) return failureLog;
  return {
    failed: (error) => failureLog.failed(error, fieldsOf(delivery.message)),
    succeeded: () => failureLog.succeeded(),
  };
}

/** False when the message's own lock was lost: it is delivered again. */
async function settleOne(
  { delivery, failures }: MessageOutcome,
  signal: AbortSignal,
  options: RetryOptions,
): Promise<boolean> {
  const once = () => (failures.length === 0 ? delivery.complete() : deadLetter(delivery, failures));
  try {
    await retry(once, signal, { ...options, failureLog: withMessage(options.failureLog, delivery) });
    return true;
  } catch (error) {
    if (delivery.session !== undefined || asDStreamError(error).disposition !== 'lost') throw error;
    return false;
  }
}

function deadLetter(delivery: Delivery, failures: readonly FailedChange[]): Promise<void> {
  const [first] = failures;
  const what = `change ${first?.index ?? 0}: ${first?.reason ?? ''}`;
  const more = failures.length > 1 ? ` (and ${failures.length - 1} more)` : '';
  return delivery.deadLetter(reasonOf(failures), `${what}${more}`, deadLetterProperties(failures));
}

/** The reason of a dead letter: a constant word that operators filter by. @param failures at least one */
export function reasonOf(failures: readonly FailedChange[]): DeadLetterReason {
  if (failures.some(({ output }) => output !== '*')) return 'NotDelivered';
  return failures.every(({ transform }) => transform === true) ? 'TransformFailed' : 'MalformedMessage';
}
