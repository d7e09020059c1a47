/** What a transform counts, for all sessions: for the metrics, for `/status` and for the log. */
import type { ChangeMatch, Clock, DStreamError, Log, Transform } from '@dstream/core';
import { Reminders, SharedFailureLog } from '@dstream/async';
import { about, type DecodedChange } from './decode-message.ts';
import type { TransformMetrics, TransformOutcome } from './processor-metrics.ts';
import type { SharedAttemptLog } from './waiting-log.ts';

/** One configured transform, as the processor is given it. */
export interface ConfiguredTransform {
  readonly name: string;
  /** `columns`, `script`, … */
  readonly type: string;
  /** Other changes pass it by. */
  readonly match: ChangeMatch;
  /** What becomes of a change on which it fails: `pass` delivers it as it was before this transform. */
  readonly onError: 'dead_letter' | 'drop' | 'pass';
  readonly transform: Transform;
}

/** A transform in `/status`. Counts are of changes, since the start of the process; repeats count again. */
export interface TransformReport {
  readonly name: string;
  /** `columns`, `script`, … */
  readonly type: string;
  readonly unchanged: number;
  readonly changed: number;
  /** Dropped on purpose. */
  readonly dropped: number;
  /** On which it failed; what becomes of them is its `on_error`. */
  readonly failed: number;
  /** The newest failure; null before the first. */
  readonly lastError: { readonly at: string; readonly code: string; readonly reason: string } | null;
}

/** Options of a `TransformMonitor`. */
export interface TransformMonitorOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: TransformMetrics;
}

/** One transform of a processor. */
export class TransformMonitor {
  readonly configured: ConfiguredTransform;
  readonly #options: TransformMonitorOptions;
  readonly #counts: Record<TransformOutcome, number> = { unchanged: 0, changed: 0, dropped: 0, failed: 0 };
  readonly #attempts: SharedFailureLog;
  #reminders: Reminders | undefined;
  #lastError: TransformReport['lastError'] = null;

  constructor(configured: ConfiguredTransform, options: TransformMonitorOptions) {
    this.configured = configured;
    this.#options = options;
    const { log, clock } = options;
    this.#attempts = new SharedFailureLog(`transform ${configured.name}`, 'sessions', log, clock);
  }

  /** The attempts of one session: a failure is logged once, however many sessions wait. @param session logged as the example */
  attempts(session: string): SharedAttemptLog {
    return this.#attempts.part(session);
  }

  count(outcome: TransformOutcome, changes: number): void {
    if (changes === 0) return;
    this.#counts[outcome] += changes;
    this.#options.metrics.changes(outcome, changes);
  }

  /** It failed on a change for good. Logged where the change is not dead-lettered, which is logged with its message. */
  failed(change: DecodedChange, error: DStreamError): void {
    const { clock, log } = this.#options;
    const { name, onError } = this.configured;
    const { code, message: reason } = error;
    this.count('failed', 1);
    this.#lastError = { at: new Date(clock.wallMs()).toISOString(), code, reason };
    if (onError === 'dead_letter' || !this.#isDue()) return;
    const what = onError === 'drop' ? 'dropping them' : 'delivering them untransformed';
    log.warn(`transform ${name} fails on changes; ${what}`, { ...about(change), error });
  }

  /** One call has taken this long. @param startedMs monotonic */
  called(startedMs: number): void {
    this.#options.metrics.seconds.observe((this.#options.clock.monotonicMs() - startedMs) / 1000);
  }

  report(): TransformReport {
    const { name, type } = this.configured;
    return { name, type, ...this.#counts, lastError: this.#lastError };
  }

  /** At the first failure, then at growing intervals. */
  #isDue(): boolean {
    const now = this.#options.clock.monotonicMs();
    if (this.#reminders !== undefined) return this.#reminders.due(now);
    this.#reminders = new Reminders(now);
    return true;
  }
}
