/** Settles the messages of one receiver: through a gate, under a lock that is still good, within a time limit. */
import type { ServiceBusReceivedMessage } from '@azure/service-bus';
import { DStreamError, type Clock, type DeadLetterProperties } from '@dstream/core';
import { translateError } from '@dstream/service-bus';
import type { ReceiverPort } from './receiver.ts';

/** The lock of a session, or of one message, under which a message is settled. */
export interface SettlementLock {
  /** Aborts when the lock is lost or released. */
  readonly lost: AbortSignal;
  /** Throws LockLost, and ends the lock, when it may have expired. */
  assertHeld(): void;
  /** Called when an outcome shows that the lock is gone. */
  end(reason: DStreamError): void;
}

/** Options of a `Settlement`. */
export interface SettlementOptions {
  readonly port: ReceiverPort;
  readonly entity: string;
  readonly clock: Clock;
}

interface Unanswered {
  readonly sinceMs: number;
  readonly lock: SettlementLock;
  readonly reject: (reason: unknown) => void;
}

/** Reason and description of a dead letter are cut to this (Service Bus quotas: 4,096 characters each). */
const maxText = 4_096;

/** Completes and dead-letters. A failed settlement ends the lock: the message is delivered again. */
export class Settlement {
  readonly #options: SettlementOptions;
  readonly #gate = new SettlementGate();
  readonly #unanswered = new Set<Unanswered>();

  constructor(options: SettlementOptions) {
    this.#options = options;
  }

  complete(message: ServiceBusReceivedMessage, lock: SettlementLock): Promise<void> {
    const settle = () => this.#options.port.completeMessage(message);
    return this.#gate.shared(() => this.#answered('complete a message of', lock, settle));
  }

  deadLetter(
    message: ServiceBusReceivedMessage,
    lock: SettlementLock,
    dead: {
      readonly reason: string;
      readonly description: string;
      readonly properties: DeadLetterProperties;
    },
  ): Promise<void> {
    const options = {
      ...dead.properties,
      deadLetterReason: dead.reason.slice(0, maxText),
      deadLetterErrorDescription: dead.description.slice(0, maxText),
    };
    const settle = () => this.#options.port.deadLetterMessage(message, options);
    return this.#gate.exclusive(() => this.#answered('dead-letter a message of', lock, settle));
  }

  /**
   * Ends the locks whose settlement got no answer for `limitMs`: its outcome is unknown, so the message is delivered again.
   * The SDK itself would wait a minute.
   */
  endUnanswered(limitMs: number): void {
    const now = this.#options.clock.monotonicMs();
    for (const { sinceMs, lock } of this.#unanswered) {
      // Sets keep their order of insertion: the rest is younger.
      if (now - sinceMs < limitMs) return;
      const what = `a settlement on ${this.#options.entity} got no answer within ${limitMs} ms`;
      lock.end(new DStreamError('LockLost', what));
    }
  }

  /** Called when `lock` ended. Rejects the settlements under it that have no answer yet. */
  ended(lock: SettlementLock): void {
    for (const waiting of this.#unanswered) {
      if (waiting.lock !== lock) continue;
      this.#unanswered.delete(waiting);
      waiting.reject(lock.lost.reason);
    }
  }

  /** One listener a lock, not one a settlement: this runs for every message. */
  #answered(tried: string, lock: SettlementLock, settle: () => Promise<void>): Promise<void> {
    const { clock, entity } = this.#options;
    return new Promise((resolve, reject) => {
      lock.assertHeld();
      const waiting = { sinceMs: clock.monotonicMs(), lock, reject };
      this.#unanswered.add(waiting);
      settle().then(
        () => {
          this.#unanswered.delete(waiting);
          resolve();
        },
        (caught: unknown) => {
          lock.end(lockLostBy(translateError(caught, { tried, entity })));
          this.ended(lock);
        },
      );
    });
  }
}

/**
 * A failed settlement cannot be retried: once the service answered, whatever it answered, the SDK regards the message as
 * settled (MessageAlreadySettled).
 */
function lockLostBy(error: DStreamError): DStreamError {
  if (error.disposition === 'lost') return error;
  return new DStreamError('LockLost', `${error.message}; the message will be delivered again`, {
    cause: error,
  });
}

interface Waiting {
  readonly exclusive: boolean;
  readonly enter: () => void;
}

/**
 * Admits settlements of one receiver in the order of the calls: completes are shared, everything else is exclusive.
 *
 * Why: rhea 3.0.5 merges the dispositions of one tick into ranges and compares outcomes only from the third on, so
 * `complete, deadLetter, complete` in one tick completes all three and every call resolves (rhea lib/session.js,
 * write_dispositions). A dead letter therefore starts when no other settlement is under way, and nothing starts
 * until it was answered.
 */
export class SettlementGate {
  #inside = 0;
  #exclusiveInside = false;
  readonly #waiting: Waiting[] = [];

  /** Many of these may run at a time. */
  shared<T>(settle: () => Promise<T>): Promise<T> {
    return this.#pass(false, settle);
  }

  /** Nothing else runs at the same time. */
  exclusive<T>(settle: () => Promise<T>): Promise<T> {
    return this.#pass(true, settle);
  }

  async #pass<T>(exclusive: boolean, settle: () => Promise<T>): Promise<T> {
    if (this.#waiting.length > 0 || !this.#admits(exclusive)) {
      await new Promise<void>((resolve) => this.#waiting.push({ exclusive, enter: resolve }));
    } else {
      this.#enter(exclusive);
    }
    try {
      return await settle();
    } finally {
      this.#leave();
    }
  }

  #admits(exclusive: boolean): boolean {
    return exclusive ? this.#inside === 0 : !this.#exclusiveInside;
  }

  #enter(exclusive: boolean): void {
    this.#inside += 1;
    this.#exclusiveInside = exclusive;
  }

  #leave(): void {
    this.#inside -= 1;
    this.#exclusiveInside = false;
    for (;;) {
      const next = this.#waiting[0];
      if (next === undefined || !this.#admits(next.exclusive)) return;
      this.#waiting.shift();
      this.#enter(next.exclusive);
      next.enter();
    }
  }
}
