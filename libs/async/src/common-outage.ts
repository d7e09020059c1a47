import { Reminders, type Clock, type DStreamError, type Log } from '@dstream/core';
import { logFailing, secondsFrom } from './outage.ts';
import { ProbeTurns } from './probe-turns.ts';

/** One of those that an outage may hit. */
export interface OutagePart {
  /** To be called for every failed attempt. */
  failed(error: DStreamError): void;
  /** To be called for every success. */
  succeeded(): void;
  /** It is waited for no more: it tries nothing again. */
  left(): void;
  /**
   * To be awaited before the next attempt: see `ProbeTurns`. Resolves at once, never rejects, when one of `until`
   * aborts.
   */
  wait(...until: readonly AbortSignal[]): Promise<void>;
  /** As `wait`, after a failure that is likely its own: takes no turn, and waits for `ms` unless the others are back. */
  waitAlone(ms: number, ...until: readonly AbortSignal[]): Promise<void>;
}

/**
 * An outage of something that many depend on, as all tables on one database: said once when the first of them fails
 * and once when the last of them works again, with how many there were, instead of once for each. An error that a
 * person must mend is news after errors that pass; other differences are for the debug level. Long ones are
 * repeated at growing intervals (`Reminders`). While it lasts only a few of them try at a time; as soon as one
 * succeeds all do.
 */
export class CommonOutage {
  readonly #what: string;
  readonly #counted: string;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #failing = new Set<OutagePart>();
  readonly #counting = new Set<OutagePart>();
  readonly #turns: ProbeTurns;
  #reminders = new Reminders(0);
  #saidFatal = false;
  #most = 0;

  /** @param counted what the parts are, as the name of a field: `tables` */
  constructor(what: string, counted: string, log: Log, clock: Clock, random?: () => number) {
    this.#what = what;
    this.#counted = counted;
    this.#log = log;
    this.#clock = clock;
    this.#turns = new ProbeTurns(clock, random);
  }

  /** `name` is said of the part that fails first: an error may be its own. `counts` is false for one that is not counted. */
  part(name: string, { counts = true } = {}): OutagePart {
    const part: OutagePart = {
      failed: (error) => {
        if (counts) this.#counting.add(part);
        this.#failed(part, name, error);
      },
      succeeded: () => this.#succeeded(part),
      left: () => this.#ended(part, 'not tried here any more'),
      wait: (...until) => this.#turns.wait(...until),
      waitAlone: (ms, ...until) => this.#turns.waitAlone(ms, ...until),
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
    const news = first || (fatal && !this.#saidFatal);
    const isDue = this.#reminders.due(now);
    const fields = {
      code: error.code,
      reason: error.message,
      sinceSeconds: this.#seconds(now),
      example: name,
      [this.#counted]: this.#counting.size,
    };
    logFailing(this.#log, this.#what, { isNews: news, isDue }, fields);
    this.#saidFatal ||= fatal && (news || isDue);
  }

  #begin(now: number): void {
    this.#reminders = new Reminders(now);
    this.#saidFatal = false;
    this.#most = 0;
  }

  #succeeded(part: OutagePart): void {
    // One that was not failing says nothing of what the others wait for.
    if (this.#failing.has(part)) this.#turns.back();
    this.#ended(part, 'working again');
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
    return secondsFrom(this.#reminders.sinceMs, now);
  }
}
