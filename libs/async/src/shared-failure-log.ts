/**
 * The failure log of something that many depend on, as all tables on one database: one line for all of them, and while
 * it lasts only a few of them try at a time.
 */
import type { Clock, DStreamError, Log } from '@dstream/core';
import { aborted, pause, withAny } from './abort.ts';
import { FailureLog } from './failure-log.ts';
import { Backoff, retryWaits, type AttemptLog } from './retry.ts';

/** One of those that share the failure. */
export interface SharedFailurePart extends AttemptLog {
  failed(error: DStreamError): void;
  /** It waits no more and will not try again. */
  left(): void;
  /** To be awaited before the next attempt: resolves when it is this part's turn to try. */
  wait(...until: readonly AbortSignal[]): Promise<void>;
  /** As `wait`, after a failure that is likely this part's own: takes no turn, and ends after `ms` or when another part recovers. */
  waitAlone(ms: number, ...until: readonly AbortSignal[]): Promise<void>;
}

/**
 * Logs a failure when the first part fails and its end when the last one recovers, with how many parts there were. Of
 * later errors only a new `fatal` code gets a line of its own. The first part that recovers wakes all others.
 */
export class SharedFailureLog {
  readonly #counted: string;
  readonly #failures: FailureLog;
  readonly #failing = new Set<SharedFailurePart>();
  readonly #counting = new Set<SharedFailurePart>();
  readonly #turns: ProbeTurns;
  #most = 0;

  /** @param counted what the parts are, as the name of a field: `tables` */
  constructor(what: string, counted: string, log: Log, clock: Clock, random?: () => number) {
    this.#counted = counted;
    this.#failures = new FailureLog(what, log, clock, { causes: 'fatal' });
    this.#turns = new ProbeTurns(clock, random);
  }

  /**
   * @param name logged as the example when this part's failure gets a line: an error may be its own
   * @param options `counts`: false for a part that is not counted
   */
  part(name: string, { counts = true } = {}): SharedFailurePart {
    const part: SharedFailurePart = {
      failed: (error) => {
        if (counts) this.#counting.add(part);
        this.#failed(part, name, error);
      },
      succeeded: () => this.#succeeded(part),
      left: () => {
        if (this.#remove(part)) this.#failures.abandoned({ [this.#counted]: this.#most });
      },
      wait: (...until) => this.#turns.wait(...until),
      waitAlone: (ms, ...until) => this.#turns.waitAlone(ms, ...until),
    };
    return part;
  }

  #failed(part: SharedFailurePart, name: string, error: DStreamError): void {
    if (this.#failing.size === 0) this.#most = 0;
    this.#failing.add(part);
    this.#most = Math.max(this.#most, this.#counting.size);
    this.#failures.failed(error, { example: name, [this.#counted]: this.#counting.size });
  }

  #succeeded(part: SharedFailurePart): void {
    // A part that was not failing is no sign of what the others wait for.
    if (this.#failing.has(part)) this.#turns.back();
    if (this.#remove(part)) this.#failures.succeeded({ [this.#counted]: this.#most });
  }

  /** The part fails no more. True when it was the last that did. */
  #remove(part: SharedFailurePart): boolean {
    this.#counting.delete(part);
    return this.#failing.delete(part) && this.#failing.size === 0;
  }
}

/** More than one, because one may fail for a reason of its own. */
const probesAtOnce = 4;

/**
 * Paces the attempts of many who wait for one thing: a few at a time, first come, first served, probe it; as soon as
 * one finds it back, nobody waits any longer. A recovery is noticed within the longest of `retryWaits`, and the thing
 * is asked a few times in each such period, however many wait.
 */
export class ProbeTurns {
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  readonly #queue = new Set<() => void>();
  #free = probesAtOnce;
  #back = new AbortController();

  constructor(clock: Clock, random: () => number = Math.random) {
    this.#clock = clock;
    this.#backoff = new Backoff({ ...retryWaits, random });
  }

  /** Resolves when it is the caller's turn to try, at once when one of `until` aborts. Never rejects. */
  wait(...until: readonly AbortSignal[]): Promise<void> {
    return withAny([this.#back.signal, ...until], async (over) => {
      if (!(await this.#takeTurn(over))) return;
      try {
        await pause(this.#clock, this.#backoff.next(), over);
      } finally {
        this.#passOn();
      }
    });
  }

  /** Without a turn: resolves after `ms`, or when it is back. Never rejects. */
  waitAlone(ms: number, ...until: readonly AbortSignal[]): Promise<void> {
    return pause(this.#clock, ms, this.#back.signal, ...until);
  }

  /** It is back: everybody who waits may try. */
  back(): void {
    this.#backoff.reset();
    const back = this.#back;
    this.#back = new AbortController();
    back.abort();
  }

  /** True when the caller has a turn, which it must pass on; false when the wait is over before. */
  async #takeTurn(over: AbortSignal): Promise<boolean> {
    if (this.#free > 0) {
      this.#free -= 1;
      return true;
    }
    const turn = new AbortController();
    const take = () => turn.abort();
    this.#queue.add(take);
    await withAny([turn.signal, over], aborted);
    this.#queue.delete(take);
    return turn.signal.aborted;
  }

  #passOn(): void {
    const [next] = this.#queue;
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    this.#queue.delete(next);
    next();
  }
}
