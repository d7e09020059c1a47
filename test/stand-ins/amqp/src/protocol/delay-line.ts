import type { BrokerClock } from './broker-clock.ts';

/** Runs jobs in the order given, each after its delay: without one at once, unless others still wait before it. */
export class DelayLine {
  readonly #clock: BrokerClock;
  readonly #waiting: { readonly atMs: number; readonly job: () => void }[] = [];
  #cancel: (() => void) | undefined;

  constructor(clock: BrokerClock) {
    this.#clock = clock;
  }

  run(delayMs: number, job: () => void): void {
    if (delayMs <= 0 && this.#waiting.length === 0) {
      job();
      return;
    }
    this.#waiting.push({ atMs: this.#clock.nowMs() + delayMs, job });
    this.#arm();
  }

  /** Forgets what waits. */
  close(): void {
    this.#cancel?.();
    this.#waiting.length = 0;
  }

  #arm(): void {
    const [first] = this.#waiting;
    if (first === undefined || this.#cancel !== undefined) return;
    this.#cancel = this.#clock.setTimer(first.atMs - this.#clock.nowMs(), () => this.#fire());
  }

  #fire(): void {
    this.#cancel = undefined;
    const now = this.#clock.nowMs();
    while (this.#waiting[0] !== undefined && this.#waiting[0].atMs <= now) this.#waiting.shift()?.job();
    this.#arm();
  }
}
