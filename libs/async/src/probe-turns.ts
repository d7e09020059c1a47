/**
 * Paces the attempts of many who wait for one thing that is away: a few at a time, first come, first served, look
 * whether it is back; as soon as one says so nobody waits any longer. A return is noticed within the longest of
 * `retryWaits`, and what is away is asked a few times in each such period, however many wait.
 */
import { Backoff, retryWaits, type Clock } from '@dstream/core';
import { aborted, withAny } from './abort.ts';
import { pause } from './pause.ts';

/** So many, because one may fail for a reason of its own. */
const probesAtOnce = 4;

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
      if (!(await this.#place(over))) return;
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

  /** True when the caller has a place, which it must pass on; false when it is over before. */
  async #place(over: AbortSignal): Promise<boolean> {
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
