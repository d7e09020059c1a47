import type { Deadline } from './deadlines.ts';
import type { StoredMessage } from './stored-message.ts';

/** A peek-lock: the hold of one receiver on one message. */
export class MessageLock implements Deadline {
  /** 32 hex digits, in the order of the AMQP uuid. */
  readonly token: string;
  readonly message: StoredMessage;
  /** Wall clock. In a session the session's lock is what counts, and this one never falls due. */
  untilMs: number;
  /** Settled, expired or given back. */
  released = false;
  readonly #onExpiry: ((lock: MessageLock) => void) | undefined;

  constructor(
    token: string,
    message: StoredMessage,
    untilMs: number,
    onExpiry: ((lock: MessageLock) => void) | undefined,
  ) {
    this.token = token;
    this.message = message;
    this.untilMs = untilMs;
    this.#onExpiry = onExpiry;
  }

  dueAtMs(): number | undefined {
    return this.released || this.#onExpiry === undefined ? undefined : this.untilMs;
  }

  run(): void {
    this.#onExpiry?.(this);
  }
}
