/**
 * Which changes were settled before (DESIGN 5, rule 4). A filter judges the changes of one step; only what was settled
 * is remembered, so that a step that failed is judged anew.
 */
import { isNewer, RecentIds, type Progress, type StampedEvent } from '@dstream/core';

export interface Repeats {
  /** For one step: true for a change that is new, and was not shown to this filter before. */
  filter(): (event: StampedEvent) => boolean;
  /** These are settled. */
  settled(events: readonly StampedEvent[]): void;
}

/** With a session: by its progress. What is not newer was settled before. */
export class SessionRepeats implements Repeats {
  progress: Progress | undefined;

  filter(): (event: StampedEvent) => boolean {
    let newest = this.progress;
    return (event) => {
      if (!isNewer(progressOf(event), newest)) return false;
      newest = progressOf(event);
      return true;
    };
  }

  settled(events: readonly StampedEvent[]): void {
    for (const event of events)
      if (isNewer(progressOf(event), this.progress)) this.progress = progressOf(event);
  }
}

/** Without sessions: a bounded memory of ids does what it can. */
export class IdRepeats implements Repeats {
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

  settled(events: readonly StampedEvent[]): void {
    for (const { metadata } of events) this.#recent.add(metadata.id);
  }
}

function progressOf({ metadata }: StampedEvent): Progress {
  return { generation: metadata.generation, position: metadata.position };
}
