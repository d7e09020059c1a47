import type { BrokerClock } from './broker-clock.ts';

interface Timer {
  readonly atMs: number;
  readonly run: () => void;
}

/** A clock that stands still until a test moves it. Timers run in order of their time while it moves. */
export class ManualClock implements BrokerClock {
  #nowMs: number;
  #timers: Timer[] = [];

  constructor(startMs = 1_700_000_000_000) {
    this.#nowMs = startMs;
  }

  /** Timers that are still to run. */
  get pending(): number {
    return this.#timers.length;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  setTimer(ms: number, run: () => void): () => void {
    const timer = { atMs: this.#nowMs + Math.max(ms, 0), run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  advance(ms: number): void {
    const end = this.#nowMs + ms;
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#nowMs = next.atMs;
      next.run();
    }
    this.#nowMs = end;
  }

  #next(end: number): Timer | undefined {
    const due = this.#timers.filter((timer) => timer.atMs <= end);
    return due.sort((a, b) => a.atMs - b.atMs)[0];
  }
}
