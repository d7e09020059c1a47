/**
 * How a process is stopped. Running → draining (first signal: take nothing new, finish, save, release) → aborted
 * (time is up, or a second signal: give up now). Each state is entered once and never left.
 */
import type { Clock, Log, StopSignals } from '@dstream/core';

export class Stop implements StopSignals, Disposable {
  readonly #draining = new AbortController();
  readonly #aborted = new AbortController();
  readonly #timer = new AbortController();
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  #requested = false;

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  get draining(): AbortSignal {
    return this.#draining.signal;
  }

  get aborted(): AbortSignal {
    return this.#aborted.signal;
  }

  /** What a signal calls: the first drains, the second aborts; further ones do nothing. */
  request(why: string): void {
    if (this.#requested) {
      this.#abort(`${why} again`);
      return;
    }
    this.#requested = true;
    this.drain(why);
  }

  /** Drains without counting as a signal: what is left of a process finishes when a part of it has failed. */
  drain(why: string): void {
    if (this.#draining.signal.aborted) return;
    this.#draining.abort(new Error(`stopping: ${why}`));
    void this.#clock.sleep(this.#timeoutMs, this.#timer.signal).then(
      () => this.#abort(`not finished within ${this.#timeoutMs} ms`),
      () => undefined,
    );
  }

  #abort(why: string): void {
    this.#timer.abort();
    this.#aborted.abort(new Error(`stopped: ${why}`));
  }

  [Symbol.dispose](): void {
    this.#timer.abort();
  }
}

const signals = ['SIGTERM', 'SIGINT'] as const;

/** Lets SIGTERM and SIGINT request the stop. Dispose to take the handlers off again. */
export function stopOnSignals(stop: Stop, log: Log): Disposable {
  const handlers = signals.map((name) => {
    const handler = () => {
      log.info('signal received: the first one drains, a second one gives up', { signal: name });
      stop.request(name);
    };
    process.on(name, handler);
    return () => process.off(name, handler);
  });
  return {
    [Symbol.dispose]: () => {
      for (const remove of handlers) remove();
    },
  };
}
