/**
 * Which changes were settled before (DESIGN 5, rule 4). A filter judges the changes of one step. Remembered is what was
 * settled, and what was delivered and could not be settled any more because the lock was lost: it comes again, to be
 * settled without being delivered again. A step that failed before that is judged anew.
 */
import { isNewer, RecentIds, type Progress, type StampedEvent } from '@dstream/core';

export interface Repeats {
  /** The newest that was delivered; undefined where changes are not compared by their order. */
  readonly newest: Progress | undefined;
  /** For one step: true for a change that is new, and was not shown to this filter before. */
  filter(): (event: StampedEvent) => boolean;
  /** Every required output has these messages, but for what failed of them; they are not settled yet. In order. */
  delivered(messages: readonly DeliveredMessage[]): void;
  /** These are settled. */
  settled(events: readonly StampedEvent[]): void;
}

export interface DeliveredMessage {
  /** The changes that the outputs have accepted. */
  readonly events: readonly StampedEvent[];
  /** The others: the message still has to be dead-lettered with them. */
  readonly failures: readonly unknown[];
}

/** With a session: by its progress. What is not newer was settled before. */
export class SessionRepeats implements Repeats {
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
    return (event) => {
      if (!isNewer(progressOf(event), newest)) return false;
      newest = progressOf(event);
      return true;
    };
  }

  /** Up to the first message with a failure: what comes after it would hide that it was not dead-lettered yet. */
  delivered(messages: readonly DeliveredMessage[]): void {
    for (const { events, failures } of messages) {
      if (failures.length > 0) return;
      for (const event of events) this.#delivered = newer(progressOf(event), this.#delivered);
    }
  }

  settled(events: readonly StampedEvent[]): void {
    for (const event of events) this.progress = newer(progressOf(event), this.progress);
  }
}

/** Without sessions: a bounded memory of ids does what it can. */
export class IdRepeats implements Repeats {
  readonly newest = undefined;
  readonly #recent: RecentIds;

  constructor(remembered: number) {
    this.#recent = new RecentIds(remembered);
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
    for (const { events, failures } of messages) if (failures.length === 0) this.settled(events);
  }

  settled(events: readonly StampedEvent[]): void {
    for (const { metadata } of events) this.#recent.add(metadata.id);
  }
}

function newer(a: Progress | undefined, b: Progress | undefined): Progress | undefined {
  return a !== undefined && isNewer(a, b) ? a : b;
}

function progressOf({ metadata }: StampedEvent): Progress {
  return { generation: metadata.generation, position: metadata.position };
}
