/**
 * The circuit breaker of one output, shared by all its sessions.
 *
 * closed: every attempt is made → open, after several transient failures in a row, or many refusals in a row, with no
 * success between them: no attempt is made, and sessions wait in the order in which they came → half-open, after a
 * growing wait: the session that waits longest makes one attempt → closed when it succeeds, and everybody goes on; open
 * again when it fails, and the next session has the next attempt. So an output that is unreachable gets one attempt at a
 * time, and a destination that fails for one session only does not keep the others out.
 */
import type { Clock } from '@dstream/core';
import { Backoff, pause, Semaphore, withAny, type BackoffOptions } from '@dstream/async';

/** State of a breaker, as `/status` shows it. */
export type BreakerState = 'closed' | 'open' | 'half_open';

/** Options of a `CircuitBreaker`. */
export interface CircuitBreakerOptions extends BackoffOptions {
  readonly clock: Clock;
  /** Called whenever the state changes. */
  readonly changed: (state: BreakerState) => void;
}

/** Transient failures in a row, over all sessions, that open it. */
const failuresToOpen = 5;

/** More refused changes in a row than this open it: a wrong configuration must not dead-letter everything. */
const mostRefusals = 20;

/** After too many refusals one more change is tried after this, then after growing waits: milliseconds. */
const refusalWaits = { firstMs: 5_000, maxMs: 300_000 };

const closed = new Error('the breaker is closed');

/** What is disposed of after an attempt that nobody waited for. */
export const noTurn: Disposable = { [Symbol.dispose]: () => undefined };

/** One output's. Time is that of the monotonic clock: a wall clock that jumps changes nothing. */
export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions;
  readonly #failureWaits: Backoff;
  readonly #refusalWaits: Backoff;
  /** Who waits is served in the order of arrival. */
  readonly #turns = new Semaphore(1);
  #state: BreakerState = 'closed';
  #failures = 0;
  #refusals = 0;
  #openUntilMs = 0;
  /** Aborts when it closes. */
  #closing = new AbortController();

  constructor(options: CircuitBreakerOptions) {
    this.#options = options;
    this.#failureWaits = new Backoff(options);
    this.#refusalWaits = new Backoff({ ...refusalWaits, random: options.random });
  }

  get state(): BreakerState {
    return this.#state;
  }

  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  /** True when it was opened by refusals, not by transient failures. */
  get hasTooManyRefusals(): boolean {
    return this.#refusals > mostRefusals;
  }

  /**
   * Resolves when the caller may make one attempt: at once while closed, else when it is closed or when it is the caller's turn.
   * Also resolves when one of `until` aborts: the caller looks at its signals. To be disposed of after the attempt.
   */
  async acquireTurn(...until: readonly AbortSignal[]): Promise<Disposable> {
    if (this.isClosed) return noTurn;
    try {
      return await withAny(until, (signal) => this.#nextTurn(signal));
    } catch (error) {
      if (until.some(({ aborted }) => aborted)) return noTurn;
      throw error;
    }
  }

  /** Nobody has a turn until `reached`: there is no connection yet. */
  openUntilReached(): void {
    this.#openUntilMs = Infinity;
    this.#become('open');
  }

  /** There is a connection. Changes nothing unless `openUntilReached` was called last. */
  reached(): void {
    if (this.#openUntilMs === Infinity) this.#close();
  }

  /** The output has accepted something. */
  succeeded(): void {
    [this.#failures, this.#refusals] = [0, 0];
    this.#ensureClosed();
  }

  /** An attempt failed for a transient reason, or for one that a person must fix at the output. */
  failed(): void {
    this.#failures += 1;
    const opens = this.isClosed ? this.#failures >= failuresToOpen : this.#state === 'half_open';
    if (opens) this.#open(this.#failureWaits);
  }

  /**
   * The output refused changes for good and accepted none: it is reachable, and something may be wrong with all of them. While the
   * breaker is open this is the answer to an attempt that was under way before: it does not make the wait longer.
   */
  refused(changes: number): void {
    this.#failures = 0;
    this.#refusals += changes;
    if (this.hasTooManyRefusals) this.#ensureOpen(this.#refusalWaits);
    else this.#ensureClosed();
  }

  async #nextTurn(signal: AbortSignal): Promise<Disposable> {
    const { clock } = this.#options;
    await this.#turns.acquire(signal);
    while (!this.isClosed && !signal.aborted && clock.monotonicMs() < this.#openUntilMs)
      await pause(clock, this.#openUntilMs - clock.monotonicMs(), signal, this.#closing.signal);
    if (!this.isClosed && !signal.aborted) return this.#probe();
    this.#turns.release();
    signal.throwIfAborted();
    return noTurn;
  }

  #probe(): Disposable {
    this.#become('half_open');
    return {
      [Symbol.dispose]: () => {
        // The attempt showed nothing about the output: the next one follows at once.
        if (this.#state === 'half_open') this.#become('open');
        this.#turns.release();
      },
    };
  }

  #ensureOpen(waits: Backoff): void {
    if (this.#state !== 'open') this.#open(waits);
  }

  #ensureClosed(): void {
    if (!this.isClosed) this.#close();
  }

  #open(waits: Backoff): void {
    this.#openUntilMs = this.#options.clock.monotonicMs() + waits.next();
    this.#become('open');
  }

  #close(): void {
    this.#openUntilMs = 0;
    this.#failureWaits.reset();
    this.#refusalWaits.reset();
    this.#become('closed');
    this.#closing.abort(closed);
    this.#closing = new AbortController();
  }

  #become(state: BreakerState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#options.changed(state);
  }
}
