/** Accepts sessions, one after the other or several side by side, each under a time limit. */
import { DStreamError, type Clock } from '@dstream/core';
import { close, unlessAborted, withTimeout } from '@dstream/async';
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
  readonly background: BackgroundTasks;
}

/** A session, and what to call when it has ended: its connection may be waiting for that. */
interface Session {
  readonly port: SessionReceiverPort;
  readonly release: () => Promise<void>;
}

/** A session, and when its accept was called. */
export interface AcceptedSession extends Session {
  readonly beforeMs: number;
  readonly beforeWallMs: number;
}

/**
 * Connecting, authorizing and opening a link end by themselves after this long, whatever the client's timeout is
 * (@azure/core-amqp, `defaultOperationTimeoutInMs`; measured with 7.9.5: 60.0 s against a peer that says nothing).
 */
export const sdkLimitMs = 60_000;

/**
 * What the service, or the emulator, answers to an accept when no session has messages. The SDK's own time limits end
 * with ServiceTimeout too, but `acceptLimitMs` comes before them: a service that does not answer is never taken for this.
 */
const noSessionCodes = new Set(['ServiceTimeout', 'SessionCannotBeLocked']);

/** Accepts over one connection, which a failure replaces. */
export class SessionAcceptor {
  readonly #options: SessionAcceptorOptions;
  readonly #connections: AcceptingConnections;
  readonly #pending = new Set<Promise<void>>();
  #closing = false;

  constructor(options: SessionAcceptorOptions) {
    this.#options = options;
    const { clock, entity } = options;
    this.#connections = new AcceptingConnections(options.openClient, (client) =>
      close(`a connection of ${entity}`, client, clock),
    );
  }

  /** Waits for the accepts of an earlier `receive`, which cannot be aborted. Rejects with `signal.reason`. */
  async settled(signal: AbortSignal): Promise<void> {
    await unlessAborted(Promise.all(this.#pending), signal);
  }

  /** The next accept opens a new connection. */
  replaceConnection(): Promise<void> {
    return this.#connections.retire();
  }

  /** One promise for every connection that is still open. */
  closeAll(): readonly Promise<void>[] {
    this.#closing = true;
    return this.#connections.closeAll();
  }

  /** The next session, or undefined when none has messages. Rejects on abort; a session accepted after that is released. */
  async accept(signal: AbortSignal): Promise<AcceptedSession | undefined> {
    const { clock, acceptLimitMs, entity } = this.#options;
    const beforeMs = clock.monotonicMs();
    const beforeWallMs = clock.wallMs();
    const late = () => new DStreamError('TimedOut', `accepting a session of ${entity} got no answer`);
    const accepting = this.#connections.accept();
    const limit = { clock, atMs: beforeMs + acceptLimitMs, late, signal };
    const outcome = withTimeout(limit, () => accepting);
    const pending = this.#releaseIfLate(accepting, outcome).finally(() => this.#pending.delete(pending));
    this.#pending.add(pending);
    try {
      return { ...(await outcome), beforeMs, beforeWallMs };
    } catch (error) {
      if (hasNoSession(error)) return undefined;
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
    background.add(release());
  }
}

function hasNoSession(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, syscall } = error as { code?: unknown; syscall?: unknown };
  return typeof code === 'string' && noSessionCodes.has(code) && typeof syscall !== 'string';
}

interface Connection {
  readonly client: AcceptingClient;
  /** On it, and accepts under way. */
  sessions: number;
  retired: boolean;
}

/**
 * The connection to accept on. After a failure a new one takes its place, because a dead connection may not know that it is
 * dead; the old one is closed when its last session has ended.
 */
class AcceptingConnections {
  readonly #open: () => AcceptingClient;
  readonly #close: (client: AcceptingClient) => Promise<void>;
  readonly #connections = new Set<Connection>();
  #current: Connection | undefined;

  constructor(open: () => AcceptingClient, closeClient: (client: AcceptingClient) => Promise<void>) {
    this.#open = open;
    this.#close = closeClient;
  }

  async accept(): Promise<Session> {
    const connection = (this.#current ??= this.#opened());
    connection.sessions += 1;
    try {
      const port = await connection.client.acceptNextSession();
      return { port, release: () => this.#release(connection) };
    } catch (error) {
      await this.#release(connection);
      throw error;
    }
  }

  async retire(): Promise<void> {
    const connection = this.#current;
    if (connection === undefined) return;
    this.#current = undefined;
    connection.retired = true;
    if (connection.sessions === 0) await this.#end(connection);
  }

  /** Also those with an accept that never ended. */
  closeAll(): readonly Promise<void>[] {
    this.#current = undefined;
    return [...this.#connections].map((connection) => this.#end(connection));
  }

  #opened(): Connection {
    const connection = { client: this.#open(), sessions: 0, retired: false };
    this.#connections.add(connection);
    return connection;
  }

  async #release(connection: Connection): Promise<void> {
    connection.sessions -= 1;
    if (connection.retired && connection.sessions === 0) await this.#end(connection);
  }

  async #end(connection: Connection): Promise<void> {
    if (this.#connections.delete(connection)) await this.#close(connection.client);
  }
}
