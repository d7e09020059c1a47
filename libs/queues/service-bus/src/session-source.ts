/** Accepts sessions as they have messages, and keeps the ones that are held. */
import type { DStreamError } from '@dstream/core';
import { translateError } from '@dstream/service-bus';
import { allClosed, Semaphore } from '@dstream/async';
import {
  BackgroundTasks,
  type DeliverySource,
  type ReceiveRun,
  type SourceOptions,
} from './delivery-source.ts';
import { HeldSession } from './held-session.ts';
import { LockExpiryCheck } from './lock-renewal.ts';
import { SessionAcceptor, type AcceptedSession, type SessionAcceptorOptions } from './session-acceptor.ts';

/** Options of a `SessionSource`. */
export interface SessionSourceOptions
  extends SourceOptions, Pick<SessionAcceptorOptions, 'openClient' | 'acceptLimitMs'> {
  /** Sessions that are held at a time, at most. */
  readonly maxSessions: number;
}

/**
 * Accepts side by side, at most, while they bring sessions: each takes several round trips, which would delay the
 * next. The .NET library has up to twice the number of processors (Azure.Messaging.ServiceBus, ServiceBusProcessor.cs).
 */
const maxAccepts = 4;

/** After an answer "no session" that came sooner than this, the next accept waits this long. */
const soonMs = 200;

/** Receives from a subscription with sessions. */
export class SessionSource implements DeliverySource {
  readonly #options: SessionSourceOptions;
  readonly #acceptor: SessionAcceptor;
  readonly #slots: Semaphore;
  readonly #held = new Set<HeldSession>();
  /** Those of them that wait for their destination: they have no slot. */
  readonly #waiting = new Set<HeldSession>();
  readonly #background: BackgroundTasks;
  readonly #expiry: LockExpiryCheck;
  readonly #helpers = new Set<Promise<void>>();

  constructor(options: SessionSourceOptions) {
    this.#options = options;
    this.#slots = new Semaphore(options.maxSessions);
    this.#expiry = new LockExpiryCheck(options);
    this.#background = new BackgroundTasks(options);
    this.#acceptor = new SessionAcceptor({ ...options, background: this.#background });
  }

  async run(run: ReceiveRun): Promise<void> {
    try {
      await this.#acceptor.settled(run.signal);
      for (;;) await this.#acceptOne(run);
    } finally {
      await Promise.all(this.#helpers);
      for (const session of this.#held) if (!session.wasHandedOut) this.#background.add(session.close());
    }
  }

  /** One more accept under way, until one brings no session: on an idle subscription one accept is left. */
  #help(run: ReceiveRun): void {
    const helping = this.#acceptWhile(run).finally(() => this.#helpers.delete(helping));
    this.#helpers.add(helping);
  }

  async dispose(): Promise<void> {
    const sessions = [...this.#held].map((hold) => hold.close());
    // Sessions first: a link cannot be closed once its connection is broken off.
    await Promise.allSettled(sessions);
    await this.#background.ended();
    const closing = [...sessions, this.#acceptor.dispose(), this.#background.ended()];
    await allClosed(closing, this.#options.entity);
  }

  /** Never rejects: the first accept meets the same error. */
  async #acceptWhile(run: ReceiveRun): Promise<void> {
    try {
      while (await this.#acceptNext(run));
    } catch {
      return;
    }
  }

  /** The accept that is always under way while fewer than `maxSessions` are held. */
  async #acceptOne(run: ReceiveRun): Promise<void> {
    const { signal, connection } = run;
    const { clock } = this.#options;
    const startMs = clock.monotonicMs();
    try {
      if (await this.#acceptNext(run)) return;
      if (clock.monotonicMs() - startMs < soonMs) await clock.sleep(soonMs, signal);
    } catch (error) {
      signal.throwIfAborted();
      await connection.failed(this.#translate(error), signal);
    }
  }

  /** Takes a slot, and frees it unless a session holds it. True when one does, and did not end at its start. */
  async #acceptNext(run: ReceiveRun): Promise<boolean> {
    const { signal, budget } = run;
    await this.#slots.acquire(signal);
    let held = false;
    try {
      const reservedBytes = await budget.reserve(signal);
      const accepted = await this.#acceptWith(reservedBytes, run);
      held = accepted !== undefined;
      return accepted !== undefined && (await this.#begin(accepted, reservedBytes, run));
    } finally {
      if (!held) this.#slots.release();
    }
  }

  /** Frees what was reserved for the first message when no session was accepted. */
  async #acceptWith(
    reservedBytes: number,
    { signal, connection, budget }: ReceiveRun,
  ): Promise<AcceptedSession | undefined> {
    let accepted: AcceptedSession | undefined;
    try {
      accepted = await this.#acceptor.accept(signal);
      connection.succeeded();
      return accepted;
    } finally {
      if (accepted === undefined) budget.free(reservedBytes);
    }
  }

  async #begin(accepted: AcceptedSession, reservedBytes: number, run: ReceiveRun): Promise<boolean> {
    if (!(await this.#hold(accepted, reservedBytes, run))) return false;
    if (this.#helpers.size < maxAccepts - 1) this.#help(run);
    return true;
  }

  async #hold(
    { port, beforeMs, beforeWallMs, release }: AcceptedSession,
    reservedBytes: number,
    { signal, maxInFlight, budget, oneAtFirst }: ReceiveRun,
  ): Promise<boolean> {
    const hold: HeldSession = new HeldSession({
      ...this.#options,
      port,
      maxInFlight,
      budget,
      reservedBytes,
      oneAtFirst: oneAtFirst?.(port.sessionId) ?? false,
      waits: (waits) => this.#waits(hold, waits),
      acceptedBeforeMs: beforeMs,
      expiry: this.#expiry,
    });
    this.#held.add(hold);
    hold.lost.addEventListener('abort', () => this.#ended(hold, release), { once: true });
    if (this.#options.clock.monotonicMs() - beforeMs < 1_000) {
      this.#expiry.check(port.sessionLockedUntilUtc, beforeWallMs);
    }
    try {
      await hold.start(signal);
    } catch (error) {
      hold.end(this.#translate(error));
    }
    return !hold.lost.aborted;
  }

  #waits(hold: HeldSession, waits: boolean): void {
    if (waits === this.#waiting.has(hold)) return;
    if (waits) {
      this.#waiting.add(hold);
      this.#slots.release();
    } else {
      this.#waiting.delete(hold);
      this.#slots.borrow();
    }
  }

  #ended(hold: HeldSession, release: () => void): void {
    this.#held.delete(hold);
    if (!this.#waiting.delete(hold)) this.#slots.release();
    // A failed close is reported by the session, or to the consumer: here only its connection is released.
    this.#background.add(
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
