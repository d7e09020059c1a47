import type { ServiceBusReceivedMessage } from '@azure/service-bus';
import { DStreamError, type Clock } from '@dstream/core';
import { translateError } from '@dstream/service-bus';
import { LockRenewal } from './lock-renewal.ts';
import type { PlainReceiverPort } from './receiver-port.ts';
import type { SettlingLock } from './settling.ts';

export interface MessageLockOptions {
  readonly message: ServiceBusReceivedMessage;
  readonly port: PlainReceiverPort;
  readonly entity: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly lockDurationMs: number;
  /** When the message arrived: the service took the lock a moment before, which the margin covers. */
  readonly beforeMs: number;
  readonly renewed: (expiry: Date, beforeWallMs: number) => void;
}

/** The lock of one message without a session, renewed until it is released or lost. */
export class MessageLock implements SettlingLock {
  readonly #lost = new AbortController();
  readonly #released = new AbortController();
  readonly #renewal: LockRenewal;
  readonly #what: string;
  #handedOut = false;
  /** Resolves when the lock is released or lost and nothing of it runs any more. */
  readonly stopped: Promise<void>;

  constructor(options: MessageLockOptions) {
    const { message, port, entity, clock, random, lockDurationMs, beforeMs, renewed } = options;
    this.#what = `message ${String(message.messageId)} of ${entity}`;
    const renew = () =>
      port.renewMessageLock(message).catch((error: unknown) => {
        throw translateError(error, { tried: 'renew the lock of', entity: this.#what });
      });
    this.#renewal = new LockRenewal({
      clock,
      random,
      what: this.#what,
      durationMs: lockDurationMs,
      beforeMs,
      renew,
      renewed,
      lost: (reason) => this.end(reason),
    });
    this.stopped = this.#renewal.run(this.#released.signal);
  }

  get wasHandedOut(): boolean {
    return this.#handedOut;
  }

  handOut(): void {
    this.#handedOut = true;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  assertGood(): void {
    if (!this.#renewal.isGood)
      this.end(new DStreamError('LockLost', `${this.#what}: the lock is not provably ours`));
    this.lost.throwIfAborted();
  }

  end(reason: DStreamError): void {
    if (this.#released.signal.aborted) return;
    this.#lost.abort(reason);
    this.release();
  }

  /** It was settled. */
  release(): void {
    this.#released.abort();
  }
}
