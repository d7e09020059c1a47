/** Finds out that a session waits for a transform, from the attempts to apply it. */
import type { DStreamError } from '@dstream/core';
import type { AttemptLog, SharedFailurePart } from '@dstream/async';

/** Failures in a row after which a session waits: it has been failing for more than a second then. */
const failuresToWait = 3;

/** One session's part of the log of a transform. Every session has a back-off of its own. */
export type SharedAttemptLog = Pick<SharedFailurePart, 'failed' | 'succeeded' | 'left'>;

/** Passes on what it is told, for one session and one transform. */
export class WaitingLog implements AttemptLog {
  readonly #log: SharedAttemptLog;
  readonly #waits: (waits: boolean) => void;
  #failures = 0;

  /** @param waits called with true when the session begins to wait, and with false when it waits no more */
  constructor(log: SharedAttemptLog, waits: (waits: boolean) => void) {
    this.#log = log;
    this.#waits = waits;
  }

  failed(error: DStreamError): void {
    this.#log.failed(error);
    this.#failures += 1;
    if (this.#failures === failuresToWait) this.#waits(true);
  }

  succeeded(): void {
    this.#log.succeeded();
    this.#over();
  }

  /** It is not tried any more, with or without success. */
  ended(): void {
    if (this.#failures > 0) this.#log.left();
    this.#over();
  }

  #over(): void {
    const waited = this.#failures >= failuresToWait;
    this.#failures = 0;
    if (waited) this.#waits(false);
  }
}
