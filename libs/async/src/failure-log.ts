/** Logs something that fails again and again: once when it begins, at growing intervals while it lasts, once when it is over. */
import type { Clock, DStreamError, Log, LogFields } from '@dstream/core';

/** Causes that get an error line of their own during one outage, at most, however they alternate. */
const mostCauses = 20;

/** Which failures get a line of their own, and how loud the first one is. */
export interface FailureLogOptions {
  /**
   * Which errors get an error line although the failure was logged before: each new message (`every`, the default), or
   * each new code of disposition `fatal` (`fatal`: for what fails with ever new texts, such as a broker's tracking ids).
   */
  readonly causes?: 'every' | 'fatal';
  /** Level of the first line when its error is not such a cause; `error` unless given. */
  readonly firstLevel?: 'warn' | 'error';
}

/**
 * The log of one thing that is tried again and again: `X failed; retrying` once for each cause, `X still failing;
 * retrying` at growing intervals (`Reminders`), `X recovered` at the first success. Other failures are debug lines.
 */
export class FailureLog {
  readonly #what: string;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #options: FailureLogOptions;
  readonly #causes = new Set<string>();
  #reminders: Reminders | undefined;

  /** @param what begins every line: `sending to the topic` */
  constructor(what: string, log: Log, clock: Clock, options: FailureLogOptions = {}) {
    this.#what = what;
    this.#log = log;
    this.#clock = clock;
    this.#options = options;
  }

  /** To be called for every failed attempt. @param fields what the attempt was about: a message, a session */
  failed(error: DStreamError, fields: LogFields = {}): void {
    const now = this.#clock.monotonicMs();
    const isFirst = this.#reminders === undefined;
    const reminders = (this.#reminders ??= new Reminders(now));
    const [isDue, isNews] = [reminders.due(now), this.#isNewCause(error)];
    const sinceSeconds = secondsBetween(reminders.sinceMs, now);
    const line = { code: error.code, reason: error.message, sinceSeconds, ...fields };
    if (isNews) this.#log.error(`${this.#what} failed; retrying`, line);
    else if (isFirst) this.#log[this.#options.firstLevel ?? 'error'](`${this.#what} failed; retrying`, line);
    else if (isDue) this.#log.error(`${this.#what} still failing; retrying`, line);
    else this.#log.debug(`${this.#what} still failing`, line);
  }

  /** To be called for every success; the first after a failure is logged. */
  succeeded(fields: LogFields = {}): void {
    this.#ended(`${this.#what} recovered`, fields);
  }

  /** It is not tried any more, so whether it would work now is not known. */
  abandoned(fields: LogFields = {}): void {
    this.#ended(`${this.#what} no longer tried here`, fields);
  }

  #isNewCause({ message, code, disposition }: DStreamError): boolean {
    const { causes = 'every' } = this.#options;
    const cause = causes === 'every' ? message : code;
    if (causes === 'fatal' && disposition !== 'fatal') return false;
    if (this.#causes.has(cause) || this.#causes.size === mostCauses) return false;
    this.#causes.add(cause);
    return true;
  }

  #ended(sentence: string, fields: LogFields): void {
    if (this.#reminders === undefined) return;
    const afterSeconds = secondsBetween(this.#reminders.sinceMs, this.#clock.monotonicMs());
    this.#log.info(sentence, { afterSeconds, ...fields });
    this.#reminders = undefined;
    this.#causes.clear();
  }
}

/** Seconds with one decimal. */
function secondsBetween(startMs: number, endMs: number): number {
  return Math.round((endMs - startMs) / 100) / 10;
}

/** Reminders are due 1, 5, 15 and 60 minutes after the failure began, then every hour. */
const dueAfterMs = [60_000, 300_000, 900_000, 3_600_000] as const;
const everyMs = 3_600_000;

/**
 * Decides when a failure that lasts is logged again: at growing intervals, so that a log that was rotated still
 * shows it and none is flooded. Times are milliseconds of the monotonic clock.
 */
export class Reminders {
  readonly sinceMs: number;
  #given = 0;

  /** @param sinceMs when the failure began and was logged first */
  constructor(sinceMs: number) {
    this.sinceMs = sinceMs;
  }

  /** True when a reminder has become due since the last one. Several that were missed count as one. */
  due(nowMs: number): boolean {
    const due = dueBy(nowMs - this.sinceMs);
    if (due <= this.#given) return false;
    this.#given = due;
    return true;
  }
}

/** How many reminders have become due in so long. */
function dueBy(elapsedMs: number): number {
  const listed = dueAfterMs.filter((ms) => ms <= elapsedMs).length;
  const [, , , lastMs] = dueAfterMs;
  return listed + Math.max(0, Math.floor((elapsedMs - lastMs) / everyMs));
}
