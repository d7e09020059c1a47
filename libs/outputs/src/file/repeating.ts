import type { Clock } from '@dstream/core';

/** Does something every `everyMs` from `start` until it is disposed, which waits for the one under way. */
export class Repeating implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #everyMs: number;
  readonly #work: () => Promise<void>;
  readonly #ended = new AbortController();
  #running: Promise<void> | undefined;

  /** @param work never rejects */
  constructor(clock: Clock, everyMs: number, work: () => Promise<void>) {
    this.#clock = clock;
    this.#everyMs = everyMs;
    this.#work = work;
  }

  /** Idempotent. */
  start(): void {
    this.#running ??= this.#repeat(this.#ended.signal);
  }

  async #repeat(ended: AbortSignal): Promise<void> {
    while (await this.#waited(ended)) await this.#work();
  }

  /** False when it has ended. */
  async #waited(ended: AbortSignal): Promise<boolean> {
    try {
      await this.#clock.sleep(this.#everyMs, ended);
      return true;
    } catch (error) {
      if (ended.aborted) return false;
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await this.#running;
  }
}
