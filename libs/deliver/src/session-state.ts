/** The progress of a session, in the broker's session state and, for what could not be saved, in this process. */
import {
  asDStreamError,
  isNewer,
  type Clock,
  type Log,
  type Progress,
  type SessionLock,
} from '@dstream/core';
import { retry, type RetryOptions } from '@dstream/async';
import type { SessionDeduplicator } from './deduplicator.ts';
import type { ProcessorMetrics } from './processor-metrics.ts';

/** Options of a `SessionState`. */
export interface SessionStateOptions {
  readonly lock: SessionLock;
  readonly deduplicator: SessionDeduplicator;
  readonly unsaved: UnsavedProgress;
  readonly retrying: RetryOptions;
  readonly metrics: Pick<ProcessorMetrics, 'stateSaves'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Loads and saves it. It is written after the settlement: it may be older than what is settled, never newer. */
export class SessionState {
  readonly #options: SessionStateOptions;
  #loaded = false;
  #saved: Progress | undefined;
  #savedAtMs = 0;

  constructor(options: SessionStateOptions) {
    this.#options = options;
  }

  async load(signal: AbortSignal): Promise<void> {
    const { lock, deduplicator, unsaved, retrying, clock } = this.#options;
    this.#saved = await retry(() => lock.load(), signal, retrying);
    deduplicator.resume(this.#saved, unsaved.of(lock.id));
    this.#savedAtMs = clock.monotonicMs();
    this.#loaded = true;
  }

  /** Saves when the last save is so long ago. */
  async saveAfter(intervalMs: number, signal: AbortSignal): Promise<void> {
    if (this.#options.clock.monotonicMs() - this.#savedAtMs >= intervalMs) await this.save(signal);
  }

  /** Nothing to do when nothing was settled since the last save. */
  async save(signal: AbortSignal, retrying = this.#options.retrying): Promise<void> {
    const { lock, deduplicator, metrics, clock } = this.#options;
    const { progress } = deduplicator;
    if (progress === undefined || progress === this.#saved) return;
    await retry(() => lock.save(progress), signal, retrying);
    metrics.stateSaves.inc();
    this.#saved = progress;
    this.#savedAtMs = clock.monotonicMs();
  }

  /** After a failure: saves what was settled before it, for whoever has the session next. Tried once. Never rejects. */
  async saveOnce(signal: AbortSignal): Promise<void> {
    const once = { ...this.#options.retrying, again: () => false };
    await this.save(signal, once).catch((error: unknown) =>
      this.#options.log.warn('could not save session state; some changes may be delivered again', {
        error: asDStreamError(error),
      }),
    );
  }

  /** Called when the hold ends. */
  ended(): void {
    const { lock, deduplicator, unsaved } = this.#options;
    if (this.#loaded) unsaved.remember(lock.id, deduplicator.newest, this.#saved);
  }
}

/**
 * How far sessions were delivered whose hold ended before that was saved: their lock was lost, or the state could not be
 * written. When this process holds such a session again, it does not deliver the same changes again. Bounded: the session
 * that ended first is forgotten first.
 */
export class UnsavedProgress {
  readonly #max: number;
  readonly #sessions = new Map<string, Progress>();

  /** @param max sessions that are remembered */
  constructor(max: number) {
    this.#max = max;
  }

  /** Called when a hold ends: `delivered` is its newest progress, `saved` what the session's state has. */
  remember(id: string, delivered: Progress | undefined, saved: Progress | undefined): void {
    this.#sessions.delete(id);
    if (delivered === undefined || !isNewer(delivered, saved)) return;
    this.#sessions.set(id, delivered);
    if (this.#sessions.size <= this.#max) return;
    const oldest = this.#sessions.keys().next();
    if (oldest.done !== true) this.#sessions.delete(oldest.value);
  }

  of(id: string): Progress | undefined {
    return this.#sessions.get(id);
  }
}
