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
import type { OutputMonitor, Sender } from './output-monitor.ts';
import type { Attempt } from './publish-attempt.ts';

/** Failures of a change alone after which it is given up: while the output takes other changes, and while it takes none. */
export const unexpectedLimits = { whileOthersPass: 5, whileNonePasses: 12 };

export class Narrowing {
  readonly #monitor: OutputMonitor;
  readonly #sender: Sender;
  #size = Infinity;
  /** What the output had accepted when the first unforeseen error came. */
  #acceptedBefore: number | undefined;
  #failures = 0;

  constructor(monitor: OutputMonitor, sender: Sender) {
    this.#monitor = monitor;
    this.#sender = sender;
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
    this.#acceptedBefore ??= this.#monitor.delivered - acceptedNow;
    this.#size = half(attempt.again);
    const [only] = attempt.again;
    if (events.length > 1 || only === undefined) return { ...attempt, narrow: true };
    this.#failures += 1;
    return this.#failures < this.#limit() ? attempt : this.#giveUp(only, attempt, error);
  }

  #limit(): number {
    const { whileOthersPass, whileNonePasses } = unexpectedLimits;
    return this.#monitor.delivered > (this.#acceptedBefore ?? Infinity) ? whileOthersPass : whileNonePasses;
  }

  #giveUp(event: RoutedEvent, attempt: Attempt, cause: DStreamError): Attempt {
    const what = `it has failed ${this.#failures} times with an unexpected error: ${cause.message}`;
    const refused = [...attempt.refused, { event, error: new DStreamError('Rejected', what, { cause }) }];
    [this.#size, this.#failures, this.#acceptedBefore] = [Infinity, 0, undefined];
    this.#monitor.recovered(this.#sender);
    return { refused, again: [], passing: undefined, narrow: false };
  }
}

function half(events: readonly RoutedEvent[]): number {
  return Math.max(1, Math.ceil(events.length / 2));
}
