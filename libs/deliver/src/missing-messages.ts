/**
 * Detects messages that never arrived (docs/guarantees.md, rule 11): the topic accepted them, and they expired, were removed, or were
 * dead-lettered by the broker. Neither ingester nor processor can see that alone, so each message carries what it follows.
 *
 * The detector of a session knows the newest change that has arrived. A message that follows a newer one has missing
 * messages before it. That is certain once a message arrived since the session's state was loaded; the first message is
 * compared with the state, which may be older than what was settled: then they are only possibly missing. `/status`, metrics
 * and configuration call this a hole.
 */
import {
  followsOf,
  isNewer,
  lastChangeOf,
  shorten,
  type ChangeMetadata,
  type Clock,
  type Hash,
  type IncomingMessage,
  type Log,
  type Progress,
  type StampedEvent,
} from '@dstream/core';
import { fieldsOf, type DecodedMessage } from './decode-message.ts';
import type { ProcessorMetrics } from './processor-metrics.ts';

/** Missing messages of all sessions in `/status`. Counts are since the start of the process. */
export interface HolesReport {
  readonly certain: number;
  /** Detected by the first message after a session's state was loaded: the state may be older than what was settled. */
  readonly possible: number;
  readonly last: HoleReport | null;
}

/** The last ones in `/status`. */
export interface HoleReport {
  readonly session: string;
  /** `schema.table`. */
  readonly table: string | null;
  readonly certain: boolean;
  /** The newest change that had arrived; null for a session without a state. */
  readonly after: Progress | null;
  /** The last change that is missing. */
  readonly upTo: Progress;
  /** When it was detected, ISO 8601, UTC. */
  readonly at: string;
}

/** Messages that are missing before a message. */
export interface MissingMessages {
  readonly certain: boolean;
  /** The newest change that had arrived before; undefined for a session without a state. */
  readonly after: Progress | undefined;
  /** The last change that is missing. */
  readonly upTo: Progress;
  /** Progress of the last change that could be read since the state was loaded. */
  readonly lastRead: ChangeMetadata | undefined;
}

/** Detects the missing messages of one session. */
export class MissingMessagesDetector {
  #newest: Progress | undefined;
  #certain = false;
  #lastRead: ChangeMetadata | undefined;

  /** Called once, with the progress in the session's state. */
  loaded(settled: Progress | undefined): void {
    [this.#newest, this.#certain, this.#lastRead] = [settled, false, undefined];
  }

  /** Called once for every message, in order. Returns what is missing before it. */
  before(
    { properties }: IncomingMessage,
    { changes, newest }: Pick<DecodedMessage, 'changes' | 'newest'>,
  ): MissingMessages | undefined {
    const upTo = followsOf(properties);
    const missing =
      upTo === undefined || !isNewer(upTo, this.#newest)
        ? undefined
        : { certain: this.#certain, after: this.#newest, upTo, lastRead: this.#lastRead };
    // By the properties too: a message that cannot be read has arrived.
    for (const arrived of [lastChangeOf(properties), newest])
      if (arrived !== undefined && isNewer(arrived, this.#newest)) this.#newest = arrived;
    this.#lastRead = changes.at(-1)?.event.metadata ?? this.#lastRead;
    this.#certain = true;
    return missing;
  }
}

/** Logs and counts the missing messages of all sessions of a process. */
export class MissingMessagesRecord {
  readonly #clock: Pick<Clock, 'wallMs'>;
  readonly #metrics: Pick<ProcessorMetrics, 'missingMessages'>;
  #report: HolesReport = { certain: 0, possible: 0, last: null };

  constructor(clock: Pick<Clock, 'wallMs'>, metrics: Pick<ProcessorMetrics, 'missingMessages'>) {
    this.#clock = clock;
    this.#metrics = metrics;
  }

  get report(): HolesReport {
    return this.#report;
  }

  /** @param message which follows them @param log of the session */
  add(missing: MissingMessages, message: IncomingMessage, log: Log): void {
    const { certain, after = null, upTo } = missing;
    const certainty = certain ? 'certain' : 'possible';
    this.#metrics.missingMessages.inc({ certainty });
    const fields = { ...fieldsOf(message), after, upTo };
    if (certain) log.error('messages are missing: the topic accepted them and they never arrived', fields);
    else log.warn('messages may be missing: the session state is older than what a message follows', fields);
    const [session, at] = [message.sessionId ?? '', new Date(this.#clock.wallMs()).toISOString()];
    const last = { session, table: message.subject ?? null, certain, after, upTo, at };
    this.#report = { ...this.#report, [certainty]: this.#report[certainty] + 1, last };
  }
}

/** The parts of a change id (docs/messages.md). */
const maxId = 96;

/**
 * The event that reports missing messages with `on_hole = "gap"`. Its generation and position are those of the last
 * missing change, so it sorts between the changes before and after. The same missing messages always give the same id.
 * Undefined where the change before them is not known.
 * @param next of the first change after them
 */
export function gapEvent(
  { upTo, lastRead }: MissingMessages,
  next: StampedEvent['metadata'],
  session: string,
  hash: Hash,
): StampedEvent | undefined {
  if (lastRead === undefined) return undefined;
  const { changed: _changed, unavailable: _unavailable, ...place } = next;
  const metadata = {
    ...place,
    ...upTo,
    id: shorten(`hole:${session}:${upTo.generation}:${upTo.position}`, maxId, hash),
    operation: 'gap',
    key: null,
    gap: {
      reason: 'MessagesLost',
      from: { lsn: lsnOf(lastRead), at: lastRead.committedAt },
      to: { lsn: lsnOf(next), at: next.committedAt },
    },
    sequence: 0,
  } as const;
  return { data: null, metadata };
}

function lsnOf({ origin: { lsn }, position }: ChangeMetadata): string {
  return typeof lsn === 'string' ? lsn : position;
}
