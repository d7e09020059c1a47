/**
 * Finds messages that never came (DESIGN 5, rule 11): the topic accepted them, and they expired, were removed, or were
 * dead-lettered by the broker. Neither ingester nor processor can see that alone, so each message says what it follows.
 *
 * A `HoleWatch` knows the newest change that has come by its session. A message that follows a newer one is behind a hole.
 * That is certain once a message came since the session's state was loaded; the first one is compared with the state,
 * which may lag behind what was settled: then a hole is only possible.
 */
import {
  followsOf,
  isNewer,
  lastChangeOf,
  type ChangeMetadata,
  type Clock,
  type IncomingMessage,
  type Log,
  type Progress,
  type StampedEvent,
} from '@dstream/core';
import type { DecodedChange } from './decode-message.ts';
import type { ProcessorMetrics } from './processor-metrics.ts';
import type { HolesReport } from './processor-report.ts';
import { fieldsOf } from './settlement.ts';

/** What is missing from a session. */
export interface Hole {
  readonly certain: boolean;
  /** The newest change that had come before; undefined for a session without a state. */
  readonly after: Progress | undefined;
  /** The last change that is missing. */
  readonly upTo: Progress;
  /** Of the last change that could be read, since the state was loaded. */
  readonly lastRead: ChangeMetadata | undefined;
}

export class HoleWatch {
  #newest: Progress | undefined;
  #certain = false;
  #lastRead: ChangeMetadata | undefined;

  /** What the session's state says. */
  loaded(settled: Progress | undefined): void {
    [this.#newest, this.#certain, this.#lastRead] = [settled, false, undefined];
  }

  /** To be called once for every message, in their order: the hole before it, if there is one. */
  before({ properties }: IncomingMessage, changes: readonly DecodedChange[]): Hole | undefined {
    const upTo = followsOf(properties);
    const missing = upTo !== undefined && isNewer(upTo, this.#newest);
    const hole = missing && { certain: this.#certain, after: this.#newest, upTo, lastRead: this.#lastRead };
    this.#came(lastChangeOf(properties));
    for (const { event } of changes) this.#read(event);
    this.#certain = true;
    return hole || undefined;
  }

  /** By the properties: what cannot be read has come too. */
  #came(change: Progress | undefined): void {
    if (change !== undefined && isNewer(change, this.#newest)) this.#newest = change;
  }

  #read({ metadata }: StampedEvent): void {
    const { generation, position } = metadata;
    this.#came({ generation, position });
    this.#lastRead = metadata;
  }
}

/** What all sessions of a process have found: for the log, the metrics and `/status`. */
export class HoleRecord {
  readonly #clock: Pick<Clock, 'wallMs'>;
  readonly #metrics: Pick<ProcessorMetrics, 'hole'>;
  #report: HolesReport = { certain: 0, possible: 0, last: null };

  constructor(clock: Pick<Clock, 'wallMs'>, metrics: Pick<ProcessorMetrics, 'hole'>) {
    this.#clock = clock;
    this.#metrics = metrics;
  }

  get report(): HolesReport {
    return this.#report;
  }

  /** @param log of the session */
  add(hole: Hole, message: IncomingMessage, log: Log): void {
    const { certain, after = null, upTo } = hole;
    this.#metrics.hole(certain);
    const fields = { ...fieldsOf(message), after, upTo };
    if (certain) log.error('changes are missing: their messages were accepted and never came', fields);
    else
      log.warn(
        'changes may be missing: the state of the session is older than what a message follows',
        fields,
      );
    const [session, at] = [message.sessionId ?? '', new Date(this.#clock.wallMs()).toISOString()];
    const last = { session, table: message.subject ?? null, certain, after, upTo, at };
    const counted = certain ? 'certain' : 'possible';
    this.#report = { ...this.#report, [counted]: this.#report[counted] + 1, last };
  }
}
