/**
 * One queue, subscription or dead-letter queue.
 *
 * A message is *ready* (in a ready list), *locked* (handed out in peek-lock mode), *deferred* (set aside until asked for
 * by sequence number) or gone. Settling a locked message completes it (gone), gives it back (ready again at its old
 * place, or deferred again if it came from there), defers it or moves it to the dead-letter queue. A lock that runs out
 * gives it back and counts one delivery; a message whose count has reached the maximum is moved to the dead letters
 * instead. With sessions every session has its own ready list, only the holder of the session is served, and
 * the session's lock stands for those of its messages: closing it gives them back uncounted, its expiry counts.
 */
import type { Consumer, SessionHolder } from './consumer.ts';
import type { Deadlines } from './deadlines.ts';
import { LockTable } from './lock-table.ts';
import { MessageIndex } from './message-index.ts';
import type { MessageLock } from './message-lock.ts';
import type { Payload, PropertyChanges } from './payload.ts';
import type { QueueSettings } from './queue-settings.ts';
import { ReadyList } from './ready-list.ts';
import { messageNotFound, sessionLockLost } from './refusal.ts';
import { SessionTable, type SessionWaiter } from './session-table.ts';
import type { Session, SessionHold } from './session.ts';
import type { Settlement } from './settlement.ts';
import { StoredMessage } from './stored-message.ts';

export interface MessageQueueOptions {
  /** As a dead letter names its source. */
  readonly path: string;
  readonly settings: QueueSettings;
  readonly nowMs: () => number;
  readonly deadlines: Deadlines;
  /** A fresh lock token: 32 hex digits. */
  readonly newToken: () => string;
  /** Undefined for a dead-letter queue: what is dead there stays. */
  readonly deadLetters: MessageQueue | undefined;
}

export class MessageQueue {
  readonly path: string;
  readonly settings: QueueSettings;
  readonly sessions: SessionTable;
  readonly deadLetters: MessageQueue | undefined;
  /** Give nothing to anybody, as a receiver that silently stops looks like from outside. */
  silent = false;
  readonly #options: MessageQueueOptions;
  readonly #index = new MessageIndex();
  readonly #ready = new ReadyList();
  readonly #locks: LockTable;
  /** Served in turn: whoever got a message goes to the end. */
  readonly #consumers = new Set<Consumer>();
  #lastSequence = 0;

  constructor(options: MessageQueueOptions) {
    this.#options = options;
    this.path = options.path;
    this.settings = options.settings;
    this.deadLetters = options.deadLetters;
    const { nowMs, deadlines, settings, newToken } = options;
    this.sessions = new SessionTable({
      nowMs,
      deadlines,
      lockDurationMs: settings.lockDurationMs,
      onExpiry: (hold) => this.expireSession(hold),
    });
    this.#locks = new LockTable({
      nowMs,
      deadlines,
      newToken,
      lockDurationMs: settings.lockDurationMs,
      onExpiry: (lock) => this.expireLock(lock),
    });
  }

  /** Messages of any state. */
  get size(): number {
    return this.#index.size;
  }

  get locks(): LockTable {
    return this.#locks;
  }

  nextSequence(): number {
    this.#lastSequence += 1;
    return this.#lastSequence;
  }

  /** Takes a message in. Nothing is handed out before `dispatch`. */
  add(payload: Payload, enqueuedSequence?: number): StoredMessage {
    const sequence = this.nextSequence();
    const now = this.#options.nowMs();
    const message = new StoredMessage({
      sequence,
      enqueuedSequence: enqueuedSequence ?? sequence,
      enqueuedAtMs: now,
      expiresAtMs: now + Math.min(payload.ttlMs ?? Infinity, this.settings.defaultTtlMs),
      payload,
      onExpiry: (expired) => this.#expire(expired),
    });
    this.#index.add(message);
    this.#options.deadlines.add(message);
    this.#append(message);
    return message;
  }

  /** A message that cannot stand in this queue goes to its dead letters at once. */
  addDead(payload: Payload, enqueuedSequence: number, reason: string, description: string): void {
    const now = this.#options.nowMs();
    const sequence = this.nextSequence();
    const fields = { sequence, enqueuedSequence, enqueuedAtMs: now, expiresAtMs: Infinity, payload };
    const changes = { DeadLetterReason: reason, DeadLetterErrorDescription: description };
    this.deadLetters?.addDeadLetter(new StoredMessage(fields), this.path, changes);
  }

  /** Takes in what died elsewhere; it keeps its sequence number and no longer expires. */
  addDeadLetter(dead: StoredMessage, source: string, changes: PropertyChanges): void {
    const message = new StoredMessage({
      sequence: dead.sequence,
      enqueuedSequence: dead.enqueuedSequence,
      enqueuedAtMs: dead.enqueuedAtMs,
      expiresAtMs: Infinity,
      payload: dead.payload,
      deliveryCount: dead.deliveryCount,
      changes: { ...dead.changes, ...changes },
      deadLetterSource: source,
    });
    this.#index.add(message);
    this.#ready.putBack(message);
    this.dispatch();
  }

  attach(consumer: Consumer): void {
    this.#consumers.add(consumer);
  }

  /** The messages it holds stay locked until their locks run out. */
  detach(consumer: Consumer): void {
    this.#consumers.delete(consumer);
  }

  /** Hands out what can be handed out, one message a consumer in turn. To be called when messages or credit arrived. */
  dispatch(): void {
    if (this.silent) return;
    let idle = 0;
    while (this.#ready.size > 0 && idle < this.#consumers.size) {
      const [consumer] = this.#consumers as Iterable<Consumer>;
      if (consumer === undefined) return;
      this.#consumers.delete(consumer);
      this.#consumers.add(consumer);
      if (consumer.capacity() > 0 && this.#handOver(this.#ready, consumer, undefined)) idle = 0;
      else idle += 1;
    }
  }

  /** The same for one session: only its holder is served. */
  dispatchSession(session: Session): void {
    const consumer = session.hold?.consumer;
    if (consumer === undefined || this.silent) return;
    while (session.ready.size > 0 && consumer.capacity() > 0) {
      if (!this.#handOver(session.ready, consumer, session)) break;
    }
    this.sessions.changed(session);
  }

  dispatchEverything(): void {
    this.dispatch();
    for (const id of this.sessions.ids()) {
      const session = this.sessions.find(id);
      if (session !== undefined) this.dispatchSession(session);
    }
  }

  /** Throws message-lock-lost, or in a session whose lock is gone session-lock-lost. */
  settle(token: string, settlement: Settlement): void {
    const lock = this.#locks.get(token);
    const { message } = lock;
    const session = this.#sessionOf(message);
    this.#unlock(lock);
    message.change('changes' in settlement ? settlement.changes : undefined);
    this.#apply(message, settlement);
    if (session === undefined) this.dispatch();
    else this.#sessionChanged(session);
  }

  /** New expiry. Throws message-lock-lost. */
  renew(token: string): number {
    return this.#locks.renew(token);
  }

  expireLock(lock: MessageLock): void {
    if (lock.released) return;
    this.#unlock(lock);
    this.#giveBack(lock.message, true);
    this.dispatch();
  }

  acceptSession(id: string, holder: SessionHolder): SessionHold {
    return this.sessions.accept(id, holder);
  }

  acceptNextSession(waiter: SessionWaiter, waitMs: number): () => void {
    return this.sessions.acceptNext(waiter, waitMs);
  }

  /** The link was closed: what is unsettled goes back to its place, and no delivery is counted. */
  releaseSession(hold: SessionHold): void {
    this.#endHold(hold, false);
  }

  expireSession(hold: SessionHold): void {
    if (hold.released) return;
    this.#endHold(hold, true);
    hold.holder.sessionLost();
  }

  /** Up to `count` messages of any state from a sequence number on. */
  peek(fromSequence: number, count: number, sessionId?: string): StoredMessage[] {
    const now = this.#options.nowMs();
    return this.#index.from(
      fromSequence,
      count,
      (m) => m.expiresAtMs > now && (sessionId === undefined || m.payload.sessionId === sessionId),
    );
  }

  /** Locks (or in receive-and-delete mode removes) deferred messages. Throws message-not-found for one that is not. */
  receiveDeferred(
    sequences: readonly number[],
    mode: Consumer['mode'],
    sessionId: string | undefined,
  ): StoredMessage[] {
    const messages = sequences.map((sequence) => this.#deferred(sequence, sessionId));
    for (const message of messages) {
      const session = this.#sessionOf(message);
      if (session !== undefined) session.deferred -= 1;
      this.#take(message, mode, session);
    }
    return messages;
  }

  #deferred(sequence: number, sessionId: string | undefined): StoredMessage {
    const message = this.#index.get(sequence);
    if (message?.state !== 'deferred' || message.lock !== undefined) throw messageNotFound(sequence);
    if (this.settings.requiresSession) {
      if (message.payload.sessionId !== sessionId) throw messageNotFound(sequence);
      if (this.#sessionOf(message)?.hold === undefined) throw sessionLockLost(sessionId ?? '');
    }
    return message;
  }

  #handOver(ready: ReadyList, consumer: Consumer, session: Session | undefined): boolean {
    const now = this.#options.nowMs();
    for (let message = ready.take(); message !== undefined; message = ready.take()) {
      if (message.expiresAtMs <= now) {
        this.#bury(message);
        continue;
      }
      this.#take(message, consumer.mode, session);
      consumer.deliver(message);
      return true;
    }
    return false;
  }

  #take(message: StoredMessage, mode: Consumer['mode'], session: Session | undefined): void {
    if (mode === 'receive-and-delete') {
      this.#remove(message);
      return;
    }
    this.#locks.lock(message, session?.hold);
    session?.unsettled.add(message);
  }

  #unlock(lock: MessageLock): void {
    this.#locks.release(lock);
    this.#sessionOf(lock.message)?.unsettled.delete(lock.message);
  }

  #apply(message: StoredMessage, settlement: Settlement): void {
    switch (settlement.kind) {
      case 'complete':
        return this.#remove(message);
      case 'abandon':
        return this.#giveBack(message, true);
      case 'release':
        return this.#giveBack(message, false);
      case 'defer':
        return this.#setAside(message);
      case 'dead-letter':
        return this.#deadLetter(message, settlement.reason, settlement.description);
    }
  }

  #giveBack(message: StoredMessage, counted: boolean): void {
    if (counted) message.deliveryCount += 1;
    if (
      counted &&
      this.deadLetters !== undefined &&
      message.deliveryCount >= this.settings.maxDeliveryCount
    ) {
      this.#deadLetter(message, 'MaxDeliveryCountExceeded', maxDeliveryText(this.settings.maxDeliveryCount));
    } else if (message.expiresAtMs <= this.#options.nowMs()) this.#bury(message);
    else if (message.state === 'deferred') this.#setAside(message);
    else this.#readyListOf(message).putBack(message);
  }

  #setAside(message: StoredMessage): void {
    message.state = 'deferred';
    const session = this.#sessionOf(message);
    if (session !== undefined) session.deferred += 1;
  }

  #deadLetter(message: StoredMessage, reason: string | undefined, description: string | undefined): void {
    if (this.deadLetters === undefined) {
      // Dead-lettering a dead letter leaves it where it is.
      message.state = 'active';
      this.#ready.putBack(message);
      return;
    }
    this.#remove(message);
    const changes: Record<string, unknown> = {};
    if (reason !== undefined) changes['DeadLetterReason'] = reason;
    if (description !== undefined) changes['DeadLetterErrorDescription'] = description;
    this.deadLetters.addDeadLetter(message, this.path, changes);
  }

  #expire(message: StoredMessage): void {
    if (message.gone || message.lock !== undefined) return;
    const session = this.#sessionOf(message);
    if (message.state === 'active') this.#readyListOf(message).noteGone();
    else if (session !== undefined) session.deferred -= 1;
    this.#bury(message);
    if (session !== undefined) this.sessions.changed(session);
  }

  /** The time to live is over and no list holds the message. */
  #bury(message: StoredMessage): void {
    if (this.settings.deadLetterOnExpiration && this.deadLetters !== undefined) {
      this.#deadLetter(message, 'TTLExpiredException', 'The message expired and was dead lettered.');
    } else this.#remove(message);
  }

  #remove(message: StoredMessage): void {
    message.gone = true;
    this.#index.remove(message);
  }

  #endHold(hold: SessionHold, counted: boolean): void {
    if (hold.released) return;
    const { session } = hold;
    const unsettled = [...session.unsettled];
    session.unsettled.clear();
    for (const message of unsettled) {
      if (message.lock !== undefined) this.#locks.release(message.lock);
      this.#giveBack(message, counted);
    }
    this.sessions.release(hold);
  }

  #append(message: StoredMessage): void {
    this.#readyListOf(message).append(message);
    const session = this.#sessionOf(message);
    if (session !== undefined) this.#sessionChanged(session);
  }

  #sessionChanged(session: Session): void {
    this.sessions.changed(session);
    this.dispatchSession(session);
  }

  #readyListOf(message: StoredMessage): ReadyList {
    return this.settings.requiresSession ? this.sessions.obtain(sessionIdOf(message)).ready : this.#ready;
  }

  #sessionOf(message: StoredMessage): Session | undefined {
    return this.settings.requiresSession ? this.sessions.obtain(sessionIdOf(message)) : undefined;
  }
}

function sessionIdOf(message: StoredMessage): string {
  return message.payload.sessionId ?? '';
}

function maxDeliveryText(count: number): string {
  return `Message could not be consumed after ${count} delivery attempts.`;
}
