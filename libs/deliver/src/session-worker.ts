/**
 * Works through one session while this process holds it.
 *
 * Loading (its progress) → working (takes all that waits, delivers, settles) ⇄ waiting → closed: idle for long, idle
 * for a moment or held for long while others wait for their turn, or draining: the progress is saved and the session given back; or lost:
 * somebody else has it, nothing is saved, and what was delivered is remembered for when it comes again. The state may lag behind what is settled, never lead: it is written after,
 * at most `stateIntervalMs` later. Without sessions there is one worker for all messages, which stays.
 */
import {
  asDStreamError,
  type Delivery,
  type DStreamError,
  type Log,
  type Progress,
  type SessionHold,
  type StopSignals,
} from '@dstream/core';
import { FailureLog, retry, withAny, type RetryOptions } from '@dstream/async';
import { ClockGuard } from './clock-guard.ts';
import { DeliveryQueue } from './delivery-queue.ts';
import { DeliveryStep } from './delivery.ts';
import { HoleWatch, type HoleRecord } from './holes.ts';
import { OutdatedWatch } from './outdated.ts';
import type { Outputs } from './outputs.ts';
import type { Places, Tenant } from './places.ts';
import type { ProcessorParts } from './processor-parts.ts';
import { IdRepeats, SessionRepeats } from './repeats.ts';
import { named } from './settlement.ts';
import type { UnsavedProgress } from './unsaved-progress.ts';

/** What all workers of a processor share. */
export interface WorkerOptions {
  readonly parts: ProcessorParts;
  readonly outputs: Outputs;
  readonly stop: StopSignals;
  readonly places: Places;
  readonly unsaved: UnsavedProgress;
  readonly holes: HoleRecord;
}

export class SessionWorker implements Tenant {
  readonly #parts: ProcessorParts;
  readonly #hold: SessionHold | undefined;
  readonly #stop: StopSignals;
  readonly #places: Places;
  readonly #unsaved: UnsavedProgress;
  readonly #log: Log;
  readonly #queue: DeliveryQueue;
  readonly #step: DeliveryStep;
  readonly #session = new SessionRepeats();
  readonly #holes = new HoleWatch();
  readonly #clockGuard: ClockGuard;
  readonly #delivering: RetryOptions;
  readonly #state: RetryOptions;
  readonly #finished = Promise.withResolvers<void>();
  #loaded = false;
  #saved: Progress | undefined;
  #savedAtMs = 0;
  #givesWay = false;

  /** @param hold undefined for the worker of all messages where there are no sessions */
  constructor(hold: SessionHold | undefined, options: WorkerOptions) {
    const { parts, outputs, stop, places, unsaved } = options;
    this.#places = places;
    this.#unsaved = unsaved;
    this.#hold = hold;
    this.#parts = parts;
    this.#stop = stop;
    this.#log = hold === undefined ? parts.log : parts.log.child({ session: hold.id });
    this.#queue = new DeliveryQueue(parts.clock);
    const repeats = hold === undefined ? new IdRepeats(parts.settings.rememberedIds) : this.#session;
    const { clock, settings } = parts;
    const holes = hold === undefined || settings.onHole === 'ignore' ? undefined : this.#holes;
    const outdated = new OutdatedWatch({ clock, metrics: parts.metrics, log: this.#log });
    const step = { parts, outputs, hold, repeats, holes, record: options.holes, outdated };
    this.#step = new DeliveryStep({ ...step, log: this.#log, giveUp: stop.draining });
    this.#clockGuard = new ClockGuard({ clock, log: this.#log, toleranceMs: settings.clockToleranceMs });
    this.#delivering = this.#retry(
      'delivering',
      (e) => e.disposition !== 'lost' && e.code !== 'OutputClosed',
    );
    this.#state = this.#retry('session state', (e) => e.disposition !== 'lost');
  }

  #retry(what: string, again: (error: DStreamError) => boolean): RetryOptions {
    const { clock, random } = this.#parts;
    return {
      clock,
      random,
      failureLog: new FailureLog(what, this.#log, clock),
      again,
      giveUp: this.#stop.draining,
    };
  }

  push(delivery: Delivery): void {
    this.#queue.push(delivery);
  }

  giveWay(): void {
    this.#givesWay = true;
    this.#queue.wake();
  }

  /** Resolves when this worker delivers nothing any more; its session may still be closing. */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  /** The session it works through. */
  get sessionId(): string | undefined {
    return this.#hold?.id;
  }

  /**
   * Resolves when the session is given back or lost. Rejects only with what ends the process (OutputClosed).
   * @param before the end of the worker that had the session until it was lost: two never deliver side by side
   */
  async run(before?: Promise<void>): Promise<void> {
    const lost = this.#hold === undefined ? [] : [this.#hold.lost];
    if (this.#hold !== undefined) this.#places.enter(this);
    try {
      await before;
      await withAny([this.#stop.aborted, ...lost], (hard) => this.#work(hard));
    } catch (caught) {
      const error = asDStreamError(caught);
      if (error.code === 'OutputClosed') throw error;
      if (error.disposition === 'lost') this.#sayLost(error);
      else if (!this.#stop.draining.aborted) throw error;
    } finally {
      this.#places.leave(this);
      this.#step.ended();
      this.#rememberUnsaved();
      this.#finished.resolve();
      await this.#hold?.close().catch((error: unknown) => this.#notClosed(error));
    }
  }

  #sayLost(error: DStreamError): void {
    this.#parts.metrics.sessionLost();
    this.#log.warn('session lost', { reason: error.message });
  }

  #notClosed(error: unknown): void {
    this.#log.warn('the session could not be closed: its lock ends by itself', {
      error: asDStreamError(error),
    });
  }

  async #work(hard: AbortSignal): Promise<void> {
    await this.#load(hard);
    try {
      await withAny([this.#stop.draining, hard], (taking) => this.#takeUntil(taking, hard));
    } catch (error) {
      if (!hard.aborted && asDStreamError(error).disposition !== 'lost') await this.#saveLast(hard);
      throw error;
    }
    if (!hard.aborted) await this.#save(hard);
  }

  /** What was settled before the work failed: whoever has the session next is to know of it. Tried once. Never rejects. */
  async #saveLast(hard: AbortSignal): Promise<void> {
    const once = { ...this.#state, again: () => false };
    await this.#save(hard, once).catch((error: unknown) =>
      this.#log.warn('could not save the state of the session; some changes may be repeated', {
        error: asDStreamError(error),
      }),
    );
  }

  async #takeUntil(taking: AbortSignal, hard: AbortSignal): Promise<void> {
    const { clock, settings } = this.#parts;
    const sinceMs = clock.monotonicMs();
    let busyAtMs = sinceMs;
    while (!taking.aborted && !this.#mayGo(sinceMs, busyAtMs)) {
      const deliveries = await this.#queue.take(this.#patienceMs(), taking);
      this.#parts.metrics.received(deliveries.length);
      if (deliveries.length === 0) this.#places.idle(this);
      else if (!taking.aborted) {
        this.#places.busy(this);
        await this.#deliver(deliveries, taking, hard);
        busyAtMs = clock.monotonicMs();
      }
      if (clock.monotonicMs() - this.#savedAtMs >= settings.stateIntervalMs) await this.#save(hard);
    }
    // At once: others ask in the same moment whether it is still crowded, and one place is enough for one that waits.
    this.#places.leave(this);
  }

  /** What the clock holds back until the stop is left unsettled. */
  async #deliver(deliveries: readonly Delivery[], taking: AbortSignal, hard: AbortSignal): Promise<void> {
    const decoded = this.#step.decode(deliveries);
    if (this.#hold !== undefined) await this.#clockGuard.pass(decoded, this.#session.newest, taking);
    if (taking.aborted) return;
    const failureLog = named(this.#delivering.failureLog, deliveries[0]);
    await retry((signal) => this.#step.run(decoded, signal), hard, { ...this.#delivering, failureLog });
  }

  /** First until the place may go to another, then until what was settled before is to be saved. */
  #patienceMs(): number {
    const { idleWhenCrowdedMs, stateIntervalMs } = this.#parts.settings;
    const mayStay = this.#hold === undefined || this.#places.isIdle(this);
    return mayStay ? stateIntervalMs - idleWhenCrowdedMs : idleWhenCrowdedMs;
  }

  /** Asked to, idle for long, or held for so long that a session that waits should have its turn. */
  #mayGo(sinceMs: number, busyAtMs: number): boolean {
    if (this.#hold === undefined) return false;
    const { clock, settings } = this.#parts;
    const now = clock.monotonicMs();
    const maxHoldMs = this.#places.isCrowded ? settings.maxHoldWhenCrowdedMs : settings.maxHoldMs;
    return this.#givesWay || now - busyAtMs >= settings.idleMs || now - sinceMs >= maxHoldMs;
  }

  async #load(signal: AbortSignal): Promise<void> {
    const hold = this.#hold;
    if (hold === undefined) return;
    this.#saved = await retry(() => hold.load(), signal, this.#state);
    this.#session.resume(this.#saved, this.#unsaved.of(hold.id));
    this.#holes.loaded(this.#session.newest);
    this.#savedAtMs = this.#parts.clock.monotonicMs();
    this.#loaded = true;
  }

  #rememberUnsaved(): void {
    if (this.#hold === undefined || !this.#loaded) return;
    this.#unsaved.remember(this.#hold.id, this.#session.newest, this.#saved);
  }

  async #save(signal: AbortSignal, options = this.#state): Promise<void> {
    const [hold, { progress }] = [this.#hold, this.#session];
    if (hold === undefined || progress === undefined || progress === this.#saved) return;
    await retry(() => hold.save(progress), signal, options);
    this.#parts.metrics.stateSaved();
    this.#saved = progress;
    this.#savedAtMs = this.#parts.clock.monotonicMs();
  }
}
