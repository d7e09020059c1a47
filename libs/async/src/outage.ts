import { Reminders, type Clock, type DStreamError, type Log, type LogFields } from '@dstream/core';

/** Causes that are said of one outage, at most: each once, however they alternate. */
const mostCauses = 20;

/**
 * Says an outage once when it begins and once when it ends, instead of once per attempt: one error line for each cause
 * is what the operator needs. Long ones are repeated at growing intervals (`Reminders`).
 */
export class Outage {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #what: string;
  #reminders: Reminders | undefined;
  readonly #said = new Set<string>();

  constructor(what: string, log: Log, clock: Clock) {
    this.#what = what;
    this.#log = log;
    this.#clock = clock;
  }

  /** To be called for every failed attempt. `about` says what it was of: a message, a session. */
  failed(error: DStreamError, about: LogFields = {}): void {
    const now = this.#clock.monotonicMs();
    const first = this.#reminders === undefined;
    const reminders = (this.#reminders ??= new Reminders(now));
    const sinceSeconds = secondsFrom(reminders.sinceMs, now);
    const fields = { code: error.code, reason: error.message, sinceSeconds, ...about };
    const isNew = !this.#said.has(error.message) && this.#said.size < mostCauses;
    const isDue = reminders.due(now);
    if (isNew) this.#said.add(error.message);
    logFailing(this.#log, this.#what, { isNews: first || isNew, isDue }, fields);
  }

  /** To be called for every success. */
  succeeded(): void {
    if (this.#reminders === undefined) return;
    const seconds = secondsFrom(this.#reminders.sinceMs, this.#clock.monotonicMs());
    this.#log.info(`${this.#what}: working again`, { afterSeconds: seconds });
    this.#reminders = undefined;
    this.#said.clear();
  }
}

/** One line for a failed attempt, as loud as it is new. */
export function logFailing(
  log: Log,
  what: string,
  { isNews, isDue }: { readonly isNews: boolean; readonly isDue: boolean },
  fields: LogFields,
): void {
  if (isNews) log.error(`${what}: failing, trying again`, fields);
  else if (isDue) log.error(`${what}: still failing, trying again`, fields);
  else log.debug(`${what}: still failing`, fields);
}

/** Seconds between two monotonic times, with one digit. */
export function secondsFrom(startMs: number, endMs: number): number {
  return Math.round((endMs - startMs) / 100) / 10;
}
