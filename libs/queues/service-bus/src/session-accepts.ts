/** Accepts one session after another, or several side by side, each under a time limit. */
import { DStreamError, type Clock } from '@dstream/core';
import { close, unlessAborted, withTimeLimit } from '@dstream/service-bus/amqp';
import { AcceptingClients, type AcceptingClient } from './accepting-client.ts';
import type { Background } from './background.ts';
import type { SessionReceiverPort } from './receiver-port.ts';

export interface SessionAcceptsOptions {
  readonly openClient: () => AcceptingClient;
  /** How long an accept may take, with all grace, before its connection is given up; less than `sdkLimitMs`. */
  readonly acceptLimitMs: number;
  readonly entity: string;
  readonly clock: Clock;
  readonly background: Background;
}

/**
 * What the service, or the emulator, answers to an accept when no session has messages. The SDK's own time limits end
 * with ServiceTimeout too, but `acceptLimitMs` comes before them: a service that says nothing never is "nobody waits".
 */
const nobodyWaits = new Set(['ServiceTimeout', 'SessionCannotBeLocked']);

interface Session {
  readonly port: SessionReceiverPort;
  /** To be called when it has ended. */
  readonly release: () => Promise<void>;
}

export interface Accepted extends Session {
  /** Before the call. */
  readonly beforeMs: number;
  readonly beforeWallMs: number;
}

export class SessionAccepts {
  readonly #options: SessionAcceptsOptions;
  readonly #clients: AcceptingClients;
  readonly #pending = new Set<Promise<void>>();
  #closing = false;

  constructor(options: SessionAcceptsOptions) {
    this.#options = options;
    const { clock, entity } = options;
    this.#clients = new AcceptingClients(options.openClient, (client) =>
      close(`a connection of ${entity}`, client, clock),
    );
  }

  /** Waits for the accepts that were left behind, which cannot be aborted. Rejects with `signal.reason`. */
  async settled(signal: AbortSignal): Promise<void> {
    await unlessAborted(Promise.all(this.#pending), signal);
  }

  /** The next one goes over a new connection. */
  retire(): Promise<void> {
    return this.#clients.retire();
  }

  /** One promise for every connection that is still open. */
  closeAll(): readonly Promise<void>[] {
    this.#closing = true;
    return this.#clients.closeAll();
  }

  /** The next session, or undefined when none has messages. An accept that is left behind gives its session back. */
  async accept(signal: AbortSignal): Promise<Accepted | undefined> {
    const { clock, acceptLimitMs, entity } = this.#options;
    const beforeMs = clock.monotonicMs();
    const beforeWallMs = clock.wallMs();
    const late = () => new DStreamError('TimedOut', `accepting a session of ${entity} got no answer`);
    const accepting = this.#clients.accept();
    const limit = { clock, atMs: beforeMs + acceptLimitMs, late, signal };
    const outcome = withTimeLimit(limit, () => accepting);
    const pending = this.#giveBackIfLeft(accepting, outcome).finally(() => this.#pending.delete(pending));
    this.#pending.add(pending);
    try {
      return { ...(await outcome), beforeMs, beforeWallMs };
    } catch (error) {
      if (isNobodyWaiting(error)) return undefined;
      throw error;
    }
  }

  /** Never rejects. An accept cannot be aborted: what it brings after nobody waits for it any more goes back. */
  async #giveBackIfLeft(accepting: Promise<Session>, outcome: Promise<Session>): Promise<void> {
    const [accepted, taken] = await Promise.allSettled([accepting, outcome]);
    if (accepted.status === 'rejected' || taken.status === 'fulfilled') return;
    const { port, release } = accepted.value;
    const { background, clock } = this.#options;
    // With its connection a session ends too. Closing it over one that is being broken off would wait for its limit.
    if (!this.#closing) background.keep(close('a session accepted too late', port, clock));
    background.keep(release());
  }
}

function isNobodyWaiting(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, syscall } = error as { code?: unknown; syscall?: unknown };
  return typeof code === 'string' && nobodyWaits.has(code) && typeof syscall !== 'string';
}
