/**
 * Judges generations by the clock of this machine, which may be as wrong as any other: it only ever delays.
 *
 * A generation is the time at which a checkpoint was created, by the clock of the store. One that lies ahead of both our
 * clock and the time at which the broker took the message says that a clock is wrong, or that the message is not ours: the
 * session is held, with a warning, until our clock has come that far, and at most `toleranceMs`, so that a person can look.
 * Then it passes: a healthy message must not be lost because of a clock. What the session has settled before is not asked
 * about again.
 */
import type { Clock, Delivery, Log, Progress } from '@dstream/core';
import { pause } from '@dstream/async';
import type { DecodedMessage } from './decode-message.ts';
import { fieldsOf } from './settlement.ts';

/** By which clocks may differ without a word. */
const slackMs = 5_000;

/** How often the clock is looked at while a session is held: somebody may set it right. */
const lookMs = 5_000;

export interface ClockGuardOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Longest time for which a session is held. */
  readonly toleranceMs: number;
}

export class ClockGuard {
  readonly #options: ClockGuardOptions;
  #passed = 0;

  constructor(options: ClockGuardOptions) {
    this.#options = options;
  }

  /** Resolves when the messages may be delivered, or when `until` aborts. @param settled of the session */
  async pass(
    decoded: readonly (DecodedMessage & { readonly delivery: Delivery })[],
    settled: Progress | undefined,
    until: AbortSignal,
  ): Promise<void> {
    this.#passed = Math.max(this.#passed, settled?.generation ?? 0);
    for (const { changes, delivery } of decoded) {
      const generation = changes.reduce((max, { event }) => Math.max(max, event.metadata.generation), 0);
      if (generation <= this.#passed) continue;
      await this.#hold(generation, delivery, until);
      this.#passed = generation;
    }
  }

  async #hold(generation: number, { message }: Delivery, until: AbortSignal): Promise<void> {
    const { clock, log, toleranceMs } = this.#options;
    const aheadMs = () => generation - Math.max(clock.wallMs(), message.enqueuedAtMs);
    if (aheadMs() <= slackMs) return;
    const fields = { ...fieldsOf(message), generation, aheadSeconds: Math.round(aheadMs() / 1_000) };
    log.warn('the generation of a message lies ahead of the clock; holding its session: check the clocks', {
      ...fields,
      atMostSeconds: toleranceMs / 1_000,
    });
    const endMs = clock.monotonicMs() + toleranceMs;
    while (aheadMs() > slackMs && clock.monotonicMs() < endMs && !until.aborted)
      await pause(clock, Math.min(lookMs, endMs - clock.monotonicMs()), until);
    if (aheadMs() > slackMs && !until.aborted)
      log.warn('delivering a message whose generation lies ahead of the clock', fields);
  }
}
