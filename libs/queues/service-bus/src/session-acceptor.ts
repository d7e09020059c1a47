/** Accepts sessions, one after the other or several side by side, each under a time limit. */
import { DStreamError, type Clock, type Log } from '@dstream/core';
import { close, ConnectionHolder, unlessAborted, withTimeout, type ConnectionUse } from '@dstream/async';
import type { BackgroundTasks } from './delivery-source.ts';
import type { SessionReceiverPort } from './receiver.ts';

/** A connection that accepts sessions; the sessions live on it. */
export interface AcceptingClient {
  /** Waits, for as long as the client's timeout, for the next session with messages. Cannot be aborted. */
  acceptNextSession(): Promise<SessionReceiverPort>;
  close(): Promise<void>;
}

/** Options of a `SessionAcceptor`. */
export interface SessionAcceptorOptions {
  readonly openClient: () => AcceptingClient;
  /** How long an accept may take, grace included, before its connection is replaced; less than `sdkLimitMs`. */
  readonly acceptLimitMs: number;
  readonly entity: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly background: BackgroundTasks;
}

/** A session, and what to call when it has ended: its connection may be waiting for that. */
interface Session {
  readonly port: SessionReceiverPort;
  readonly release: () => void;
}

/** A session, and when its accept was called. */
export interface AcceptedSession extends Session {
  readonly beforeMs: number;
  readonly beforeWallMs: number;
}

/**
 * Connecting, authorizing and opening a link end by themselves after this long, whatever the client's timeout is
 * (@azure/core-amqp, `defaultOperationTimeoutInMs`; measured with 7.9.5: 60.0 s against a peer that sends nothing).
 */
export const sdkLimitMs = 60_000;

/**
 * What the service, or the emulator, answers to an accept when no session has messages. The SDK's own time limits end
 * with ServiceTimeout too, but `acceptLimitMs` comes before them: a service that does not answer is never mistaken for this.
 */
const noSessionCodes = new Set(['ServiceTimeout', 'SessionCannotBeLocked']);

/** Accepts over one connection, which a failure replaces. */
export class SessionAcceptor {
  readonly #options: SessionAcceptorOptions;
  /** A failure replaces the connection, because a dead one may not know that it is dead; its sessions live on. */
  readonly #connections: ConnectionHolder<AcceptingClient>;
  readonly #pending = new Set<Promise<void>>();
  #closing = false;

  constructor(options: SessionAcceptorOptions) {
    this.#options = options;
    const { entity: what, openClient: open, clock, log } = options;
    this.#connections = new ConnectionHolder({ what, open, clock, log });
  }

  /** Waits for the accepts of an earlier `receive`, which cannot be aborted. Rejects with `signal.reason`. */
  async settled(signal: AbortSignal): Promise<void> {
    await unlessAborted(Promise.all(this.#pending), signal);
  }

  /** Closes every connection. Rejects with what failed to close. */
  async dispose(): Promise<void> {
    this.#closing = true;
    await this.#connections[Symbol.asyncDispose]();
  }

  /** The next session, or undefined when none has messages. Rejects on abort; a session accepted after that is released. */
  async accept(signal: AbortSignal): Promise<AcceptedSession | undefined> {
    const { clock, acceptLimitMs, entity } = this.#options;
    const beforeMs = clock.monotonicMs();
    const beforeWallMs = clock.wallMs();
    const late = () => new DStreamError('TimedOut', `accepting a session of ${entity} got no answer`);
    const use = this.#connections.acquire();
    const accepting = acceptOn(use);
    const limit = { clock, atMs: beforeMs + acceptLimitMs, late, signal };
    const outcome = withTimeout(limit, () => accepting);
    const pending = this.#releaseIfLate(accepting, outcome).finally(() => this.#pending.delete(pending));
    this.#pending.add(pending);
    try {
      return { ...(await outcome), beforeMs, beforeWallMs };
    } catch (error) {
      if (hasNoSession(error)) return undefined;
      if (!signal.aborted) use.distrust();
      throw error;
    }
  }

  /** Never rejects. An accept cannot be aborted: a session that it brings when nobody waits any more is released. */
  async #releaseIfLate(accepting: Promise<Session>, outcome: Promise<Session>): Promise<void> {
    const [accepted, taken] = await Promise.allSettled([accepting, outcome]);
    if (accepted.status === 'rejected' || taken.status === 'fulfilled') return;
    const { port, release } = accepted.value;
    const { background, clock } = this.#options;
    // A session ends with its connection. To close it over one that is being broken off would wait for its limit.
    if (!this.#closing) background.add(close('a session accepted too late', port, clock));
    release();
  }
}

async function acceptOn({ connection, release }: ConnectionUse<AcceptingClient>): Promise<Session> {
  try {
    return { port: await connection.acceptNextSession(), release };
  } catch (error) {
    release();
    throw error;
  }
}

function hasNoSession(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, syscall } = error as { code?: unknown; syscall?: unknown };
  return typeof code === 'string' && noSessionCodes.has(code) && typeof syscall !== 'string';
}
