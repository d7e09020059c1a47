import type { Clock, DStreamError, Log } from '@dstream/core';

/** After this long an outage is said again, at error level, once in each such period. */
const remindMs = 300_000;

/** One of those that an outage may hit. */
export interface OutagePart {
  /** To be called for every failed attempt. */
  failed(error: DStreamError): void;
  /** To be called for every success. */
  succeeded(): void;
  /** It is waited for no more: it tries nothing again. */
  left(): void;
}

/**
 * An outage of something that many depend on, as all tables on one database: said once when the first of them fails
 * and once when the last of them works again, with how many there were, instead of once for each. An error that a
 * person must mend is news after errors that pass; other differences are for the debug level. Long ones are
 * repeated every five minutes.
 */
export class CommonOutage {
  readonly #what: string;
  readonly #counted: string;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #failing = new Set<OutagePart>();
  readonly #counting = new Set<OutagePart>();
  #since = 0;
  #saidAt = 0;
  #saidFatal = false;
  #most = 0;

  /** @param counted what the parts are, as the name of a field: `tables` */
  constructor(what: string, counted: string, log: Log, clock: Clock) {
    this.#what = what;
    this.#counted = counted;
    this.#log = log;
    this.#clock = clock;
  }

  /** `name` is said of the part that fails first: an error may be its own. `counts` is false for one that is not counted. */
  part(name: string, { counts = true } = {}): OutagePart {
    const part: OutagePart = {
      failed: (error) => {
        if (counts) this.#counting.add(part);
        this.#failed(part, name, error);
      },
      succeeded: () => this.#ended(part, 'working again'),
      left: () => this.#ended(part, 'not tried here any more'),
    };
    return part;
  }

  #failed(part: OutagePart, name: string, error: DStreamError): void {
    const now = this.#clock.monotonicMs();
    const first = this.#failing.size === 0;
    if (first) this.#begin(now);
    this.#failing.add(part);
    this.#most = Math.max(this.#most, this.#counting.size);
    const fatal = error.disposition === 'fatal';
    const news = first || (fatal && !this.#saidFatal) || now - this.#saidAt >= remindMs;
    const fields = {
      code: error.code,
      reason: error.message,
      sinceSeconds: this.#seconds(now),
      example: name,
      [this.#counted]: this.#counting.size,
    };
    if (!news) {
      this.#log.debug(`${this.#what}: still failing`, fields);
      return;
    }
    this.#saidAt = now;
    this.#saidFatal ||= fatal;
    this.#log.error(`${this.#what}: failing, trying again`, fields);
  }

  #begin(now: number): void {
    this.#since = now;
    this.#saidFatal = false;
    this.#most = 0;
  }

  #ended(part: OutagePart, how: string): void {
    this.#counting.delete(part);
    if (!this.#failing.delete(part) || this.#failing.size > 0) return;
    this.#log.info(`${this.#what}: ${how}`, {
      afterSeconds: this.#seconds(this.#clock.monotonicMs()),
      [this.#counted]: this.#most,
    });
  }

  #seconds(now: number): number {
    return Math.round((now - this.#since) / 100) / 10;
  }
}
