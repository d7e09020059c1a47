/**
 * Finds changes that are dropped as repeats and never came (DESIGN 5, rules 3 and 4): their generation is older than
 * what the session has settled, and their position is beyond it. It happens when the checkpoint of a table was set back,
 * as by a restored storage account, or when something else than its ingester has sent a newer generation. They are
 * dropped, because the newer generation stands for another history; but nobody is to be left without a word.
 */
import { tableName, type Clock, type Log, type Progress, type StampedEvent } from '@dstream/core';
import { Reminders } from '@dstream/async';
import type { ProcessorMetrics } from './processor-metrics.ts';

export interface OutdatedWatchOptions {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly metrics: Pick<ProcessorMetrics, 'outdated'>;
  /** Of the session. */
  readonly log: Log;
}

export class OutdatedWatch {
  readonly #options: OutdatedWatchOptions;
  #reminders: Reminders | undefined;

  constructor(options: OutdatedWatchOptions) {
    this.#options = options;
  }

  /** To be called with what is dropped. @param newest of what the session has delivered */
  dropped(events: readonly StampedEvent[], newest: Progress | undefined): void {
    if (newest === undefined) return;
    const outdated = events.filter(({ metadata }) => neverCame(metadata, newest));
    const [first] = outdated;
    if (first === undefined) return;
    this.#options.metrics.outdated(outdated.length);
    this.#say(first.metadata, newest);
  }

  #say({ generation, position, ...metadata }: StampedEvent['metadata'], newest: Progress): void {
    const { clock, log } = this.#options;
    const now = clock.monotonicMs();
    const first = this.#reminders === undefined;
    this.#reminders ??= new Reminders(now);
    if (!this.#reminders.due(now) && !first) return;
    log.error(
      'changes are dropped that never came: their generation is older than what the session has settled; ' +
        'delete the checkpoint of the table so that it begins anew',
      { table: tableName(metadata), dropped: { generation, position }, settled: newest },
    );
  }
}

function neverCame({ generation, position }: Progress, newest: Progress): boolean {
  return generation < newest.generation && position > newest.position;
}
