/** From a message that was read to its outcome: which changes are published, which failed, what is remembered as delivered. Pure. */
import type { Delivery, FailedChange } from '@dstream/core';
import type { DecodedChange, DecodedMessage } from './decode-message.ts';
import type { MissingMessages } from './missing-messages.ts';
import type { RefusedByOutput } from './outputs.ts';
import type { MessageOutcome } from './settle.ts';
import type { FailedToPrepare } from './transform-chain.ts';

/** A message and what could be read of it. */
export interface DecodedDelivery extends DecodedMessage {
  readonly delivery: Delivery;
  readonly message: Delivery['message'];
  /** Messages that are missing before it. */
  readonly missing: MissingMessages | undefined;
}

/** A message, and what is to be done with its changes. */
export interface Judged {
  readonly decoded: DecodedDelivery;
  /** Changes to publish. */
  readonly fresh: readonly DecodedChange[];
  /** Changes that no output will get: dropped as repeats, though they were never delivered, or replayed to an unknown output. */
  readonly undelivered: readonly FailedChange[];
}

/** A message that every required output has, except for its failures. */
export interface Outcome extends MessageOutcome {
  readonly decoded: DecodedDelivery;
  /** Not those of a replayed message, which moves no progress. */
  readonly accepted: readonly DecodedChange[];
}

/** A failure, with the change of the message that it is about. */
export interface Failure extends FailedChange {
  readonly change: DecodedChange;
}

/**
 * The outcome of a message. Failed changes are not remembered as delivered: a replay may bring them again.
 * @param all failures of the whole step
 */
export function outcomeOf({ decoded, fresh, undelivered }: Judged, all: readonly Failure[]): Outcome {
  const { delivery, changes, replay } = decoded;
  const failures = [...decoded.failures, ...undelivered, ...ownOf(fresh, all)];
  const common = { decoded, delivery, fresh, failures };
  if (replay !== undefined) return { ...common, accepted: [] };
  if (failures.length === 0) return { ...common, accepted: changes };
  const failed = new Set(failures.map(({ index }) => index));
  return { ...common, accepted: changes.filter(({ index }) => !failed.has(index)) };
}

/**
 * Nothing of a replayed message is a repeat. A change for an output that is not known goes back to the dead-letter queue: this
 * processor has another configuration than the one that it was replayed with.
 */
export function judgeReplay(decoded: DecodedDelivery, known: ReadonlySet<string>): Judged {
  const reason = 'replayed to an output that this processor does not have';
  const undelivered = decoded.changes.flatMap(({ index, replayTo = [] }) =>
    replayTo.filter((output) => !known.has(output)).map((output) => ({ index, output, reason })),
  );
  const isForSome = ({ replayTo }: DecodedChange) =>
    replayTo === undefined || replayTo.some((output) => known.has(output));
  return { decoded, fresh: decoded.changes.filter(isForSome), undelivered };
}

function ownOf(fresh: readonly DecodedChange[], all: readonly Failure[]): readonly FailedChange[] {
  if (all.length === 0) return [];
  const own = new Set(fresh);
  return all.filter(({ change }) => own.has(change)).map(({ change: _change, ...failure }) => failure);
}

/** Of changes that required outputs have refused. */
export function failuresOf(refused: readonly RefusedByOutput[]): readonly Failure[] {
  return refused.map(({ change, output, error }) => ({
    change: change.madeOf ?? change,
    index: change.index,
    output,
    reason: error.message,
  }));
}

/** Of changes that a transform or a route has failed on. */
export function transformFailuresOf(failed: readonly FailedToPrepare[]): readonly Failure[] {
  return failed.map(({ change, error }) => ({
    change,
    index: change.index,
    output: '*',
    reason: error.message,
    transform: true,
  }));
}
