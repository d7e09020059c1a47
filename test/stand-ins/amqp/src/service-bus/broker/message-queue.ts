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
import type { LockTable } from './lock-table.ts';
import type { MessageLock } from './message-lock.ts';
import { MessageStore } from './message-store.ts';
import type { Payload, PropertyChanges } from '../wire/payload.ts';
import type { QueueSettings } from './queue-settings.ts';
import type { ReadyList } from './ready-list.ts';
import { messageNotFound, sessionLockLost } from '../../protocol/refusal.ts';
import type { SessionTable, SessionWaiter } from './session-table.ts';
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
  readonly deadLetters: MessageQueue | undefined;
  /** Give nothing to anybody, as a receiver that silently stops looks like from outside. */
  silent = false;
  readonly #nowMs: () => number;
  readonly #store: MessageStore;
  /** Served in turn: whoever got a message goes to the end. */
  readonly #consumers = new Set<Consumer>();
  #lastSequence = 0;

  constructor(options: MessageQueueOptions) {
    const { path, settings, nowMs, deadLetters } = options;
    this.path = path;
    this.settings = settings;
    this.deadLetters = deadLetters;
    this.#nowMs = nowMs;
    this.#store = new MessageStore({
      ...options,
      onLockExpiry: (lock) => this.expireLock(lock),
      onSessionExpiry: (hold) => this.expireSession(hold),
      bury: deadLetters && ((message, changes) => deadLetters.addDeadLetter(message, path, changes)),
    });
  }

  /** Messages of any state. */
  get size(): number {
    return this.#store.index.size;
  }

  get locks(): LockTable {
    return this.#store.locks;
  }

  get sessions(): SessionTable {
    return this.#store.sessions;
  }

  nextSequence(): number {
    this.#lastSequence += 1;
    return this.#lastSequence;
  }

  /** Takes a message in. Without sessions nothing is handed out before `dispatch`. */
  add(payload: Payload, enqueuedSequence?: number): void {
    const message = this.#newMessage(payload, enqueuedSequence);
    this.#store.append(message);
    const session = this.#store.sessionOf(message);
    if (session !== undefined) this.#sessionChanged(session);
  }

  /** A message that cannot stand in this queue goes to its dead letters at once. */
  addDead(payload: Payload, enqueuedSequence: number, reason: string, description: string): void {
    const changes = { DeadLetterReason: reason, DeadLetterErrorDescription: description };
    this.deadLetters?.addDeadLetter(this.#newMessage(payload, enqueuedSequence), this.path, changes);
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
    this.#store.insert(message);
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
    while (this.#store.ready.size > 0 && idle < this.#consumers.size) {
      const [consumer] = this.#consumers as Iterable<Consumer>;
      if (consumer === undefined) return;
      this.#consumers.delete(consumer);
      this.#consumers.add(consumer);
      if (consumer.capacity() > 0 && this.#handOver(this.#store.ready, consumer, undefined)) idle = 0;
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

  /** Throws message-lock-lost. */
  settle(token: string, settlement: Settlement): void {
    const lock = this.locks.get(token);
    const session = this.#store.sessionOf(lock.message);
    this.#store.settle(lock, settlement);
    if (session === undefined) this.dispatch();
    else this.#sessionChanged(session);
  }

  /** New expiry. Throws message-lock-lost. */
  renew(token: string): number {
    return this.locks.renew(token);
  }

  expireLock(lock: MessageLock): void {
    if (lock.released) return;
    this.#store.unlock(lock);
    this.#store.giveBack(lock.message, true);
    this.dispatch();
  }

  /** Throws session-cannot-be-locked. */
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
    const now = this.#nowMs();
    return this.#store.index.from(
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
      const session = this.#store.sessionOf(message);
      if (session !== undefined) session.deferred -= 1;
      this.#store.take(message, mode, session);
    }
    return messages;
  }

  #newMessage(payload: Payload, enqueuedSequence: number | undefined): StoredMessage {
    const sequence = this.nextSequence();
    const now = this.#nowMs();
    return new StoredMessage({
      sequence,
      enqueuedSequence: enqueuedSequence ?? sequence,
      enqueuedAtMs: now,
      expiresAtMs: now + Math.min(payload.ttlMs ?? Infinity, this.settings.defaultTtlMs),
      payload,
      onExpiry: (expired) => this.#store.expire(expired),
    });
  }

  #deferred(sequence: number, sessionId: string | undefined): StoredMessage {
    const message = this.#store.index.get(sequence);
    if (message?.state !== 'deferred' || message.lock !== undefined) throw messageNotFound(sequence);
    const session = this.#store.sessionOf(message);
    if (session === undefined) return message;
    if (session.id !== sessionId) throw messageNotFound(sequence);
    if (session.hold === undefined) throw sessionLockLost(session.id);
    return message;
  }

  #handOver(ready: ReadyList, consumer: Consumer, session: Session | undefined): boolean {
    const message = this.#store.takeReady(ready, consumer.mode, session);
    if (message !== undefined) consumer.deliver(message);
    return message !== undefined;
  }

  #endHold(hold: SessionHold, counted: boolean): void {
    if (hold.released) return;
    this.#store.giveBackAll(hold.session, counted);
    this.sessions.release(hold);
  }

  #sessionChanged(session: Session): void {
    this.sessions.changed(session);
    this.dispatchSession(session);
  }
}
