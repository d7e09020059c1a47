import type { Clock, DStreamError, Log } from '@dstream/core';

/** After this long an outage is said again, at error level, once in each such period. */
const remindMs = 300_000;

/** Causes that are said of one outage, at most: each once, however they alternate. */
const mostCauses = 20;

/**
 * Says an outage once when it begins and once when it ends, instead of once per attempt: one error line for each cause
 * is what the operator needs. Long ones are repeated every five minutes.
 */
export class Outage {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #what: string;
  #since: number | undefined;
  #saidAt = 0;
  readonly #said = new Set<string>();

  constructor(what: string, log: Log, clock: Clock) {
    this.#what = what;
    this.#log = log;
    this.#clock = clock;
  }

  /** To be called for every failed attempt. */
  failed(error: DStreamError): void {
    const now = this.#clock.monotonicMs();
    this.#since ??= now;
    const isNew = !this.#said.has(error.message) && this.#said.size < mostCauses;
    const news = isNew || now - this.#saidAt >= remindMs;
    const fields = { code: error.code, reason: error.message, sinceSeconds: secondsFrom(this.#since, now) };
    if (!news) {
      this.#log.debug(`${this.#what}: still failing`, fields);
      return;
    }
    this.#saidAt = now;
    this.#said.add(error.message);
    this.#log.error(`${this.#what}: failing, trying again`, fields);
  }

  /** To be called for every success. */
  succeeded(): void {
    if (this.#since === undefined) return;
    const seconds = secondsFrom(this.#since, this.#clock.monotonicMs());
    this.#log.info(`${this.#what}: working again`, { afterSeconds: seconds });
    this.#since = undefined;
    this.#said.clear();
  }
}

function secondsFrom(startMs: number, endMs: number): number {
  return Math.round((endMs - startMs) / 100) / 10;
}
