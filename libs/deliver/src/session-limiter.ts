/**
 * Decides which session is evicted for another one. The subscription accepts some more sessions than may stay, but only when
 * they have messages and no slot: so each session above the limit is one that waited for its turn. For each the session that
 * has been idle for longest is evicted; when none is idle, the first that becomes so, or one that has been held for long. No
 * session is evicted while none waits.
 *
 * Sessions that wait for an output have a limit of their own: they are held with one message and without a slot, so that sessions
 * for other outputs go on. When there are more, or their messages take too much memory, the one that waits longest is evicted:
 * released unsettled, to be accepted again later.
 */
import type { Clock } from '@dstream/core';
import { pause } from '@dstream/async';

/** Whoever works on a session. */
export interface LimitedSession {
  readonly sessionId: string | undefined;
  /** Finishes what it has taken, or gives it up when it waits for an output, and releases its session. Called at most once. */
  evict(): void;
  /** Frees its slot. False when it cannot, and releases its session instead. */
  freeSlot(): boolean;
  /** Takes a slot again, even when there is none. */
  takeSlot(): void;
}

/** Options of a `SessionLimiter`. */
export interface SessionLimiterOptions {
  /** Sessions that may stay, besides those that wait for an output. */
  readonly maxSessions: number;
  /** Sessions that wait for an output, and bytes of their messages, at most. */
  readonly maxWaiting: number;
  readonly maxWaitingBytes: number;
  /** A session that waits for an output is evicted after this time at the earliest, milliseconds: an eviction costs a few round trips. */
  readonly minWaitMs: number;
  /** Sessions that are remembered because they were released while they waited. */
  readonly remembered: number;
  readonly clock: Clock;
  /** Called whenever a session enters that waited for a slot. */
  readonly exceeded: () => void;
  /** Called whenever a session that waits for an output is evicted for another one. */
  readonly waitingExceeded: () => void;
  /** Called with the number of sessions that wait for an output whenever it changes. */
  readonly waitingChanged: (sessions: number) => void;
}

/** Number of sessions that are accepted above the limit: enough that slots change hands side by side. */
export function sessionsAhead(maxSessions: number): number {
  return Math.ceil(maxSessions / 8);
}

const ended = new Error('all sessions have ended');

interface Waiting {
  readonly sinceMs: number;
  readonly bytes: number;
}

/** The sessions of a processor. */
export class SessionLimiter {
  readonly #options: SessionLimiterOptions;
  /** Those with a slot. */
  readonly #sessions = new Set<LimitedSession>();
  /** The longest idle first. */
  readonly #idle = new Set<LimitedSession>();
  /** Those that wait for an output and have a slot yet, with the bytes of their messages. */
  readonly #entering = new Map<LimitedSession, number>();
  /** Those without one, the longest waiting first. */
  readonly #waiting = new Map<LimitedSession, Waiting>();
  #waitingBytes = 0;
  readonly #ended = new AbortController();
  #looking: Promise<void> | undefined;
  /** Ids of sessions that were released while they waited, oldest first. */
  readonly #released = new Set<string>();

  constructor(options: SessionLimiterOptions) {
    this.#options = options;
  }

  /** True with more sessions than may stay: one waits, or has waited until a moment ago. */
  get isExceeded(): boolean {
    return this.#sessions.size > this.#options.maxSessions;
  }

  /** Sessions that wait for an output. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** True when the session was released while it waited for an output, and has delivered nothing since. */
  wasWaiting(sessionId: string): boolean {
    return this.#released.has(sessionId);
  }

  enter(session: LimitedSession): void {
    this.#sessions.add(session);
    if (this.isExceeded) this.#options.exceeded();
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

  /** It waits for an output, with messages of so many bytes. Its slot is freed as soon as there is room among those that wait. */
  wait(session: LimitedSession, bytes: number): void {
    if (this.#sessions.has(session)) this.#entering.set(session, bytes);
    this.#makeRoom();
  }

  /** It waits no more. */
  resume(session: LimitedSession): void {
    this.#entering.delete(session);
    if (!this.#leaveWaiting(session)) return;
    this.#sessions.add(session);
    session.takeSlot();
  }

  /** What it had taken is delivered and settled. */
  delivered({ sessionId }: LimitedSession): void {
    if (sessionId !== undefined) this.#released.delete(sessionId);
  }

  /** Called when it ends, or has ended, for whatever reason. */
  leave(session: LimitedSession): void {
    this.#idle.delete(session);
    this.#sessions.delete(session);
    this.#entering.delete(session);
    this.#leaveWaiting(session);
  }

  /** Called when all sessions have ended. */
  async end(): Promise<void> {
    this.#ended.abort(ended);
    await this.#looking;
  }

  #makeRoom(): void {
    for (const [session, bytes] of this.#entering) {
      while (!this.#hasRoom(bytes)) if (!this.#evictWaiting()) return this.#lookAgain();
      this.#freeSlot(session, bytes);
    }
  }

  /** When the one that waits longest may be evicted. */
  #lookAgain(): void {
    const { clock, minWaitMs } = this.#options;
    const [longest] = this.#waiting.values();
    if (this.#looking !== undefined || longest === undefined) return;
    const ms = longest.sinceMs + minWaitMs - clock.monotonicMs();
    this.#looking = pause(clock, ms, this.#ended.signal).then(() => {
      this.#looking = undefined;
      if (!this.#ended.signal.aborted) this.#makeRoom();
    });
  }

  #evict(): void {
    for (const session of this.#idle) {
      if (!this.isExceeded) return;
      this.leave(session);
      session.evict();
    }
  }

  #hasRoom(bytes: number): boolean {
    const { maxWaiting, maxWaitingBytes } = this.#options;
    const fits = this.#waiting.size === 0 || this.#waitingBytes + bytes <= maxWaitingBytes;
    return this.#waiting.size < maxWaiting && fits;
  }

  #freeSlot(session: LimitedSession, bytes: number): void {
    const { clock, waitingChanged } = this.#options;
    this.#entering.delete(session);
    this.#sessions.delete(session);
    if (!session.freeSlot()) return this.#remember(session);
    this.#waiting.set(session, { bytes, sinceMs: clock.monotonicMs() });
    this.#waitingBytes += bytes;
    waitingChanged(this.#waiting.size);
  }

  /** False when none may be evicted yet. */
  #evictWaiting(): boolean {
    const { clock, minWaitMs, waitingExceeded } = this.#options;
    for (const [longest, { sinceMs }] of this.#waiting) {
      if (clock.monotonicMs() - sinceMs < minWaitMs) return false;
      this.#leaveWaiting(longest);
      this.#remember(longest);
      waitingExceeded();
      longest.evict();
      return true;
    }
    return false;
  }

  #leaveWaiting(session: LimitedSession): boolean {
    const waiting = this.#waiting.get(session);
    if (waiting === undefined) return false;
    this.#waiting.delete(session);
    this.#waitingBytes -= waiting.bytes;
    this.#options.waitingChanged(this.#waiting.size);
    return true;
  }

  #remember({ sessionId }: LimitedSession): void {
    if (sessionId === undefined) return;
    this.#released.delete(sessionId);
    this.#released.add(sessionId);
    const [oldest] = this.#released;
    if (this.#released.size > this.#options.remembered && oldest !== undefined) this.#released.delete(oldest);
  }
}
