/** Accepts sessions as they have messages, and keeps the ones that are held. */
import { DStreamError, type DStreamError as Failure } from '@dstream/core';
import { AcceptingClients, type AcceptingClient } from './accepting-client.ts';
import { Background } from './background.ts';
import { allClosed, close } from './closing.ts';
import { HeldSession } from './held-session.ts';
import { LockExpiryCheck } from './lock-expiry-check.ts';
import type { Reaching } from './reaching.ts';
import type { SessionReceiverPort } from './receiver-port.ts';
import { Slots } from './slots.ts';
import type { Source, SourceOptions } from './source.ts';
import { unlessAborted, withTimeLimit } from './time-limit.ts';
import { translateError } from './translate-error.ts';

export interface SessionSourceOptions extends SourceOptions {
  readonly maxSessions: number;
  readonly openClient: () => AcceptingClient;
  /** How long an accept may take, with all grace, before its connection is given up; less than `sdkLimitMs`. */
  readonly acceptLimitMs: number;
}

/**
 * What the service, or the emulator, answers to an accept when no session has messages. The SDK's own time limits end
 * with ServiceTimeout too, but `acceptLimitMs` comes before them: a service that says nothing never is "nobody waits".
 */
const nobodyWaits = new Set(['ServiceTimeout', 'SessionCannotBeLocked']);

/**
 * Connecting, authorizing and opening a link end by themselves after this long, whatever the client's timeout is
 * (@azure/core-amqp, `defaultOperationTimeoutInMs`; measured with 7.9.5: 60.0 s against a peer that says nothing).
 */
export const sdkLimitMs = 60_000;

/** An answer "nobody waits" that comes sooner than this is not asked for again at once. */
const soonMs = 200;

interface Session {
  readonly port: SessionReceiverPort;
  /** To be called when it has ended. */
  readonly release: () => Promise<void>;
}

interface Accepted extends Session {
  readonly beforeMs: number;
  readonly beforeWallMs: number;
}

export class SessionSource implements Source {
  readonly #options: SessionSourceOptions;
  readonly #clients: AcceptingClients;
  readonly #slots: Slots;
  readonly #held = new Set<HeldSession>();
  readonly #background: Background;
  readonly #expiry: LockExpiryCheck;
  #pending: Promise<void> = Promise.resolve();

  constructor(options: SessionSourceOptions) {
    this.#options = options;
    const { clock, entity } = options;
    this.#clients = new AcceptingClients(options.openClient, (client) =>
      close(`a connection of ${entity}`, client, clock),
    );
    this.#slots = new Slots(options.maxSessions);
    this.#expiry = new LockExpiryCheck(options);
    this.#background = new Background(options);
  }

  /** Runs until `signal` aborts; rejects with what a person must mend. */
  async run(signal: AbortSignal, reaching: Reaching, maxInFlight: number): Promise<void> {
    try {
      // One accept pending: the one that an earlier run left behind cannot be aborted.
      await unlessAborted(this.#pending, signal);
      for (;;) {
        await this.#slots.take(signal);
        await this.#acceptOne(signal, reaching, maxInFlight);
      }
    } finally {
      for (const hold of this.#held) if (!hold.wasHandedOut) this.#background.keep(hold.close());
    }
  }

  async dispose(): Promise<void> {
    const sessions = [...this.#held].map((hold) => hold.close());
    // Sessions first: the link of one cannot be closed any more when its connection is broken off.
    await Promise.allSettled([...sessions, this.#background.ended()]);
    const closing = [...sessions, ...this.#clients.closeAll()];
    await allClosed([...closing, this.#background.ended()], this.#options.entity);
  }

  /** Has taken a place; gives it back unless a session holds it. */
  async #acceptOne(signal: AbortSignal, reaching: Reaching, maxInFlight: number): Promise<void> {
    const { clock } = this.#options;
    const startMs = clock.monotonicMs();
    let held = false;
    try {
      const accepted = await this.#accept(signal);
      reaching.succeeded();
      if (accepted === undefined) {
        if (clock.monotonicMs() - startMs < soonMs) await clock.sleep(soonMs, signal);
        return;
      }
      held = true;
      await this.#hold(accepted, signal, maxInFlight);
    } catch (error) {
      signal.throwIfAborted();
      this.#background.keep(this.#clients.retire());
      await reaching.failed(this.#translate(error), signal);
    } finally {
      if (!held) this.#slots.give();
    }
  }

  /** The next session, or undefined when none has messages. An accept that is left behind gives its session back. */
  async #accept(signal: AbortSignal): Promise<Accepted | undefined> {
    const { clock, acceptLimitMs, entity } = this.#options;
    const beforeMs = clock.monotonicMs();
    const beforeWallMs = clock.wallMs();
    const late = () => new DStreamError('TimedOut', `accepting a session of ${entity} got no answer`);
    const accepting = this.#clients.accept();
    const limit = { clock, atMs: beforeMs + acceptLimitMs, late, signal };
    const outcome = withTimeLimit(limit, () => accepting);
    this.#pending = this.#giveBackIfLeft(accepting, outcome);
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
    this.#background.keep(close('a session accepted too late', port, this.#options.clock));
    this.#background.keep(release());
  }

  async #hold(
    { port, beforeMs, beforeWallMs, release }: Accepted,
    signal: AbortSignal,
    maxInFlight: number,
  ): Promise<void> {
    const hold = new HeldSession({
      ...this.#options,
      port,
      maxInFlight,
      acceptedBeforeMs: beforeMs,
      renewed: (expiry, wallMs) => this.#expiry.saw(expiry, wallMs),
    });
    this.#held.add(hold);
    hold.lost.addEventListener('abort', () => this.#ended(hold, release), { once: true });
    if (this.#options.clock.monotonicMs() - beforeMs < 1_000) {
      this.#expiry.saw(port.sessionLockedUntilUtc, beforeWallMs);
    }
    try {
      await hold.start(signal);
    } catch (error) {
      hold.end(this.#translate(error));
    }
  }

  #ended(hold: HeldSession, release: () => Promise<void>): void {
    this.#held.delete(hold);
    this.#slots.give();
    // The close that ended it is the consumer's, or is said by the session: here only the connection is let go.
    this.#background.keep(
      hold
        .close()
        .catch(() => undefined)
        .then(release),
    );
  }

  #translate(error: unknown): Failure {
    const { entity } = this.#options;
    return translateError(error, { tried: 'accept a session of', entity, askedForSessions: true });
  }
}

function isNobodyWaiting(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, syscall } = error as { code?: unknown; syscall?: unknown };
  return typeof code === 'string' && nobodyWaits.has(code) && typeof syscall !== 'string';
}
