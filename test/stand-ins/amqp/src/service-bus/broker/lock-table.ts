import type { Deadlines } from './deadlines.ts';
import { MessageLock } from './message-lock.ts';
import { messageLockLost } from '../../protocol/refusal.ts';
import type { SessionHold } from './session.ts';
import type { StoredMessage } from './stored-message.ts';

export interface LockTableOptions {
  readonly nowMs: () => number;
  readonly lockDurationMs: number;
  readonly deadlines: Deadlines;
  readonly newToken: () => string;
  readonly onExpiry: (lock: MessageLock) => void;
}

/** The peek-locks of one queue by token. */
export class LockTable {
  readonly #options: LockTableOptions;
  readonly #byToken = new Map<string, MessageLock>();

  constructor(options: LockTableOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#byToken.size;
  }

  /** In a session the lock lasts as long as the session's, and does not run out by itself. */
  lock(message: StoredMessage, hold: SessionHold | undefined): MessageLock {
    const { nowMs, lockDurationMs, newToken, onExpiry, deadlines } = this.#options;
    const untilMs = hold?.untilMs ?? nowMs() + lockDurationMs;
    const lock = new MessageLock(newToken(), message, untilMs, hold === undefined ? onExpiry : undefined);
    message.lock = lock;
    this.#byToken.set(lock.token, lock);
    deadlines.add(lock);
    return lock;
  }

  /** Throws message-lock-lost. */
  get(token: string): MessageLock {
    const lock = this.#byToken.get(token);
    if (lock === undefined) throw messageLockLost();
    return lock;
  }

  all(): MessageLock[] {
    return [...this.#byToken.values()];
  }

  renew(token: string): number {
    const lock = this.get(token);
    lock.untilMs = this.#options.nowMs() + this.#options.lockDurationMs;
    return lock.untilMs;
  }

  release(lock: MessageLock): void {
    lock.released = true;
    lock.message.lock = undefined;
    this.#byToken.delete(lock.token);
  }
}
