/**
 * Where the two sides meet: `DirectTopic` puts messages into sessions, `DirectSubscription` hands them out. It stores
 * nothing: every message in it belongs to a `send` that waits for it. README.md has the states.
 */
import { DStreamError, type Clock, type IncomingMessage, type OutgoingMessage } from '@dstream/core';
import { onAbort } from '@dstream/async';
import { DirectSession, type Sending } from './direct-session.ts';

/** Options of a `DirectQueue`. */
export interface DirectQueueOptions {
  readonly clock: Clock;
}

/** One per pipeline, for as long as its process lives: it keeps the progress of the sessions. */
export class DirectQueue {
  readonly #clock: Clock;
  readonly #sessions = new Map<string, DirectSession>();
  /** Sessions that wait for a holder, the longest waiting first. Empty while nobody receives. */
  readonly #waiting = new Set<DirectSession>();
  readonly #watchers = new Set<() => void>();
  /** Whoever receives. */
  #receiver: object | undefined;
  #sequence = 0;

  constructor({ clock }: DirectQueueOptions) {
    this.#clock = clock;
  }

  get isReceived(): boolean {
    return this.#receiver !== undefined;
  }

  /** Returns the sessions of the messages. */
  add(messages: readonly OutgoingMessage[], sending: Sending): ReadonlySet<DirectSession> {
    const sessions = new Set<DirectSession>();
    const enqueuedAtMs = this.#clock.wallMs();
    for (const [index, message] of messages.entries()) {
      const session = this.#session(message.sessionId);
      session.add({ message: this.#incoming(message, enqueuedAtMs), sending, index });
      sessions.add(session);
    }
    for (const session of sessions) this.#changed(session);
    return sessions;
  }

  /**
   * From now on sessions wait for their turn instead of being refused. Throws when `receive` is already running. Returns what
   * ends it; calling that twice is harmless.
   */
  beginReceiving(): () => void {
    if (this.isReceived)
      throw new DStreamError('Unexpected', 'receive is already running for the direct queue');
    const receiver = {};
    this.#receiver = receiver;
    this.#notify();
    return () => {
      if (this.#receiver !== receiver) return;
      this.#receiver = undefined;
      for (const session of this.#waiting) this.#changed(session);
      this.#notify();
    };
  }

  /** The session that has waited longest; it is removed from the list. */
  nextWaiting(): DirectSession | undefined {
    const [session] = this.#waiting;
    if (session !== undefined) this.#waiting.delete(session);
    return session;
  }

  /** Resolves after the next change of anything, and when `signal` aborts. */
  async changed(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const unwatch = onAbort(signal, resolve);
    this.#watchers.add(resolve);
    await promise;
    this.#watchers.delete(resolve);
    unwatch();
  }

  /** There may be room for more to be handed out. */
  wake(): void {
    this.#notify();
  }

  #session(id: string): DirectSession {
    let session = this.#sessions.get(id);
    if (session === undefined) {
      session = new DirectSession(id, (changed) => this.#changed(changed));
      this.#sessions.set(id, session);
    }
    return session;
  }

  /** A session that waits is put into the list, or refused where nobody receives. */
  #changed(session: DirectSession): void {
    if (!session.waits) this.#waiting.delete(session);
    else if (this.isReceived) this.#waiting.add(session);
    else session.refuseAll(nobodyReceives());
    this.#notify();
  }

  #notify(): void {
    for (const watcher of this.#watchers) watcher();
  }

  /**
   * Without `follows` (docs/guarantees.md, rule 11): nothing between the two sides can expire or be removed, and the progress
   * here is of this process alone. A table that was with another replica meanwhile would look like missing messages.
   */
  #incoming(sent: OutgoingMessage, enqueuedAtMs: number): IncomingMessage {
    this.#sequence += 1;
    const { messageId, sessionId, subject, contentType, body } = sent;
    const { follows: _, ...properties } = sent.properties;
    return {
      messageId,
      sessionId,
      subject,
      contentType,
      properties,
      body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
      sequenceNumber: String(this.#sequence),
      enqueuedAtMs,
    };
  }
}

function nobodyReceives(): DStreamError {
  return new DStreamError(
    'Unreachable',
    'nobody receives from the direct queue: the processor of this process has not started or has stopped',
  );
}
