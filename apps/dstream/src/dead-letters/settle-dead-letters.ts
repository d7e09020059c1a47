/**
 * Replays or discards dead letters, one after the other, each under a lock of its own: two operators never settle the same one.
 * A replay is sent first and the dead letter completed after: a crash in between repeats it, under the same message id.
 */
import {
  asDStreamError,
  replayMessage,
  type Clock,
  type DeadLetterQueue,
  type Hash,
  type LockedDeadLetter,
} from '@dstream/core';
import { retry } from '@dstream/async';
import type { DeadLetterSummary } from './dead-letter-document.ts';

/** What became of one. */
export interface DeadLetterOutcome {
  readonly sequenceNumber: string;
  readonly messageId: string;
  /**
   * `skipped`: somebody else has it, or it is gone. `refused`: it cannot be replayed. `kept`: it was replayed and could not be
   * removed, so that it may be replayed once more, under the same message id.
   */
  readonly outcome: 'replayed' | 'discarded' | 'skipped' | 'refused' | 'kept';
  /** Id of the message that replays it. */
  readonly replayedAs?: string;
  /** Why it was not replayed, or not removed. */
  readonly error?: string;
}

/** What is done to the dead letters. */
export type DeadLetterAction =
  | { readonly kind: 'replay'; readonly subscription: string; readonly reroute: boolean; readonly hash: Hash }
  | { readonly kind: 'discard' };

/** Options of `settleDeadLetters`. */
export interface SettleOptions {
  readonly queue: DeadLetterQueue;
  readonly action: DeadLetterAction;
  readonly clock: Clock;
  /** Once it aborts no other one is begun. */
  readonly signal: AbortSignal;
}

/** Attempts for one message while failures are transient. */
const maxAttempts = 5;

/** Yields the outcome of each. Throws what concerns all of them: no connection, no access. */
export async function* settleDeadLetters(
  chosen: readonly DeadLetterSummary[],
  options: SettleOptions,
): AsyncIterable<DeadLetterOutcome> {
  const { queue, signal } = options;
  const left = new Map(chosen.map((one) => [one.sequenceNumber, one]));
  for await (const dead of queue.lock([...left.keys()], { signal: never })) {
    left.delete(dead.message.sequenceNumber);
    yield await settle(dead, options);
    if (signal.aborted) break;
  }
  for (const { sequenceNumber, messageId } of left.values())
    yield { sequenceNumber, messageId, outcome: 'skipped' };
}

const never = new AbortController().signal;

async function settle(dead: LockedDeadLetter, options: SettleOptions): Promise<DeadLetterOutcome> {
  const { sequenceNumber, messageId, sessionId } = dead.message;
  const named = { sequenceNumber, messageId };
  if (options.action.kind === 'discard') return completed(dead, { ...named, outcome: 'discarded' });
  if (sessionId === undefined)
    return {
      ...named,
      outcome: 'refused',
      error: 'the message has no session id: it came from another producer',
    };
  const replay = replayMessage(dead, options.action);
  try {
    await sent(() => options.queue.send(replay, { signal: never }), options.clock);
  } catch (caught) {
    const error = asDStreamError(caught);
    if (error.disposition !== 'dead-letter') throw error;
    return { ...named, outcome: 'refused', error: error.message };
  }
  return completed(dead, { ...named, outcome: 'replayed', replayedAs: replay.messageId });
}

async function completed(dead: LockedDeadLetter, outcome: DeadLetterOutcome): Promise<DeadLetterOutcome> {
  try {
    await dead.complete();
    return outcome;
  } catch (caught) {
    const error = asDStreamError(caught);
    if (error.disposition !== 'lost') throw error;
    return { ...outcome, outcome: outcome.outcome === 'replayed' ? 'kept' : 'skipped', error: error.message };
  }
}

async function sent(send: () => Promise<void>, clock: Clock): Promise<void> {
  let attempts = 0;
  const failureLog = { failed: () => undefined, succeeded: () => undefined };
  await retry(
    () => {
      attempts += 1;
      return send();
    },
    never,
    { clock, failureLog, again: ({ disposition }) => disposition === 'retry' && attempts < maxAttempts },
  );
}
