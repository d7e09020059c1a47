/** The steps of the start: each is shown while it lasts, and said with its time when it is done. */
import type { Clock } from '@dstream/core';
import { formatDuration } from '@dstream/status';
import type { Screen } from './screen.ts';

export class Startup {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #screen: Pick<Screen, 'say' | 'waiting'>;
  readonly #stop: AbortSignal;

  /** @param stop once it has aborted, a step that ends was cut short: nothing is said of it */
  constructor(clock: Pick<Clock, 'monotonicMs'>, screen: Pick<Screen, 'say' | 'waiting'>, stop: AbortSignal) {
    this.#clock = clock;
    this.#screen = screen;
    this.#stop = stop;
  }

  /** Rejects as `work` does. */
  async step<T>(what: string, work: () => Promise<T>): Promise<T> {
    const startMs = this.#clock.monotonicMs();
    this.#screen.waiting(what);
    try {
      const result = await work();
      if (!this.#stop.aborted)
        this.#screen.say(`${what}: done in ${formatDuration(this.#clock.monotonicMs() - startMs)}`);
      return result;
    } finally {
      this.#screen.waiting(undefined);
    }
  }
}
