/** Accepts sessions as they have messages, and keeps the ones that are held. */
import type { DStreamError, ReceiveLimits } from '@dstream/core';
import { translateError } from '@dstream/service-bus';
import { allClosed, Slots } from '@dstream/service-bus/amqp';
import { Background } from './background.ts';
import { ByteBudget } from './byte-budget.ts';
import { HeldSession } from './held-session.ts';
import { LockExpiryCheck } from './lock-expiry-check.ts';
import type { Reaching } from './reaching.ts';
import { SessionAccepts, type Accepted, type SessionAcceptsOptions } from './session-accepts.ts';
import type { Source, SourceOptions } from './source.ts';

export interface SessionSourceOptions
  extends SourceOptions, Pick<SessionAcceptsOptions, 'openClient' | 'acceptLimitMs'> {
  readonly maxSessions: number;
}

/** What one run of the source was given. */
interface Run {
  readonly signal: AbortSignal;
  readonly reaching: Reaching;
  readonly maxInFlight: number;
  readonly budget: ByteBudget;
}

/**
 * Connecting, authorizing and opening a link end by themselves after this long, whatever the client's timeout is
 * (@azure/core-amqp, `defaultOperationTimeoutInMs`; measured with 7.9.5: 60.0 s against a peer that says nothing).
 */
export const sdkLimitMs = 60_000;

/**
 * Accepts side by side, at most, while they bring sessions: each takes several round trips, in which it would hold up the
 * next. The .NET library has up to twice the number of processors (Azure.Messaging.ServiceBus, ServiceBusProcessor.cs).
 */
const mostAccepts = 4;

/** An answer "nobody waits" that comes sooner than this is not asked for again at once. */
const soonMs = 200;

export class SessionSource implements Source {
  readonly #options: SessionSourceOptions;
  readonly #accepts: SessionAccepts;
  readonly #slots: Slots;
  readonly #held = new Set<HeldSession>();
  readonly #background: Background;
  readonly #expiry: LockExpiryCheck;
  readonly #helpers = new Set<Promise<void>>();

  constructor(options: SessionSourceOptions) {
    this.#options = options;
    this.#slots = new Slots(options.maxSessions);
    this.#expiry = new LockExpiryCheck(options);
    this.#background = new Background(options);
    this.#accepts = new SessionAccepts({ ...options, background: this.#background });
  }

  /** Runs until `signal` aborts; rejects with what a person must mend. */
  async run(
    signal: AbortSignal,
    reaching: Reaching,
    { maxInFlight, maxBytes }: ReceiveLimits,
  ): Promise<void> {
    const run = { signal, reaching, maxInFlight, budget: new ByteBudget(maxBytes) };
    const ended = new AbortController();
    const watching = run.budget.watch(this.#options.clock, () => this.#held, ended.signal);
    try {
      await this.#accepts.settled(signal);
      for (;;) await this.#acceptOne(run);
    } finally {
      ended.abort();
      // It ends by nothing but this abort.
      await watching.catch(() => undefined);
      await Promise.all(this.#helpers);
      for (const hold of this.#held) if (!hold.wasHandedOut) this.#background.keep(hold.close());
    }
  }

  /** One more accept under way, until one brings no session: when nobody waits, one accept is left. */
  #help(run: Run): void {
    const helping = this.#acceptWhile(run).finally(() => this.#helpers.delete(helping));
    this.#helpers.add(helping);
  }

  async dispose(): Promise<void> {
    const sessions = [...this.#held].map((hold) => hold.close());
    // Sessions first: the link of one cannot be closed any more when its connection is broken off.
    await Promise.allSettled(sessions);
    await this.#background.ended();
    const closing = [...sessions, ...this.#accepts.closeAll()];
    await allClosed([...closing, this.#background.ended()], this.#options.entity);
  }

  /** Never rejects: what is wrong, the first accept will meet too. */
  async #acceptWhile(run: Run): Promise<void> {
    try {
      while (await this.#acceptNext(run));
    } catch {
      return;
    }
  }

  /** The accept that is always under way when there is a place. */
  async #acceptOne(run: Run): Promise<void> {
    const { signal, reaching } = run;
    const { clock } = this.#options;
    const startMs = clock.monotonicMs();
    try {
      if (await this.#acceptNext(run)) return;
      if (clock.monotonicMs() - startMs < soonMs) await clock.sleep(soonMs, signal);
    } catch (error) {
      signal.throwIfAborted();
      this.#background.keep(this.#accepts.retire());
      await reaching.failed(this.#translate(error), signal);
    }
  }

  /** Takes a place, and gives it back unless a session holds it. True when one does, and did not end as it began. */
  async #acceptNext(run: Run): Promise<boolean> {
    const { signal, budget } = run;
    await this.#slots.take(signal);
    let held = false;
    try {
      const reservedBytes = await budget.reserve(signal);
      const accepted = await this.#acceptWith(reservedBytes, run);
      held = accepted !== undefined;
      return accepted !== undefined && (await this.#begin(accepted, reservedBytes, run));
    } finally {
      if (!held) this.#slots.give();
    }
  }

  /** What was reserved for the first message is free again when no session came. */
  async #acceptWith(reservedBytes: number, { signal, reaching, budget }: Run): Promise<Accepted | undefined> {
    let accepted: Accepted | undefined;
    try {
      accepted = await this.#accepts.accept(signal);
      reaching.succeeded();
      return accepted;
    } finally {
      if (accepted === undefined) budget.free(reservedBytes);
    }
  }

  async #begin(accepted: Accepted, reservedBytes: number, run: Run): Promise<boolean> {
    if (!(await this.#hold(accepted, reservedBytes, run))) return false;
    if (this.#helpers.size < mostAccepts - 1) this.#help(run);
    return true;
  }

  async #hold(
    { port, beforeMs, beforeWallMs, release }: Accepted,
    reservedBytes: number,
    { signal, maxInFlight, budget }: Run,
  ): Promise<boolean> {
    const hold = new HeldSession({
      ...this.#options,
      port,
      maxInFlight,
      budget,
      reservedBytes,
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
    return !hold.lost.aborted;
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

  #translate(error: unknown): DStreamError {
    const { entity } = this.#options;
    return translateError(error, { tried: 'accept a session of', entity, askedForSessions: true });
  }
}
