/** One attempt to publish: which changes were accepted, which were refused, and which are to be published again. */
import { asDStreamError, BatchError, DStreamError, notAccepted, type Clock } from '@dstream/core';
import { about, type DecodedChange } from './decode-message.ts';
import type { OutputGate } from './output-gate.ts';
import type { Sender } from './output-monitor.ts';

/** A change that the output will never accept. */
export interface RefusedChange {
  readonly change: DecodedChange;
  readonly error: DStreamError;
}

/** The outcome of one attempt. A change that is neither in `refused` nor in `again` was accepted. */
export interface Attempt {
  readonly refused: readonly RefusedChange[];
  /** Changes to publish again, in order. */
  readonly again: readonly DecodedChange[];
  /** The cause, where it may work later: the caller waits before the next attempt. */
  readonly transient: DStreamError | undefined;
  /** One change of `again` causes the failure, and only an attempt with fewer changes shows which. */
  readonly bisect: boolean;
}

/** Parts that an attempt uses. */
export interface AttemptOptions {
  readonly gate: OutputGate;
  readonly sender: Sender;
  readonly clock: Clock;
  /** Called right before the call of the publisher; throws when the session may no longer be ours. */
  readonly mayStart?: (() => void) | undefined;
}

/** The attempt that leaves nothing to do. */
export const allAccepted: Attempt = { refused: [], again: [], transient: undefined, bisect: false };

/** Rejects with OutputClosed, with what `mayStart` throws, or with `signal.reason` on abort. */
export function attemptToPublish(
  changes: readonly DecodedChange[],
  signal: AbortSignal,
  options: AttemptOptions,
): Promise<Attempt> {
  return options.gate.admit(signal, () => attempt(changes, signal, options));
}

async function attempt(
  changes: readonly DecodedChange[],
  signal: AbortSignal,
  { gate, sender, clock, mayStart }: AttemptOptions,
): Promise<Attempt> {
  mayStart?.();
  const startedMs = clock.monotonicMs();
  try {
    await gate.publish(changes, signal);
  } catch (caught) {
    signal.throwIfAborted();
    const error = asDStreamError(caught);
    if (error.code === 'OutputClosed') throw error;
    const judged = judgeOrRetry(changes, error);
    report(changes, judged, gate, sender);
    return judged;
  }
  gate.breaker.succeeded();
  gate.monitor.succeeded(sender, changes, startedMs);
  return allAccepted;
}

/** Tells the monitor and the breaker of an attempt that did not succeed as a whole. */
function report(changes: readonly DecodedChange[], judged: Attempt, gate: OutputGate, sender: Sender): void {
  const { monitor, breaker } = gate;
  const { refused, again, transient } = judged;
  const accepted = acceptedOf(changes, judged);
  if (accepted.length > 0) breaker.succeeded();
  else if (refused.length > 0) breaker.refused(refused.length);
  if (transient === undefined) {
    monitor.accepted(accepted);
    // It has answered: what it refuses is no failure of the output.
    return monitor.recovered(sender);
  }
  if (gate.concernsAll(transient)) breaker.failed();
  monitor.failed(sender, transient, about(again[0]));
  monitor.accepted(accepted);
}

/** An output whose error contradicts itself has reported nothing: all changes are tried again. */
function judgeOrRetry(changes: readonly DecodedChange[], error: DStreamError): Attempt {
  try {
    return judge(changes, error);
  } catch (caught) {
    return { ...allAccepted, again: changes, transient: asDStreamError(caught) };
  }
}

function judge(changes: readonly DecodedChange[], error: DStreamError): Attempt {
  const refused = refusedOf(changes, error);
  const culprits = new Set(refused.map(({ change }) => change));
  return {
    refused,
    again: notAccepted(changes, ({ orderingKey }) => orderingKey, error).filter(
      (change) => !culprits.has(change),
    ),
    transient: transientOf(error),
    bisect: error.disposition === 'dead-letter' && !(error instanceof BatchError) && changes.length > 1,
  };
}

function acceptedOf(
  changes: readonly DecodedChange[],
  { refused, again }: Attempt,
): readonly DecodedChange[] {
  const open = new Set([...again, ...refused.map(({ change }) => change)]);
  return changes.filter((change) => !open.has(change));
}

/** The changes that are known to be refused: named by a BatchError, or alone. */
function refusedOf(changes: readonly DecodedChange[], error: DStreamError): readonly RefusedChange[] {
  if (error instanceof BatchError) return error.failures.flatMap((failure) => refusedBy(changes, failure));
  const [only] = changes;
  return error.disposition === 'dead-letter' && changes.length === 1 && only !== undefined
    ? [{ change: only, error }]
    : [];
}

function refusedBy(
  changes: readonly DecodedChange[],
  { key, from, error }: BatchError['failures'][number],
): readonly RefusedChange[] {
  if (error.disposition !== 'dead-letter') return [];
  const change = changes.find((candidate, index) => index >= from && candidate.orderingKey === key);
  if (change !== undefined) return [{ change, error }];
  throw new DStreamError(
    'Unexpected',
    `an output named a failure at ${from}, beyond its batch of ${changes.length}`,
  );
}

function transientOf(error: DStreamError): DStreamError | undefined {
  const errors = error instanceof BatchError ? error.failures.map((failure) => failure.error) : [error];
  return errors.find(({ disposition }) => disposition !== 'dead-letter');
}
