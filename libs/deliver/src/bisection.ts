/** Narrows a failure down to the change that causes it, and decides when a change has failed for good. */
import { DStreamError } from '@dstream/core';
import type { DecodedChange } from './decode-message.ts';
import type { OthersAccepted } from './output-monitor.ts';
import { allAccepted, type Attempt, type AttemptOptions } from './publish-attempt.ts';

/** A transient failure is the fault of one change after so many attempts with it alone, and so long after the first. */
const failuresAlone = 20;
const failingAloneMs = 600_000;

/** A change that is tried alone, because attempts with it fail for a transient reason. */
interface Suspect {
  readonly change: DecodedChange;
  readonly sinceMs: number;
  readonly others: OthersAccepted;
  failures: number;
}

/**
 * Decides how many changes the next attempt of one session takes, and when a change is refused. After a failure that names no
 * change the next attempt takes half as many, until one is alone.
 *
 * A change that is refused alone is refused for good. A transient failure concerns the output, and is waited for, unless the
 * same destination accepts other changes meanwhile: an attempt counts against the change that is alone only when others were
 * accepted since the attempt before. So an outage, however long, refuses nothing.
 */
export class Bisection implements Disposable {
  readonly #options: AttemptOptions;
  #size = Infinity;
  #suspect: Suspect | undefined;

  constructor(options: AttemptOptions) {
    this.#options = options;
  }

  /** Changes that the next attempt takes, at most. */
  get size(): number {
    return this.#size;
  }

  /** Called after every attempt. Returns it, with the change that is now refused among the refused ones. */
  judge(changes: readonly DecodedChange[], attempt: Attempt): Attempt {
    if (attempt.transient !== undefined) return this.#transient(changes, attempt, attempt.transient);
    this[Symbol.dispose]();
    this.#size = attempt.bisect ? halfOf(changes) : Infinity;
    return attempt;
  }

  /** Nothing more is published. */
  [Symbol.dispose](): void {
    this.#suspect?.others[Symbol.dispose]();
    this.#suspect = undefined;
  }

  #transient(changes: readonly DecodedChange[], attempt: Attempt, error: DStreamError): Attempt {
    // What a person must fix at the output, or at a destination, is no change's fault.
    if (error.disposition !== 'retry' || error.code === 'DestinationUnusable') return attempt;
    this.#size = halfOf(attempt.again);
    const [only] = attempt.again;
    if (changes.length > 1 || only === undefined) return attempt;
    const suspect = this.#failedAlone(only);
    const aloneMs = this.#options.clock.monotonicMs() - suspect.sinceMs;
    const isPermanent = suspect.failures >= failuresAlone && aloneMs >= failingAloneMs;
    return isPermanent ? this.#refuse(suspect, attempt, error) : attempt;
  }

  #failedAlone(change: DecodedChange): Suspect {
    const { gate, clock } = this.#options;
    if (this.#suspect?.change !== change) {
      this[Symbol.dispose]();
      const others = gate.monitor.watchOthers((other) => gate.destinationOf(other), change);
      this.#suspect = { change, sinceMs: clock.monotonicMs(), others, failures: 1 };
    } else if (this.#suspect.others.take()) this.#suspect.failures += 1;
    return this.#suspect;
  }

  #refuse({ change, failures, sinceMs }: Suspect, attempt: Attempt, cause: DStreamError): Attempt {
    const { gate, sender, clock } = this.#options;
    const minutes = Math.round((clock.monotonicMs() - sinceMs) / 60_000);
    const what = `failed ${failures} times in ${minutes} minutes while the output accepted other changes: ${cause.message}`;
    const refused = [...attempt.refused, { change, error: new DStreamError('Rejected', what, { cause }) }];
    this[Symbol.dispose]();
    this.#size = Infinity;
    gate.monitor.recovered(sender);
    return { ...allAccepted, refused };
  }
}

/** How many of them an attempt takes that bisects: at least one. */
function halfOf(items: readonly unknown[]): number {
  return Math.max(1, Math.ceil(items.length / 2));
}
