/**
 * Decides which session is evicted for another one. The subscription accepts some more sessions than may stay, but only when
 * they have messages and no slot: so each session above the limit is one that waited for its turn. For each the session that
 * has been idle for longest is evicted; when none is idle, the first that becomes so, or one that has been held for long. No
 * session is evicted while none waits.
 */

/** Whoever works on a session. */
export interface LimitedSession {
  /** Finishes what it has taken, and releases its session. Called at most once, while it is idle. */
  evict(): void;
}

/** Number of sessions that are accepted above the limit: enough that slots change hands side by side. */
export function sessionsAhead(maxSessions: number): number {
  return Math.ceil(maxSessions / 8);
}

/** The sessions of a processor. */
export class SessionLimiter {
  readonly #limit: number;
  readonly #whenExceeded: () => void;
  readonly #sessions = new Set<LimitedSession>();
  /** The longest idle first. */
  readonly #idle = new Set<LimitedSession>();

  /** @param whenExceeded called whenever a session enters that waited for a slot */
  constructor(limit: number, whenExceeded: () => void) {
    this.#limit = limit;
    this.#whenExceeded = whenExceeded;
  }

  /** True with more sessions than may stay: one waits, or has waited until a moment ago. */
  get isExceeded(): boolean {
    return this.#sessions.size > this.#limit;
  }

  enter(session: LimitedSession): void {
    this.#sessions.add(session);
    if (this.isExceeded) this.#whenExceeded();
    this.#evict();
  }

  /** Called when it has had nothing to do for a moment: it may be evicted. */
  idle(session: LimitedSession): void {
    if (!this.#sessions.has(session)) return;
    this.#idle.add(session);
    this.#evict();
  }

  isIdle(session: LimitedSession): boolean {
    return this.#idle.has(session);
  }

  busy(session: LimitedSession): void {
    this.#idle.delete(session);
  }

  /** Called when it ends, or has ended, for whatever reason. */
  leave(session: LimitedSession): void {
    this.#idle.delete(session);
    this.#sessions.delete(session);
  }

  #evict(): void {
    for (const session of this.#idle) {
      if (!this.isExceeded) return;
      this.leave(session);
      session.evict();
    }
  }
}
