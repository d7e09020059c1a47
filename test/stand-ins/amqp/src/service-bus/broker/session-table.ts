import type { SessionHolder } from './consumer.ts';
import type { Deadline, Deadlines } from './deadlines.ts';
import {
  noSessionInTime,
  sessionCannotBeLocked,
  sessionLockLost,
  type Refusal,
} from '../../protocol/refusal.ts';
import { Session, SessionHold } from './session.ts';

/** Somebody who waits for the next session. Exactly one of the two is called, once, unless it is withdrawn. */
export interface SessionWaiter {
  readonly holder: SessionHolder;
  accepted(hold: SessionHold): void;
  refused(refusal: Refusal): void;
}

export interface SessionTableOptions {
  readonly nowMs: () => number;
  readonly lockDurationMs: number;
  readonly deadlines: Deadlines;
  /** The lock of a session ran out. The table has not released it yet. */
  readonly onExpiry: (hold: SessionHold) => void;
}

/**
 * The sessions of one queue. A session is *available* when it has ready messages and nobody holds it; the longest
 * available one goes first, to the longest waiting receiver.
 */
export class SessionTable {
  readonly #options: SessionTableOptions;
  readonly #sessions = new Map<string, Session>();
  readonly #available = new Set<Session>();
  readonly #waiters = new Set<SessionWaiter>();

  constructor(options: SessionTableOptions) {
    this.#options = options;
  }

  get held(): number {
    let count = 0;
    for (const session of this.#sessions.values()) if (session.hold !== undefined) count += 1;
    return count;
  }

  get size(): number {
    return this.#sessions.size;
  }

  ids(): string[] {
    return [...this.#sessions.keys()];
  }

  find(id: string): Session | undefined {
    return this.#sessions.get(id);
  }

  obtain(id: string): Session {
    let session = this.#sessions.get(id);
    if (session === undefined) {
      session = new Session(id);
      this.#sessions.set(id, session);
    }
    return session;
  }

  /** Throws session-cannot-be-locked when somebody holds it. */
  accept(id: string, holder: SessionHolder): SessionHold {
    const session = this.obtain(id);
    if (session.hold !== undefined) throw sessionCannotBeLocked(id);
    return this.#hold(session, holder);
  }

  /** Answers at once when a session is available, else when one becomes so or `waitMs` are over. Returns the withdrawal. */
  acceptNext(waiter: SessionWaiter, waitMs: number): () => void {
    const [session] = this.#available;
    if (session !== undefined) {
      waiter.accepted(this.#hold(session, waiter.holder));
      return () => undefined;
    }
    this.#waiters.add(waiter);
    this.#options.deadlines.add(this.#patience(waiter, this.#options.nowMs() + waitMs));
    return () => this.#waiters.delete(waiter);
  }

  /** The hold of that session; throws session-lock-lost when there is none, or not by that link. */
  holdOf(id: string, link: string | undefined): SessionHold {
    const hold = this.#sessions.get(id)?.hold;
    if (hold === undefined || (link !== undefined && hold.holder.name !== link)) throw sessionLockLost(id);
    return hold;
  }

  renew(hold: SessionHold): number {
    hold.untilMs = this.#options.nowMs() + this.#options.lockDurationMs;
    return hold.untilMs;
  }

  release(hold: SessionHold): void {
    hold.released = true;
    hold.session.hold = undefined;
    this.changed(hold.session);
  }

  /** To be called after the session's ready messages, state or hold changed. */
  changed(session: Session): void {
    if (session.empty) this.#forget(session);
    else if (session.ready.size === 0 || session.hold !== undefined) this.#available.delete(session);
    else this.#offer(session);
  }

  #offer(session: Session): void {
    const [waiter] = this.#waiters;
    if (waiter === undefined) {
      this.#available.add(session);
      return;
    }
    this.#waiters.delete(waiter);
    waiter.accepted(this.#hold(session, waiter.holder));
  }

  #hold(session: Session, holder: SessionHolder): SessionHold {
    const untilMs = this.#options.nowMs() + this.#options.lockDurationMs;
    const hold = new SessionHold(session, holder, untilMs, this.#options.onExpiry);
    session.hold = hold;
    this.#available.delete(session);
    this.#options.deadlines.add(hold);
    return hold;
  }

  #forget(session: Session): void {
    this.#available.delete(session);
    this.#sessions.delete(session.id);
  }

  #patience(waiter: SessionWaiter, atMs: number): Deadline {
    return {
      dueAtMs: () => (this.#waiters.has(waiter) ? atMs : undefined),
      run: () => {
        this.#waiters.delete(waiter);
        waiter.refused(noSessionInTime());
      },
    };
  }
}
