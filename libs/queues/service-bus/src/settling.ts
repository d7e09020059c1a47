/** Settles the messages of one receiver: through the gate, under a lock that is still good, within a time. */
import type { ServiceBusReceivedMessage } from '@azure/service-bus';
import { DStreamError, type Clock, type SetAside } from '@dstream/core';
import { translateError } from '@dstream/service-bus';
import type { ReceiverPort } from './receiver-port.ts';
import { SettlementGate } from './settlement-gate.ts';

/** What a settlement stands under: the hold of a session, or the lock of one message. */
export interface SettlingLock {
  readonly lost: AbortSignal;
  /** Throws LockLost, having ended the lock, when it is not good any more. */
  assertGood(): void;
  /** Told of an outcome that says that the lock is gone. */
  end(reason: DStreamError): void;
}

interface Unanswered {
  readonly sinceMs: number;
  readonly lock: SettlingLock;
  readonly reject: (reason: unknown) => void;
}

export interface SettlingOptions {
  readonly port: ReceiverPort;
  readonly entity: string;
  readonly clock: Clock;
}

/** Reason and description of a dead letter are cut to this (Service Bus quotas: 4,096 characters each). */
const maxText = 4_096;

export class Settling {
  readonly #options: SettlingOptions;
  readonly #gate = new SettlementGate();
  readonly #unanswered = new Set<Unanswered>();

  constructor(options: SettlingOptions) {
    this.#options = options;
  }

  complete(message: ServiceBusReceivedMessage, lock: SettlingLock): Promise<void> {
    const settle = () => this.#options.port.completeMessage(message);
    return this.#gate.together(() => this.#answered('complete a message of', lock, settle));
  }

  deadLetter(
    message: ServiceBusReceivedMessage,
    lock: SettlingLock,
    dead: { readonly reason: string; readonly description: string; readonly properties: SetAside },
  ): Promise<void> {
    const options = {
      ...dead.properties,
      deadLetterReason: dead.reason.slice(0, maxText),
      deadLetterErrorDescription: dead.description.slice(0, maxText),
    };
    const settle = () => this.#options.port.deadLetterMessage(message, options);
    return this.#gate.alone(() => this.#answered('dead-letter a message of', lock, settle));
  }

  /**
   * Ends the locks whose settlement got no answer for `limitMs`: nobody knows what became of it, so the message is
   * left to come again. The SDK itself would wait a minute.
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

  /** To be called when `lock` has ended: nobody waits for the answers under it any more. */
  ended(lock: SettlingLock): void {
    for (const waiting of this.#unanswered) {
      if (waiting.lock !== lock) continue;
      this.#unanswered.delete(waiting);
      waiting.reject(lock.lost.reason);
    }
  }

  /** One listener a lock, not one a settlement: this is done for every message. */
  #answered(tried: string, lock: SettlingLock, settle: () => Promise<void>): Promise<void> {
    const { clock, entity } = this.#options;
    return new Promise((resolve, reject) => {
      lock.assertGood();
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
 * A settlement that failed for whatever reason cannot be tried again: the SDK takes the message for settled once the
 * service has answered (MessageAlreadySettled). The lock is given up, and the message comes again.
 */
function lockLostBy(error: DStreamError): DStreamError {
  if (error.disposition === 'lost') return error;
  return new DStreamError('LockLost', `${error.message}; it comes again`, { cause: error });
}
