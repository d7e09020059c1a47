/**
 * How a process is stopped. Running → draining (first signal: take nothing new, finish, save, release) → aborted
 * (time is up, a second signal, or SIGQUIT: end at once). Each state is entered once and never left.
 */
import type { Clock, Log, StopSignals } from '@dstream/core';

/** The two signals of one process's stop. Dispose it to leave no timer behind. */
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

  /** Called for a signal: the first drains, the second aborts; further ones do nothing. */
  request(why: string): void {
    if (this.#requested) {
      this.#abort(`${why} again`);
      return;
    }
    this.#requested = true;
    this.drain(why);
  }

  /** Drains without counting as a signal: for when a part of the process has failed and the rest must finish. */
  drain(why: string): void {
    if (this.#draining.signal.aborted) return;
    this.#draining.abort(new Error(`stopping: ${why}`));
    void this.#clock.sleep(this.#timeoutMs, this.#timer.signal).then(
      () => this.#abort(`not finished within ${this.#timeoutMs} ms`),
      () => undefined,
    );
  }

  /** Aborts at once, whether or not it was draining before. */
  abort(why: string): void {
    this.drain(why);
    this.#abort(why);
  }

  #abort(why: string): void {
    this.#timer.abort();
    this.#aborted.abort(new Error(`stopped: ${why}`));
  }

  [Symbol.dispose](): void {
    this.#timer.abort();
  }
}

/** True when the launcher reports that this process was started with SIGHUP ignored, as `nohup` does. */
export function ignoresHangup(env: Readonly<Record<string, string | undefined>>): boolean {
  return env['DSTREAM_HANGUP'] === 'ignored';
}

/**
 * SIGTERM and SIGINT drain, and abort when they come again. SIGHUP drains, however often it comes (a closing terminal
 * may send two), or does nothing where it is ignored. SIGQUIT aborts. Dispose to remove the handlers.
 */
export function stopOnSignals(
  stop: Stop,
  log: Log,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Disposable {
  const request = (name: string) => {
    log.info('received signal; draining (a second signal aborts)', { signal: name });
    stop.request(name);
  };
  const handlers = {
    SIGTERM: request,
    SIGINT: request,
    SIGHUP: (name: string) => {
      if (ignoresHangup(env)) return;
      log.info('terminal closed; draining', { signal: name });
      stop.drain(name);
    },
    SIGQUIT: (name: string) => {
      log.warn('received signal; aborting', { signal: name });
      stop.abort(name);
    },
  };
  for (const [name, handler] of Object.entries(handlers)) process.on(name, handler);
  return {
    [Symbol.dispose]: () => {
      for (const [name, handler] of Object.entries(handlers)) process.off(name, handler);
    },
  };
}
