/**
 * Works through one session while this process holds it.
 *
 * Loading (its progress) → working (takes all that waits, delivers, settles) ⇄ waiting → closed: idle for long, or
 * draining: the progress is saved and the session given back; or lost: somebody else has it, nothing is saved.
 * The state may lag behind what is settled, never lead: it is written after, at most `stateIntervalMs` later.
 */
import {
  asDStreamError,
  isNewer,
  RecentIds,
  type Delivery,
  type Progress,
  type SessionHold,
  type StampedEvent,
  type StopSignals,
} from '@dstream/core';
import { Outage, retrying, withAny, type RetryOptions } from '@dstream/runtime';
import { DeliveryQueue } from './delivery-queue.ts';
import type { DeliveryStep, RepeatFilter } from './delivery.ts';
import type { ProcessorParts } from './processor-parts.ts';

export class SessionWorker {
  readonly #parts: ProcessorParts;
  readonly #step: DeliveryStep;
  readonly #hold: SessionHold | undefined;
  readonly #queue: DeliveryQueue;
  readonly #outage: Outage;
  readonly #retry: RetryOptions;
  readonly #recent: RecentIds;
  #progress: Progress | undefined;
  #saved: Progress | undefined;
  #savedAtMs = 0;

  constructor(hold: SessionHold | undefined, step: DeliveryStep, parts: ProcessorParts) {
    this.#hold = hold;
    this.#step = step;
    this.#parts = parts;
    this.#queue = new DeliveryQueue(parts.clock);
    this.#recent = new RecentIds(parts.settings.rememberedIds);
    this.#outage = new Outage('session state', parts.log, parts.clock);
    this.#retry = {
      clock: parts.clock,
      outage: this.#outage,
      again: (error) => error.disposition !== 'lost',
    };
  }

  push(delivery: Delivery): void {
    this.#queue.push(delivery);
  }

  /** Resolves when the session is given back or lost. Rejects only with what ends the process (OutputClosed). */
  async run(stop: StopSignals): Promise<void> {
    const lost = this.#hold === undefined ? [] : [this.#hold.lost];
    try {
      await withAny([stop.aborted, ...lost], (hard) => this.#work(stop.draining, hard));
    } catch (caught) {
      const error = asDStreamError(caught);
      if (error.code === 'OutputClosed') throw error;
      if (error.disposition !== 'lost' && !stop.aborted.aborted) this.#outage.failed(error);
    } finally {
      await this.#hold?.close().catch((error: unknown) => this.#notClosed(error));
    }
  }

  #notClosed(error: unknown): void {
    this.#parts.log.warn('the session could not be closed: its lock ends by itself', {
      error: asDStreamError(error),
    });
  }

  async #work(draining: AbortSignal, hard: AbortSignal): Promise<void> {
    await this.#load(hard);
    await withAny([draining, hard], async (taking) => {
      let idleSinceMs = this.#parts.clock.monotonicMs();
      while (!taking.aborted && !this.#isIdle(idleSinceMs)) {
        const deliveries = await this.#queue.take(this.#parts.settings.stateIntervalMs, taking);
        if (deliveries.length > 0 && !taking.aborted) {
          await this.#deliver(deliveries, hard);
          idleSinceMs = this.#parts.clock.monotonicMs();
        }
        if (this.#stateIsDue()) await this.#save(hard);
      }
    });
    if (!hard.aborted) await this.#save(hard);
  }

  /** Without sessions there is nothing to give back: the worker stays. */
  #isIdle(sinceMs: number): boolean {
    if (this.#hold === undefined) return false;
    return this.#parts.clock.monotonicMs() - sinceMs >= this.#parts.settings.idleMs;
  }

  async #deliver(deliveries: readonly Delivery[], hard: AbortSignal): Promise<void> {
    let newest = this.#progress;
    const isNew: RepeatFilter = (event) => {
      if (this.#hold === undefined) return this.#isUnseen(event);
      if (!isNewer(progressOf(event), newest)) return false;
      newest = progressOf(event);
      return true;
    };
    await this.#step.run(deliveries, isNew, hard);
    this.#progress = newest;
  }

  #isUnseen(event: StampedEvent): boolean {
    if (this.#recent.has(event.metadata.id)) return false;
    this.#recent.add(event.metadata.id);
    return true;
  }

  async #load(signal: AbortSignal): Promise<void> {
    const hold = this.#hold;
    if (hold === undefined) return;
    this.#progress = await retrying(() => hold.load(), signal, {
      clock: this.#parts.clock,
      outage: this.#outage,
    });
    this.#saved = this.#progress;
    this.#savedAtMs = this.#parts.clock.monotonicMs();
  }

  #stateIsDue(): boolean {
    const { clock, settings } = this.#parts;
    return clock.monotonicMs() - this.#savedAtMs >= settings.stateIntervalMs;
  }

  async #save(signal: AbortSignal): Promise<void> {
    const [hold, progress] = [this.#hold, this.#progress];
    if (hold === undefined || progress === undefined || progress === this.#saved) return;
    await retrying(() => hold.save(progress), signal, this.#retry);
    this.#saved = progress;
    this.#savedAtMs = this.#parts.clock.monotonicMs();
  }
}

function progressOf({ metadata }: StampedEvent): Progress {
  return { generation: metadata.generation, position: metadata.position };
}
