/**
 * Recognises changes that were settled before (docs/guarantees.md, rule 4), by session or by id. Remembered is what was settled, and
 * what was delivered and could not be settled because the lock was lost: it arrives again, to be settled without being
 * delivered again. A step that failed before that is judged anew.
 */
import {
  failedIndexes,
  indexesIn,
  isNewer,
  maxChangesOfMessage,
  tableName,
  type Clock,
  type FailedChange,
  type IncomingMessage,
  type Log,
  type Progress,
  type StampedEvent,
} from '@dstream/core';
import { Reminders } from '@dstream/async';
import { progressOf, type DecodedChange } from './decode-message.ts';
import type { ProcessorMetrics } from './processor-metrics.ts';

/** Recognises the changes that were delivered before, of one session, or of all messages where there are no sessions. */
export interface Deduplicator {
  /** The newest that was delivered; undefined where changes are not compared by their order. */
  readonly newest: Progress | undefined;
  /** Called once for each step. The filter is true for a change that is new and that it has not seen before. */
  filter(): (event: StampedEvent) => boolean;
  /** Every required output has these messages, except for their failures; they are not settled yet. In order. */
  delivered(messages: readonly DeliveredMessage[]): void;
  /** These are settled. */
  settled(messages: readonly DeliveredMessage[]): void;
}

/** A message that the outputs have. */
export interface DeliveredMessage {
  /** The changes that they have accepted. */
  readonly accepted: readonly DecodedChange[];
  /** The others: the message has to be dead-lettered with them. */
  readonly failures: readonly unknown[];
}

/** Compares changes with the progress of their session: what is not newer was settled before. */
export class SessionDeduplicator implements Deduplicator {
  /** What is settled: this may be saved in the session's state. */
  progress: Progress | undefined;
  #delivered: Progress | undefined;

  /** What must not be delivered again by this process; never older than `progress`. */
  get newest(): Progress | undefined {
    return newer(this.#delivered, this.progress);
  }

  /** @param delivered what this process remembers of an earlier hold */
  resume(saved: Progress | undefined, delivered: Progress | undefined): void {
    this.progress = saved;
    this.#delivered = delivered;
  }

  filter(): (event: StampedEvent) => boolean {
    let { newest } = this;
    return ({ metadata }) => {
      if (!isNewer(metadata, newest)) return false;
      newest = metadata;
      return true;
    };
  }

  /** Up to the first message with a failure: what comes after it would hide that it was not dead-lettered yet. */
  delivered(messages: readonly DeliveredMessage[]): void {
    const failed = messages.findIndex(({ failures }) => failures.length > 0);
    this.#delivered = newestOf(failed < 0 ? messages : messages.slice(0, failed), this.#delivered);
  }

  settled(messages: readonly DeliveredMessage[]): void {
    this.progress = newestOf(messages, this.progress);
  }
}

/** Remembers the ids of the last changes, where there are no sessions. Bounded, so a late repeat is delivered. */
export class IdDeduplicator implements Deduplicator {
  readonly newest = undefined;
  /** Oldest first: a set keeps the order of insertion. */
  readonly #recent = new Set<string>();
  readonly #remembered: number;

  /** @param remembered ids, at most */
  constructor(remembered: number) {
    this.#remembered = remembered;
  }

  filter(): (event: StampedEvent) => boolean {
    const seen = new Set<string>();
    return ({ metadata: { id } }) => {
      if (seen.has(id) || this.#recent.has(id)) return false;
      seen.add(id);
      return true;
    };
  }

  delivered(messages: readonly DeliveredMessage[]): void {
    this.settled(messages.filter(({ failures }) => failures.length === 0));
  }

  settled(messages: readonly DeliveredMessage[]): void {
    for (const { accepted } of messages) for (const { event } of accepted) this.#remember(event.metadata.id);
  }

  #remember(id: string): void {
    this.#recent.delete(id);
    this.#recent.add(id);
    if (this.#recent.size <= this.#remembered) return;
    const oldest = this.#recent.values().next();
    if (oldest.done !== true) this.#recent.delete(oldest.value);
  }
}

function newestOf(messages: readonly DeliveredMessage[], before: Progress | undefined): Progress | undefined {
  let newest = before;
  for (const { accepted } of messages)
    for (const { event } of accepted) if (isNewer(event.metadata, newest)) newest = event.metadata;
  return newest === before ? before : newest && progressOf(newest);
}

function newer(a: Progress | undefined, b: Progress | undefined): Progress | undefined {
  return a !== undefined && isNewer(a, b) ? a : b;
}

/** What the broker adds to a dead letter, and tools leave on what they replay. */
const brokerReason = 'DeadLetterReason';

const replayed =
  'replayed from the dead-letter queue after its session had settled later changes; it was not delivered';

/**
 * Changes of a replayed dead letter that would be lost: they are dropped as repeats, because their session has settled later
 * changes, though they were never delivered. They keep the message in the dead-letter queue. None for other messages.
 * @param dropped indexes of the changes that are dropped as repeats
 * @param outputs the required ones: none of them is known to have what the broker dead-lettered
 */
export function undelivered(
  { properties }: Pick<IncomingMessage, 'properties'>,
  dropped: readonly number[],
  outputs: readonly string[],
): readonly FailedChange[] {
  if (dropped.length === 0) return [];
  const failed = failedIndexes(properties);
  if (failed.size > 0)
    return [...failed].flatMap(([output, ranges]) => {
      const indexes = indexesIn(ranges, maxChangesOfMessage);
      return dropped
        .filter((index) => indexes.has(index))
        .map((index) => ({ index, output, reason: replayed }));
    });
  if (properties[brokerReason] === undefined) return [];
  return outputs.flatMap((output) => dropped.map((index) => ({ index, output, reason: replayed })));
}

/** Options of an `OutdatedChangeLog`. */
export interface OutdatedChangeLogOptions {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly metrics: Pick<ProcessorMetrics, 'outdated'>;
  /** Log of the session. */
  readonly log: Log;
}

/**
 * Reports changes that are dropped as repeats and were never delivered (docs/guarantees.md, rules 3 and 4): their generation is older
 * than what the session has settled, and their position is beyond it. It happens when the checkpoint of a table was set
 * back, as by a restored storage account, or when something else than its ingester has sent a newer generation. They are
 * dropped, because the newer generation is another history; but an operator must know.
 */
export class OutdatedChangeLog {
  readonly #options: OutdatedChangeLogOptions;
  #reminders: Reminders | undefined;

  constructor(options: OutdatedChangeLogOptions) {
    this.#options = options;
  }

  /** Called with the changes that are dropped as repeats. @param newest of what the session has delivered */
  dropped(changes: readonly DecodedChange[], newest: Progress | undefined): void {
    if (newest === undefined) return;
    const outdated = changes.filter(({ event }) => isOutdated(event.metadata, newest));
    const [first] = outdated;
    if (first === undefined) return;
    this.#options.metrics.outdated.inc(outdated.length);
    this.#report(first.event.metadata, newest);
  }

  /** Once for each hold of the session, then at growing intervals. */
  #report({ generation, position, ...metadata }: StampedEvent['metadata'], newest: Progress): void {
    const { clock, log } = this.#options;
    const now = clock.monotonicMs();
    const first = this.#reminders === undefined;
    this.#reminders ??= new Reminders(now);
    if (!this.#reminders.due(now) && !first) return;
    log.error(
      'dropped undelivered changes of an older generation; delete the table\'s checkpoint (docs/operations.md, "Restart a table from the beginning")',
      { table: tableName(metadata), dropped: { generation, position }, settled: newest },
    );
  }
}

function isOutdated({ generation, position }: Progress, newest: Progress): boolean {
  return generation < newest.generation && position > newest.position;
}
