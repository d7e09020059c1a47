/** What becomes of a message: complete it, or set it aside with what failed. In order, for one session. */
import { asDStreamError, setAside, type Delivery, type FailedChange } from '@dstream/core';
import { retrying, type RetryOptions } from '@dstream/runtime';

export interface Settled {
  readonly delivery: Delivery;
  readonly failures: readonly FailedChange[];
}

/**
 * Settles in order. Completes that follow each other are sent together; a dead letter is awaited alone, because the
 * client library merges different outcomes of one tick. Rejects with LockLost when the lock is gone.
 */
export async function settle(
  messages: readonly Settled[],
  signal: AbortSignal,
  retry: RetryOptions,
): Promise<void> {
  const one = (delivery: Delivery, outcome: () => Promise<void>) =>
    unlessAlone(delivery, retrying(outcome, signal, retry));
  let completes: Delivery[] = [];
  const flush = async () => {
    const sent = completes.map((delivery) => one(delivery, () => delivery.complete()));
    completes = [];
    await Promise.all(sent);
  };
  for (const { delivery, failures } of messages) {
    if (failures.length === 0) {
      completes.push(delivery);
      continue;
    }
    await flush();
    await one(delivery, () => deadLetter(delivery, failures));
  }
  await flush();
}

/** Without a session a lost lock concerns one message only: it comes again, and the others are settled. */
async function unlessAlone(delivery: Delivery, settled: Promise<void>): Promise<void> {
  try {
    await settled;
  } catch (error) {
    if (delivery.session !== undefined || asDStreamError(error).disposition !== 'lost') throw error;
  }
}

function deadLetter(delivery: Delivery, failures: readonly FailedChange[]): Promise<void> {
  const [first] = failures;
  const what = `change ${first?.index ?? 0}: ${first?.reason ?? ''}`;
  const more = failures.length > 1 ? ` (and ${failures.length - 1} more)` : '';
  return delivery.deadLetter(reasonOf(failures), `${what}${more}`, setAside(failures));
}

/** The constant word an operator filters by. */
export function reasonOf(failures: readonly FailedChange[]): string {
  return failures.every(({ output }) => output === '*') ? 'MalformedMessage' : 'NotDelivered';
}
