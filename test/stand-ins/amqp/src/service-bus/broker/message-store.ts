/**
 * Where the messages of one queue stand: ready in a list, locked, deferred or gone. Every change of place is a method
 * here, so that a message is always in exactly one. Who is served and when is the queue's matter.
 */
import type { Consumer } from './consumer.ts';
import type { Deadlines } from './deadlines.ts';
import { LockTable } from './lock-table.ts';
import { MessageIndex } from './message-index.ts';
import type { MessageLock } from './message-lock.ts';
import type { PropertyChanges } from '../wire/payload.ts';
import type { QueueSettings } from './queue-settings.ts';
import { ReadyList } from './ready-list.ts';
import { SessionTable } from './session-table.ts';
import type { Session, SessionHold } from './session.ts';
import type { Settlement } from './settlement.ts';
import type { StoredMessage } from './stored-message.ts';

export interface MessageStoreOptions {
  readonly settings: QueueSettings;
  readonly nowMs: () => number;
  readonly deadlines: Deadlines;
  /** A fresh lock token: 32 hex digits. */
  readonly newToken: () => string;
  readonly onLockExpiry: (lock: MessageLock) => void;
  readonly onSessionExpiry: (hold: SessionHold) => void;
  /** Takes a dead message over. Undefined in a dead-letter queue: what is dead there stays. */
  readonly bury: ((message: StoredMessage, changes: PropertyChanges) => void) | undefined;
}

export class MessageStore {
  readonly index = new MessageIndex();
  /** Without sessions. */
  readonly ready = new ReadyList();
  readonly sessions: SessionTable;
  readonly locks: LockTable;
  readonly #options: MessageStoreOptions;

  constructor(options: MessageStoreOptions) {
    this.#options = options;
    const { nowMs, deadlines, newToken, settings } = options;
    const common = { nowMs, deadlines, lockDurationMs: settings.lockDurationMs };
    this.sessions = new SessionTable({ ...common, onExpiry: options.onSessionExpiry });
    this.locks = new LockTable({ ...common, newToken, onExpiry: options.onLockExpiry });
  }

  sessionOf(message: StoredMessage): Session | undefined {
    if (!this.#options.settings.requiresSession) return undefined;
    return this.sessions.obtain(message.payload.sessionId ?? '');
  }

  /** A new message joins the end. */
  append(message: StoredMessage): void {
    this.index.add(message);
    this.#options.deadlines.add(message);
    this.#readyListOf(message).append(message);
  }

  /** A message from elsewhere joins at the place of its sequence number. */
  insert(message: StoredMessage): void {
    this.index.add(message);
    this.#readyListOf(message).putBack(message);
  }

  /** The next message of a list that has not expired, locked or removed as the mode says. */
  takeReady(
    ready: ReadyList,
    mode: Consumer['mode'],
    session: Session | undefined,
  ): StoredMessage | undefined {
    for (let message = ready.take(); message !== undefined; message = ready.take()) {
      if (!this.#expired(message)) {
        this.take(message, mode, session);
        return message;
      }
      this.#endOfLife(message);
    }
    return undefined;
  }

  /** Of a message that stands in no list. */
  take(message: StoredMessage, mode: Consumer['mode'], session: Session | undefined): void {
    if (mode === 'receive-and-delete') {
      this.#remove(message);
      return;
    }
    this.locks.lock(message, session?.hold);
    session?.unsettled.add(message);
  }

  settle(lock: MessageLock, settlement: Settlement): void {
    const { message } = lock;
    this.unlock(lock);
    message.change('changes' in settlement ? settlement.changes : undefined);
    if (settlement.kind === 'complete') this.#remove(message);
    else if (settlement.kind === 'defer') this.#setAside(message);
    else if (settlement.kind === 'dead-letter')
      this.#deadLetter(message, settlement.reason, settlement.description);
    else this.giveBack(message, settlement.kind === 'abandon');
  }

  unlock(lock: MessageLock): void {
    this.locks.release(lock);
    this.sessionOf(lock.message)?.unsettled.delete(lock.message);
  }

  /** An unlocked message goes back to its place, unless its deliveries or its time are used up. */
  giveBack(message: StoredMessage, counted: boolean): void {
    const { bury, settings } = this.#options;
    if (counted) message.deliveryCount += 1;
    if (counted && bury !== undefined && message.deliveryCount >= settings.maxDeliveryCount) {
      const text = `Message could not be consumed after ${settings.maxDeliveryCount} delivery attempts.`;
      this.#deadLetter(message, 'MaxDeliveryCountExceeded', text);
    } else if (this.#expired(message)) this.#endOfLife(message);
    else if (message.state === 'deferred') this.#setAside(message);
    else this.#readyListOf(message).putBack(message);
  }

  /** Everything that the holder of a session has not settled goes back. */
  giveBackAll(session: Session, counted: boolean): void {
    const unsettled = [...session.unsettled];
    session.unsettled.clear();
    for (const message of unsettled) {
      if (message.lock !== undefined) this.locks.release(this.locks.get(message.lock.token));
      this.giveBack(message, counted);
    }
  }

  /** The time to live of a message is over: it leaves its list, unless it is locked and may still be settled. */
  expire(message: StoredMessage): void {
    if (message.gone || message.lock !== undefined) return;
    const session = this.sessionOf(message);
    if (message.state === 'active') this.#readyListOf(message).noteGone();
    else if (session !== undefined) session.deferred -= 1;
    this.#endOfLife(message);
    if (session !== undefined) this.sessions.changed(session);
  }

  #setAside(message: StoredMessage): void {
    message.state = 'deferred';
    const session = this.sessionOf(message);
    if (session !== undefined) session.deferred += 1;
  }

  #deadLetter(message: StoredMessage, reason: string | undefined, description: string | undefined): void {
    const { bury } = this.#options;
    if (bury === undefined) {
      message.state = 'active';
      this.ready.putBack(message);
      return;
    }
    this.#remove(message);
    const changes: Record<string, unknown> = {};
    if (reason !== undefined) changes['DeadLetterReason'] = reason;
    if (description !== undefined) changes['DeadLetterErrorDescription'] = description;
    bury(message, changes);
  }

  #expired(message: StoredMessage): boolean {
    return message.expiresAtMs <= this.#options.nowMs();
  }

  #endOfLife(message: StoredMessage): void {
    if (this.#options.settings.deadLetterOnExpiration) {
      this.#deadLetter(message, 'TTLExpiredException', 'The message expired and was dead lettered.');
    } else this.#remove(message);
  }

  #remove(message: StoredMessage): void {
    message.gone = true;
    this.index.remove(message);
  }

  #readyListOf(message: StoredMessage): ReadyList {
    return this.sessionOf(message)?.ready ?? this.ready;
  }
}
