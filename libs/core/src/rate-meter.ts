import type { Clock } from './context.ts';

interface RateMeterOptions {
  /** Over how long the rate is taken, in milliseconds; 10,000 when not given. */
  readonly windowMs?: number;
}

/** How many slices the window has: what leaves it leaves in steps of a tenth. */
const slices = 10;

/**
 * How many a second, lately. Counts into a fixed number of time slices, so that memory and work stay the same however
 * much is counted. Holds no timer.
 */
export class RateMeter {
  readonly #clock: Clock;
  readonly #sliceMs: number;
  readonly #startMs: number;
  /** By number of slice modulo their count; `#newest` is the number of the one that is counted into. */
  readonly #counts: number[] = Array.from({ length: slices }, () => 0);
  #newest = 0;

  constructor(clock: Clock, { windowMs = 10_000 }: RateMeterOptions = {}) {
    this.#clock = clock;
    this.#sliceMs = windowMs / slices;
    this.#startMs = clock.monotonicMs();
  }

  add(count: number): void {
    this.#moveOn();
    const at = this.#newest % slices;
    this.#counts[at] = (this.#counts[at] ?? 0) + count;
  }

  /** Over the window, or over the time since the start while that is shorter, of which one slice always counts. */
  perSecond(): number {
    this.#moveOn();
    const sinceStartMs = this.#clock.monotonicMs() - this.#startMs;
    const currentMs = sinceStartMs - this.#newest * this.#sliceMs;
    const coveredMs = Math.min(sinceStartMs, (slices - 1) * this.#sliceMs + currentMs);
    const sum = this.#counts.reduce((total, count) => total + count, 0);
    return (sum * 1_000) / Math.max(coveredMs, this.#sliceMs);
  }

  /** Empties the slices that time has passed since the last look. */
  #moveOn(): void {
    const now = Math.floor((this.#clock.monotonicMs() - this.#startMs) / this.#sliceMs);
    const passed = Math.min(now - this.#newest, slices);
    for (let n = 1; n <= passed; n += 1) this.#counts[(this.#newest + n) % slices] = 0;
    this.#newest = now;
  }
}
