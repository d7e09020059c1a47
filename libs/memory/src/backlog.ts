/** What one named subscription of an in-memory topic keeps: messages, sessions, dead letters. */
import { DStreamError, type IncomingMessage, type Progress, type DeadLetterProperties } from '@dstream/core';

/** A dead-lettered message, with what the consumer gave as its reason. */
export interface StoredDeadLetter {
  readonly message: IncomingMessage;
  readonly reason: string;
  readonly description: string;
  readonly properties: DeadLetterProperties;
  /** An operator has it. */
  isLocked: boolean;
}

/** What the consumer gives when it dead-letters a message. */
export type GivenReason = Omit<StoredDeadLetter, 'message' | 'isLocked'>;

/** A message that is not settled yet. Messages of a session keep their order, whatever happens to them. */
export interface Stored {
  readonly message: IncomingMessage;
  deliveryCount: number;
  /** The lock under which it was handed out. */
  lock: Lock | undefined;
}

/** The lock of a session, or of one message without a session. It is never out of date; it ends when it is released or lost. */
export class Lock {
  readonly #lost = new AbortController();

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  end(reason: DStreamError): void {
    this.#lost.abort(reason);
  }
}

interface Session {
  readonly id: string;
  messages: Stored[];
  holder: Lock | undefined;
  state: Progress | undefined;
}

/** The messages of one named subscription, shared by its consumers. */
export class Backlog {
  readonly name: string;
  readonly sessions: boolean;
  readonly deadLetters: StoredDeadLetter[] = [];
  readonly #sessions = new Map<string, Session>();
  readonly #watchers = new Set<() => void>();

  constructor(name: string, sessions: boolean) {
    this.name = name;
    this.sessions = sessions;
  }

  /** Messages that are not settled, oldest first. */
  get messages(): readonly IncomingMessage[] {
    const all = [...this.#sessions.values()].flatMap(({ messages }) =>
      messages.map(({ message }) => message),
    );
    return all.sort((a, b) => Number(a.sequenceNumber) - Number(b.sequenceNumber));
  }

  add(message: IncomingMessage): void {
    this.#session(message.sessionId).messages.push({ message, deliveryCount: 0, lock: undefined });
    this.#changed();
  }

  /** Locks a session that has messages and no holder; undefined if there is none. */
  acceptNext(): { id: string; lock: Lock } | undefined {
    for (const session of this.#sessions.values()) {
      if (session.holder !== undefined || session.messages.length === 0) continue;
      session.holder = new Lock();
      return { id: session.id, lock: session.holder };
    }
    return undefined;
  }

  /** Hands out the next message of a session under its lock; without sessions under a lock of its own. */
  next(sessionId: string | undefined, lock: Lock): Stored | undefined {
    const stored = this.#session(sessionId).messages.find((m) => m.lock === undefined);
    if (stored !== undefined) stored.lock = lock;
    return stored;
  }

  /** Completes or dead-letters a message. Throws LockLost if `lock` has ended. */
  settle(stored: Stored, lock: Lock, dead?: GivenReason): void {
    this.assertHeld(lock);
    const session = this.#session(stored.message.sessionId);
    const index = session.messages.indexOf(stored);
    if (index < 0)
      throw new DStreamError('LockLost', `message ${stored.message.messageId} has already been settled`);
    session.messages.splice(index, 1);
    if (dead !== undefined) this.deadLetters.push({ message: stored.message, ...dead, isLocked: false });
    this.#changed();
  }

  assertHeld(lock: Lock): void {
    lock.lost.throwIfAborted();
  }

  /** Makes what is under `lock` available again, in order. `counts`: the lock expired, which counts as a delivery. */
  release(lock: Lock, reason: DStreamError, counts: boolean): void {
    if (lock.lost.aborted) return;
    const released: Session[] = [];
    for (const session of this.#sessions.values()) {
      if (session.holder === lock) {
        session.holder = undefined;
        released.push(session);
      }
      for (const stored of session.messages) {
        if (stored.lock !== lock) continue;
        stored.lock = undefined;
        if (counts) stored.deliveryCount += 1;
      }
    }
    // Others come before it when the next one is accepted.
    for (const session of released) {
      this.#sessions.delete(session.id);
      this.#sessions.set(session.id, session);
    }
    lock.end(reason);
    this.#changed();
  }

  /** Ends the lock of a session, or of a message without one, as if it had expired. False if nobody holds it. */
  loseLock(id: string): boolean {
    const lock = this.#sessions.get(id)?.holder ?? this.#messageLock(id);
    if (lock === undefined) return false;
    this.release(lock, new DStreamError('LockLost', `the lock of ${id} in ${this.name} expired`), true);
    return true;
  }

  stateOf(sessionId: string): Progress | undefined {
    return this.#session(sessionId).state;
  }

  setState(sessionId: string, state: Progress): void {
    this.#session(sessionId).state = state;
  }

  /** Calls `listener` after every change. Returns a function that removes it. */
  watch(listener: () => void): () => void {
    this.#watchers.add(listener);
    return () => this.#watchers.delete(listener);
  }

  /** Tells the watchers that a consumer may have room for more. */
  wake(): void {
    this.#changed();
  }

  #messageLock(messageId: string): Lock | undefined {
    if (this.sessions) return undefined;
    return this.#session(undefined).messages.find(({ message }) => message.messageId === messageId)?.lock;
  }

  #session(sessionId: string | undefined): Session {
    const id = this.sessions ? (sessionId ?? '') : '';
    let session = this.#sessions.get(id);
    if (session === undefined) {
      session = { id, messages: [], holder: undefined, state: undefined };
      this.#sessions.set(id, session);
    }
    return session;
  }

  #changed(): void {
    for (const watcher of this.#watchers) watcher();
  }
}
