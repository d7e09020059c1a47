/** What became of the messages that were replayed from the dead-letter queue (docs/guarantees.md, rule 8). */
import type { IncomingMessage, Log, Replay } from '@dstream/core';
import { fieldsOf } from './decode-message.ts';
import type { ProcessorMetrics } from './processor-metrics.ts';

/** Replayed messages in `/status`, since the start of the process. */
export interface ReplayReport {
  readonly delivered: number;
  /** Changes of them failed again. */
  readonly deadLettered: number;
  /** Completed unread: they were replayed for another subscription of the topic. */
  readonly skipped: number;
}

/** Logs and counts them, for all sessions of a process. */
export class ReplayRecord {
  readonly #metrics: Pick<ProcessorMetrics, 'replayed'>;
  #report: ReplayReport = { delivered: 0, deadLettered: 0, skipped: 0 };

  constructor(metrics: Pick<ProcessorMetrics, 'replayed'>) {
    this.#metrics = metrics;
  }

  get report(): ReplayReport {
    return this.#report;
  }

  /** Called when a replayed message was settled. @param log of the session */
  delivered(message: IncomingMessage, { count }: Replay, changes: number, log: Log): void {
    this.#add('delivered', 'delivered');
    log.info('delivered replayed message', { ...fieldsOf(message), replay: count, changes });
  }

  /** Its dead letter was logged. */
  deadLettered(): void {
    this.#add('deadLettered', 'dead_lettered');
  }

  /** @param log of the session */
  skipped(message: IncomingMessage, { subscription }: Replay, log: Log): void {
    this.#add('skipped', 'skipped');
    log.debug('completed message that was replayed for another subscription', {
      ...fieldsOf(message),
      subscription,
    });
  }

  #add(counted: keyof ReplayReport, outcome: string): void {
    this.#metrics.replayed.inc({ outcome });
    this.#report = { ...this.#report, [counted]: this.#report[counted] + 1 };
  }
}
