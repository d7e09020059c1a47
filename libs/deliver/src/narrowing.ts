/**
 * How many changes the next attempt of one session takes, and when a change is given up.
 *
 * Two kinds of failure are narrowed down, by halves, until one change is alone: a refusal of some change that the output
 * did not name, and an error that nobody has foreseen (`Unexpected`), because one change may be what causes it. A change
 * that is refused alone is refused for good. An unforeseen error may also be an outage: it counts against a change only
 * when it repeats on that change alone, a few times if the output has taken anything since the trouble began, and for
 * minutes if it has not.
 */
import { DStreamError, type RoutedEvent } from '@dstream/core';
import type { Attempt, AttemptOptions } from './publish-attempt.ts';

/** Failures of a change alone before it is given up, at least. */
const fewestFailures = 5;

/** How long it is tried alone while the output takes no other change, milliseconds. */
const patienceMs = 180_000;

export class Narrowing {
  readonly #options: AttemptOptions;
  #size = Infinity;
  /** What the output had accepted when the first unforeseen error came. */
  #acceptedBefore: number | undefined;
  /** Of the one change that is tried alone. */
  #failures = 0;
  #aloneSinceMs = 0;

  constructor(options: AttemptOptions) {
    this.#options = options;
  }

  /** Changes that the next attempt takes, at most. */
  get size(): number {
    return this.#size;
  }

  /** Takes note of an attempt at `events`. Returns it, with the change that is to be given up among the refused. */
  judge(events: readonly RoutedEvent[], attempt: Attempt): Attempt {
    if (attempt.passing?.code === 'Unexpected') return this.#unexpected(events, attempt, attempt.passing);
    if (this.#size === Infinity) this.#acceptedBefore = undefined;
    this.#failures = 0;
    this.#size = attempt.narrow ? half(events) : Infinity;
    return attempt;
  }

  #unexpected(events: readonly RoutedEvent[], attempt: Attempt, error: DStreamError): Attempt {
    const acceptedNow = events.length - attempt.again.length - attempt.refused.length;
    this.#acceptedBefore ??= this.#options.monitor.delivered - acceptedNow;
    this.#size = half(attempt.again);
    const [only] = attempt.again;
    if (events.length > 1 || only === undefined) return { ...attempt, narrow: true };
    if (this.#failures === 0) this.#aloneSinceMs = this.#options.clock.monotonicMs();
    this.#failures += 1;
    return this.#isAtFault() ? this.#giveUp(only, attempt, error) : attempt;
  }

  #isAtFault(): boolean {
    const { monitor, clock } = this.#options;
    if (this.#failures < fewestFailures) return false;
    const othersPass = monitor.delivered > (this.#acceptedBefore ?? Infinity);
    return othersPass || clock.monotonicMs() - this.#aloneSinceMs >= patienceMs;
  }

  #giveUp(event: RoutedEvent, attempt: Attempt, cause: DStreamError): Attempt {
    const what = `it has failed ${this.#failures} times with an unexpected error: ${cause.message}`;
    const refused = [...attempt.refused, { event, error: new DStreamError('Rejected', what, { cause }) }];
    [this.#size, this.#failures, this.#acceptedBefore] = [Infinity, 0, undefined];
    this.#options.monitor.recovered(this.#options.sender);
    return { refused, again: [], passing: undefined, narrow: false };
  }
}

function half(events: readonly RoutedEvent[]): number {
  return Math.max(1, Math.ceil(events.length / 2));
}
