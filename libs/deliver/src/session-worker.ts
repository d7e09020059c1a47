/**
 * Works through one session while this process holds it.
 *
 * Loading (its progress) → working (takes all that waits, delivers, settles) ⇄ waiting → closed: idle for long, or draining,
 * or, while other sessions wait for a slot, evicted or held for long: the progress is saved and the session released; a
 * session that waits for an output may be evicted, too, and gives up what it has taken; or
 * lost: another process may have it, nothing is saved, and what was delivered is remembered for when it arrives again.
 * Without sessions one worker has all messages, and stays.
 */
import {
  asDStreamError,
  DStreamError,
  messageMemory,
  type Delivery,
  type Log,
  type SessionLock,
  type StopSignals,
} from '@dstream/core';
import { FailureLog, onAbort, retry, withAny, type RetryOptions } from '@dstream/async';
import { ClockGuard } from './decode-message.ts';
import { IdDeduplicator, OutdatedChangeLog, SessionDeduplicator } from './deduplicator.ts';
import { DeliveryStep } from './delivery-step.ts';
import { MissingMessagesDetector, type MissingMessagesRecord } from './missing-messages.ts';
import type { Outputs } from './outputs.ts';
import type { ProcessorParts } from './processor-parts.ts';
import type { ReplayRecord } from './replay-record.ts';
import { SessionInbox } from './session-inbox.ts';
import type { LimitedSession, SessionLimiter } from './session-limiter.ts';
import { SessionState, type UnsavedProgress } from './session-state.ts';
import { withMessage } from './settle.ts';
import type { TransformMonitor } from './transform-monitor.ts';

/** Parts that all workers of a processor share. */
export interface WorkerOptions {
  readonly parts: ProcessorParts;
  readonly outputs: Outputs;
  readonly transforms: readonly TransformMonitor[];
  readonly stop: StopSignals;
  readonly limiter: SessionLimiter;
  readonly unsaved: UnsavedProgress;
  readonly missing: MissingMessagesRecord;
  readonly replays: ReplayRecord;
}

/** One hold of one session, or all messages where there are no sessions. */
export class SessionWorker implements LimitedSession {
  readonly #options: WorkerOptions;
  readonly #lock: SessionLock | undefined;
  readonly #log: Log;
  readonly #inbox: SessionInbox;
  readonly #deduplicator = new SessionDeduplicator();
  readonly #detector = new MissingMessagesDetector();
  readonly #clockGuard: ClockGuard;
  readonly #step: DeliveryStep;
  readonly #delivering: RetryOptions;
  readonly #state: SessionState | undefined;
  readonly #finished = Promise.withResolvers<void>();
  /** Aborts when it drains or is evicted: nothing is tried again. */
  readonly #leaving = new AbortController();
  /** What it waits for: names of outputs, `transform mine`. */
  readonly #waitsFor = new Set<string>();
  #taken: readonly Delivery[] = [];
  #isEvicted = false;

  /** @param lock undefined for the worker of all messages where there are no sessions */
  constructor(lock: SessionLock | undefined, options: WorkerOptions) {
    const { parts, outputs, transforms, unsaved, missing, replays } = options;
    const { clock, settings, metrics } = parts;
    this.#options = options;
    this.#lock = lock;
    const log = (this.#log = lock === undefined ? parts.log : parts.log.child({ session: lock.id }));
    this.#inbox = new SessionInbox(parts.clock);
    this.#clockGuard = new ClockGuard({ clock, log, toleranceMs: settings.clockToleranceMs });
    this.#step = new DeliveryStep({
      parts,
      outputs,
      transforms,
      session: {
        lock,
        deduplicator: lock === undefined ? new IdDeduplicator(settings.rememberedIds) : this.#deduplicator,
        detector: lock === undefined || settings.onHole === 'ignore' ? undefined : this.#detector,
        log,
        giveUp: this.#leaving.signal,
        waits: (on, waits) => this.#waits(on, waits),
      },
      records: { missing, replays, outdated: new OutdatedChangeLog({ clock, metrics, log }) },
    });
    const again = ({ disposition, code }: DStreamError) =>
      disposition !== 'lost' && code !== 'OutputClosed' && !this.#leaving.signal.aborted;
    this.#delivering = { ...this.#retrying('delivering', again), giveUp: this.#leaving.signal };
    if (lock === undefined) return;
    const retrying = this.#retrying('loading or saving session state', (e) => e.disposition !== 'lost');
    this.#state = new SessionState({
      lock,
      deduplicator: this.#deduplicator,
      unsaved,
      retrying,
      metrics,
      clock,
      log,
    });
  }

  /** Resolves when this worker delivers nothing any more; its session may still be closing. */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  /** The session it works through. */
  get sessionId(): string | undefined {
    return this.#lock?.id;
  }

  push(delivery: Delivery): void {
    this.#inbox.push(delivery);
  }

  evict(): void {
    this.#isEvicted = true;
    this.#leaving.abort(evicted);
    this.#inbox.wake();
  }

  freeSlot(): boolean {
    // A queue that cannot let a session wait keeps its slot.
    if (this.#lock?.wait?.() !== false) return true;
    this.evict();
    return false;
  }

  takeSlot(): void {
    this.#lock?.resume?.();
  }

  /**
   * Resolves when the session is released or lost. Rejects only with what ends the process (OutputClosed).
   * @param before the end of the worker that had the session until it was lost: two never deliver side by side
   */
  async run(before?: Promise<void>): Promise<void> {
    const { limiter, stop } = this.#options;
    const lost = this.#lock === undefined ? [] : [this.#lock.lost];
    const removeListener = onAbort(stop.draining, () => this.#leaving.abort(stop.draining.reason));
    if (this.#lock !== undefined) limiter.enter(this);
    try {
      await before;
      await withAny([stop.aborted, ...lost], (aborted) => this.#work(aborted));
    } catch (caught) {
      const error = asDStreamError(caught);
      if (error.code === 'OutputClosed') throw error;
      if (error.disposition === 'lost') this.#reportLost(error);
      else if (!this.#leaving.signal.aborted) throw error;
    } finally {
      removeListener();
      limiter.leave(this);
      this.#step.ended();
      this.#state?.ended();
      this.#finished.resolve();
      await this.#lock?.close().catch((error: unknown) => this.#reportNotClosed(error));
    }
  }

  async #work(aborted: AbortSignal): Promise<void> {
    await this.#state?.load(aborted);
    this.#detector.loaded(this.#deduplicator.newest);
    try {
      await withAny([this.#options.stop.draining, aborted], (draining) =>
        this.#processUntil(draining, aborted),
      );
    } catch (error) {
      if (!aborted.aborted && asDStreamError(error).disposition !== 'lost')
        await this.#state?.saveOnce(aborted);
      throw error;
    }
    if (!aborted.aborted) await this.#state?.save(aborted);
  }

  async #processUntil(draining: AbortSignal, aborted: AbortSignal): Promise<void> {
    const { limiter, parts } = this.#options;
    const { clock, settings, metrics } = parts;
    const sinceMs = clock.monotonicMs();
    let busyAtMs = sinceMs;
    while (!draining.aborted && !this.#mayLeave(sinceMs, busyAtMs)) {
      const deliveries = await this.#inbox.take(this.#waitMs(), draining);
      metrics.received.inc(deliveries.length);
      if (deliveries.length === 0) limiter.idle(this);
      else if (!draining.aborted) {
        limiter.busy(this);
        await this.#deliver(deliveries, draining, aborted);
        busyAtMs = clock.monotonicMs();
      }
      await this.#state?.saveAfter(settings.stateIntervalMs, aborted);
    }
    // At once: others ask in the same moment whether sessions still wait, and one slot is enough for one that waits.
    limiter.leave(this);
  }

  /** Messages that the clock guard holds until the stop are left unsettled. */
  async #deliver(
    deliveries: readonly Delivery[],
    draining: AbortSignal,
    aborted: AbortSignal,
  ): Promise<void> {
    this.#taken = deliveries;
    const decoded = this.#step.decode(deliveries);
    if (this.#lock !== undefined) await this.#clockGuard.pass(decoded, this.#deduplicator.newest, draining);
    if (draining.aborted) return;
    const failureLog = withMessage(this.#delivering.failureLog, deliveries[0]);
    await retry((signal) => this.#step.run(decoded, signal), aborted, { ...this.#delivering, failureLog });
    this.#taken = [];
    this.#options.limiter.delivered(this);
  }

  /** All outputs of a session wait for the slowest: it waits until none keeps it waiting. */
  #waits(on: string, waits: boolean): void {
    const { limiter } = this.#options;
    if (this.#lock === undefined) return;
    if (waits) {
      this.#waitsFor.add(on);
      const bytes = this.#taken.reduce((sum, { message }) => sum + messageMemory(message.body.length), 0);
      limiter.wait(this, bytes);
      return;
    }
    this.#waitsFor.delete(on);
    if (this.#waitsFor.size === 0 && !this.#leaving.signal.aborted) limiter.resume(this);
  }

  /** First until the session may be evicted, then until what was settled before is to be saved. */
  #waitMs(): number {
    const { limiter, parts } = this.#options;
    const { idleOverLimitMs, stateIntervalMs } = parts.settings;
    const isSettled = this.#lock === undefined || limiter.isIdle(this);
    return isSettled ? stateIntervalMs - idleOverLimitMs : idleOverLimitMs;
  }

  /** Evicted, idle for long, or held for so long that a session that waits should have its turn. */
  #mayLeave(sinceMs: number, busyAtMs: number): boolean {
    if (this.#lock === undefined) return false;
    const { limiter, parts } = this.#options;
    const { clock, settings } = parts;
    const now = clock.monotonicMs();
    const maxHoldMs = limiter.isExceeded ? settings.maxHoldOverLimitMs : settings.maxHoldMs;
    return this.#isEvicted || now - busyAtMs >= settings.idleMs || now - sinceMs >= maxHoldMs;
  }

  #retrying(what: string, again: (error: DStreamError) => boolean): RetryOptions {
    const { parts, stop } = this.#options;
    const failureLog = new FailureLog(what, this.#log, parts.clock);
    return { clock: parts.clock, random: parts.random, failureLog, again, giveUp: stop.draining };
  }

  #reportLost(error: DStreamError): void {
    this.#options.parts.metrics.sessionsLost.inc();
    this.#log.warn('session lost', { reason: error.message });
  }

  #reportNotClosed(error: unknown): void {
    this.#log.warn('could not close session; its lock will expire', { error: asDStreamError(error) });
  }
}

const evicted = new DStreamError('Unexpected', 'the session was released for another one');
