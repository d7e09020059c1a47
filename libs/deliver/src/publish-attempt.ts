/** One attempt to publish: which changes were accepted, which were refused, and how many the next attempt takes. */
import { asDStreamError, BatchError, DStreamError, notAccepted, type Clock } from '@dstream/core';
import { retryWaits } from '@dstream/async';
import { about, type DecodedChange } from './decode-message.ts';
import type { OutputMonitor, Sender } from './output-monitor.ts';

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
  readonly monitor: OutputMonitor;
  readonly sender: Sender;
  readonly clock: Clock;
}

/** First and longest wait after a failed attempt. */
export const publishWaits = { ...retryWaits, firstMs: 200 };

const allAccepted: Attempt = { refused: [], again: [], transient: undefined, bisect: false };

/** Rejects with OutputClosed, or with `signal.reason` on abort. */
export async function attemptToPublish(
  changes: readonly DecodedChange[],
  signal: AbortSignal,
  { monitor, sender, clock }: AttemptOptions,
): Promise<Attempt> {
  const startedMs = clock.monotonicMs();
  try {
    await monitor.output.publisher.publish(changes, { signal });
  } catch (caught) {
    signal.throwIfAborted();
    const error = asDStreamError(caught);
    if (error.code === 'OutputClosed') throw error;
    const attempt = judgeOrRetry(changes, error);
    if (attempt.transient !== undefined) monitor.failed(sender, attempt.transient, about(attempt.again[0]));
    monitor.accepted(acceptedOf(changes, attempt));
    return attempt;
  }
  monitor.succeeded(sender, changes, startedMs);
  return allAccepted;
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

/** Failures of a change alone before it is refused, at least. */
const minFailures = 5;

/** Time for which a change is tried alone while the output accepts no other change. */
const maxAloneMs = 180_000;

/**
 * Decides how many changes the next attempt of one session takes, and when a change is refused.
 *
 * Two kinds of failure are bisected until one change is alone: a refusal of some change that the output did not name, and an
 * error of code `Unexpected`, because one change may be what causes it. A change that is refused alone is refused for good.
 * An unexpected error may also be an outage: it counts against a change only when it repeats on that change alone, a few
 * times if the output has accepted anything since the first error, and for minutes if it has not.
 */
export class Bisection {
  readonly #options: AttemptOptions;
  #size = Infinity;
  /** What the output had accepted when the first unexpected error came. */
  #acceptedBefore: number | undefined;
  /** Failures of the one change that is tried alone. */
  #failures = 0;
  #aloneSinceMs = 0;

  constructor(options: AttemptOptions) {
    this.#options = options;
  }

  /** Changes that the next attempt takes, at most. */
  get size(): number {
    return this.#size;
  }

  /** Called after every attempt. Returns it, with the change that is now refused among the refused ones. */
  judge(changes: readonly DecodedChange[], attempt: Attempt): Attempt {
    if (attempt.transient?.code === 'Unexpected')
      return this.#unexpected(changes, attempt, attempt.transient);
    if (this.#size === Infinity) this.#acceptedBefore = undefined;
    this.#failures = 0;
    this.#size = attempt.bisect ? half(changes) : Infinity;
    return attempt;
  }

  #unexpected(changes: readonly DecodedChange[], attempt: Attempt, error: DStreamError): Attempt {
    const acceptedNow = changes.length - attempt.again.length - attempt.refused.length;
    this.#acceptedBefore ??= this.#options.monitor.delivered - acceptedNow;
    this.#size = half(attempt.again);
    const [only] = attempt.again;
    if (changes.length > 1 || only === undefined) return { ...attempt, bisect: true };
    if (this.#failures === 0) this.#aloneSinceMs = this.#options.clock.monotonicMs();
    this.#failures += 1;
    return this.#isAtFault() ? this.#refuse(only, attempt, error) : attempt;
  }

  #isAtFault(): boolean {
    const { monitor, clock } = this.#options;
    if (this.#failures < minFailures) return false;
    const othersSucceeded = monitor.delivered > (this.#acceptedBefore ?? Infinity);
    return othersSucceeded || clock.monotonicMs() - this.#aloneSinceMs >= maxAloneMs;
  }

  #refuse(change: DecodedChange, attempt: Attempt, cause: DStreamError): Attempt {
    const what = `failed ${this.#failures} times with an unexpected error: ${cause.message}`;
    const refused = [...attempt.refused, { change, error: new DStreamError('Rejected', what, { cause }) }];
    [this.#size, this.#failures, this.#acceptedBefore] = [Infinity, 0, undefined];
    this.#options.monitor.recovered(this.#options.sender);
    return { ...allAccepted, refused };
  }
}

function half(changes: readonly DecodedChange[]): number {
  return Math.max(1, Math.ceil(changes.length / 2));
}
