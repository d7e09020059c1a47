/** What becomes of a message: complete it, or set it aside with what failed. In order, for one session. */
import {
  asDStreamError,
  deadLetterProperties,
  type Delivery,
  type FailedChange,
  type IncomingMessage,
  type LogFields,
} from '@dstream/core';
import { retry, type RetryOptions } from '@dstream/async';

export interface Outcome {
  readonly delivery: Delivery;
  readonly failures: readonly FailedChange[];
}

/**
 * Settles in order and resolves with what was settled. Completes that follow each other are sent together; a dead
 * letter is awaited alone, because the client library merges different outcomes of one tick. Rejects with LockLost
 * when the session is gone; without a session only the message whose lock is gone is left out.
 */
export async function settle<T extends Outcome>(
  outcomes: readonly T[],
  signal: AbortSignal,
  retrying: RetryOptions,
): Promise<readonly T[]> {
  const settled: T[] = [];
  let completes: T[] = [];
  const flush = async () => {
    const sent = completes.map((outcome) => settleOne(outcome, signal, retrying));
    const done = completes;
    completes = [];
    const kept = await Promise.all(sent);
    settled.push(...done.filter((_, index) => kept[index] === true));
  };
  for (const outcome of outcomes) {
    if (outcome.failures.length > 0) await flush();
    completes.push(outcome);
    if (outcome.failures.length > 0) await flush();
  }
  await flush();
  return settled;
}

/** Which message, for a line of its session's log, which names the session. Its subject is the table. */
export function fieldsOf({ messageId, subject }: IncomingMessage): LogFields {
  return { messageId, table: subject };
}

/** The same outage, with the message that an attempt was about in its lines. */
export function named(
  failureLog: RetryOptions['failureLog'],
  delivery: Delivery | undefined,
): RetryOptions['failureLog'] {
  if (delivery === undefined) return failureLog;
  return {
    failed: (error) => failureLog.failed(error, fieldsOf(delivery.message)),
    succeeded: () => failureLog.succeeded(),
  };
}

/** False when the message's own lock was lost: it comes again. */
async function settleOne(
  { delivery, failures }: Outcome,
  signal: AbortSignal,
  retrying: RetryOptions,
): Promise<boolean> {
  const once = () => (failures.length === 0 ? delivery.complete() : deadLetter(delivery, failures));
  try {
    await retry(once, signal, { ...retrying, failureLog: named(retrying.failureLog, delivery) });
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

/** The constant word an operator filters by. */
export function reasonOf(failures: readonly FailedChange[]): string {
  return failures.every(({ output }) => output === '*') ? 'MalformedMessage' : 'NotDelivered';
}
